//! The boundary to cryptography: the two key types that a provider implements.
//!
//! `aws_lc_rs` prepares its keys once. `rust_crypto` prepares HMAC keys once, and otherwise uses
//! the static provider of `jsonwebtoken`, never the process-wide one, which panics when an
//! application turns on another provider than ours. With both features on, `aws_lc_rs` is used.

#[cfg(feature = "aws_lc_rs")]
mod aws_lc;
#[cfg(all(feature = "rust_crypto", not(feature = "aws_lc_rs")))]
mod es512;
#[cfg(all(feature = "rust_crypto", not(feature = "aws_lc_rs")))]
mod hmac_key;
mod public_key;
#[cfg(all(feature = "rust_crypto", not(feature = "aws_lc_rs")))]
mod rust_crypto;

#[cfg(feature = "aws_lc_rs")]
pub(crate) use aws_lc::{Signer, Verifier, rsa_public_key};
pub(crate) use public_key::PublicKey;
#[cfg(all(feature = "rust_crypto", not(feature = "aws_lc_rs")))]
pub(crate) use rust_crypto::{Signer, Verifier, rsa_public_key};
