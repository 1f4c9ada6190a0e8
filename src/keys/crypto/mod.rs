//! The seam to cryptography: two key types that a provider implements, and nothing else.
//!
//! `aws_lc_rs` keeps its keys ready. `rust_crypto` goes through the static provider of
//! `jsonwebtoken`, never through its process-wide one, which panics when an application turns on
//! another provider than ours. With both features on, aws-lc wins.

#[cfg(feature = "aws_lc_rs")]
mod aws_lc;
mod public_key;
#[cfg(all(feature = "rust_crypto", not(feature = "aws_lc_rs")))]
mod rust_crypto;

#[cfg(feature = "aws_lc_rs")]
pub(crate) use aws_lc::{Signer, Verifier, rsa_public_key};
pub(crate) use public_key::PublicKey;
#[cfg(all(feature = "rust_crypto", not(feature = "aws_lc_rs")))]
pub(crate) use rust_crypto::{Signer, Verifier, rsa_public_key};
