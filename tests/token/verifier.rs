//! What a verifier of access tokens accepts and refuses.

mod claims;
mod form;
mod header;
mod scope_claim;
mod untyped_jwt;
