//! A process that signs tokens, and changes its key.

mod clock;
mod moments;
mod sessions;

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use support::keys::jwk;
use support::{AUDIENCE, ISSUER, Received, ask, segment};
use tower::ServiceExt;
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::endpoint::JwksEndpoint;
use tower_bearer::keys::SigningKeys;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, Identity, SigningKey};

pub(crate) const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 3600 + 300);

pub(crate) struct Server {
    pub(crate) clock: ManualClock,
    pub(crate) keys: SigningKeys,
    pub(crate) signer: AccessTokenSigner,
}

impl Server {
    pub(crate) fn new(key: SigningKey) -> Self {
        Self::at(ManualClock::new(), key)
    }

    /// Another process of the same application, which knows nothing of the first, at the same time.
    pub(crate) fn beside(other: &Self, key: SigningKey) -> Self {
        Self::at(other.clock.clone(), key)
    }

    fn at(clock: ManualClock, key: SigningKey) -> Self {
        let keys = SigningKeys::new(key);
        let signer = AccessTokenSigner::new(ISSUER, AUDIENCE, keys.clone())
            .unwrap()
            .with_clock(Arc::new(clock.clone()));
        Self {
            clock,
            keys,
            signer,
        }
    }

    pub(crate) fn verifier(&self) -> AccessTokenVerifier {
        self.signer.verifier()
    }

    pub(crate) fn sign(&self, lifetime: Duration) -> String {
        self.signer
            .sign(&Identity::new("alice"), &Grant::new(), lifetime)
            .unwrap()
            .secret()
            .to_owned()
    }

    pub(crate) fn ago(&self, ago: Duration) -> Timestamp {
        Timestamp::from_millis(
            self.clock.now().as_millis() - u64::try_from(ago.as_millis()).unwrap(),
        )
    }

    pub(crate) async fn assert_passes(&self, token: &str) {
        self.ask(token).await.assert_passed("alice");
    }

    pub(crate) async fn assert_refused(&self, token: &str) {
        self.ask(token)
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }

    async fn ask(&self, token: &str) -> Received {
        ask(
            &BearerAuthLayer::new(self.verifier()),
            &format!("Bearer {token}"),
        )
        .await
    }
}

/// The names of the keys that an endpoint shows.
pub(crate) async fn published(endpoint: &JwksEndpoint) -> Vec<String> {
    let answer = Received::of(
        endpoint
            .clone()
            .oneshot(Request::new(String::new()))
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(answer.status, 200);
    let set = answer.json();
    let keys = set["keys"].as_array().unwrap().iter();
    keys.inspect(|key| assert_ne!(key["kty"], "oct"))
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

/// The name of a key.
pub(crate) fn kid(key: &SigningKey) -> String {
    jwk(&key.key_set())["kid"].as_str().unwrap().to_owned()
}

/// The name of the key that signed a token.
pub(crate) fn kid_of(token: &str) -> String {
    segment(token, 0)["kid"].as_str().unwrap().to_owned()
}
