//! The tokens that a verifier accepts and refuses.

mod accepted_scope;
mod bound_tokens;
mod claims;
mod details;
mod explain;
mod form;
mod header;
mod other_claims;
mod required_claims;
mod scope_claim;
mod settings;
mod tenants;
mod untyped_jwt;

use serde_json::Value;
use support::token;
use tower_bearer::AccessTokenVerifier;
use tower_bearer::test_util::ManualClock;

/// A token of the usual issuer with this claim.
fn with(clock: &ManualClock, name: &str, value: Value) -> String {
    let mut claims = support::claims(clock);
    claims[name] = value;
    token(&claims)
}

/// The scope of a good token.
#[track_caller]
fn scope(verifier: &AccessTokenVerifier, token: &str) -> String {
    let claims = verifier.verify(token).expect("a good token");
    claims.scope().to_string()
}
