//! An application's tokens from before: other claims, another key, another `typ` or none.

mod explained;
mod passes;
mod refusals;

use serde::Deserialize;
use serde_json::{Value, json};
use support::{sign_with, verifier};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{LegacyTokens, LegacyUser};
use tower_bearer::{BearerAuthLayer, Grant, KeySet, Scope};

pub(crate) const LEGACY_KEY: &[u8] = b"what the application signed with before";
pub(crate) const JWT: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
pub(crate) const WITHOUT_TYP: &str = r#"{"alg":"HS256"}"#;
const DAYS: u64 = 24 * 3600;

/// The claims of the application's legacy tokens.
#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) user_id: String,
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) is_admin: bool,
}

/// The grant of the application for its legacy tokens.
pub(crate) fn grant(claims: Claims) -> Option<LegacyUser> {
    let scope = Scope::from_static(if claims.is_admin { "admin" } else { "" });
    let grant = Grant::new().with_scope(scope).with_claim("tenant", "acme");
    (claims.kind == "access").then(|| LegacyUser::new(claims.user_id).with_grant(grant))
}

pub(crate) fn legacy_keys() -> KeySet {
    KeySet::from_hmac_secret(Algorithm::Hs256, LEGACY_KEY).unwrap()
}

/// Thirty days from now.
pub(crate) fn until(clock: &ManualClock) -> Timestamp {
    Timestamp::from_secs(clock.now().as_secs() + 30 * DAYS)
}

pub(crate) fn legacy(clock: &ManualClock) -> LegacyTokens {
    LegacyTokens::new(legacy_keys(), until(clock), grant)
}

/// A layer for the tokens of today, and for legacy tokens.
pub(crate) fn layer(clock: &ManualClock) -> BearerAuthLayer {
    BearerAuthLayer::new(verifier(clock)).with_legacy_tokens(legacy(clock))
}

/// The claims of a good one, which ends in an hour.
pub(crate) fn claims(clock: &ManualClock) -> Value {
    json!({ "user_id": "alice", "kind": "access", "exp": clock.now().as_secs() + 3600 })
}

/// A legacy token with these claims.
pub(crate) fn token(claims: &Value) -> String {
    sign_with(LEGACY_KEY, JWT, &claims.to_string())
}
