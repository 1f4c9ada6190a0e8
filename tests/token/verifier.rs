//! What a verifier of access tokens accepts and refuses.

mod accepted_scope;
mod bound_tokens;
mod claims;
mod form;
mod header;
mod scope_claim;
mod settings;
mod untyped_jwt;
