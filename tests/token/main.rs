//! Tokens and keys: what is signed, what is verified, and what is never shown.

mod cache;
mod claims;
mod early_refusals;
mod key_refusals;
mod key_ring;
mod keys;
mod legacy;
mod many_keys;
mod names;
mod private_pem;
mod redaction;
mod rotation;
mod secret;
mod secret_copies;
mod several_issuers;
mod shared_key_set;
mod signer;
mod verifier;
mod wide_keys;
