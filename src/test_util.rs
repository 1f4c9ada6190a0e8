//! [`TestTokens`] makes access tokens for tests, and [`ManualClock`] is a clock that tests move.
//!
//! ```
//! use axum::{Router, body::Body, http::Request, routing::get};
//! use tower::ServiceExt;
//! use tower_bearer::test_util::TestTokens;
//! use tower_bearer::{BearerAuthLayer, CurrentUser};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tokens = TestTokens::new();
//! let app = Router::new()
//!     .route("/me", get(async |CurrentUser(claims): CurrentUser| claims.subject().to_string()))
//!     .route_layer(BearerAuthLayer::new(tokens.verifier()));
//!
//! let request = Request::get("/me")
//!     .header("authorization", tokens.bearer("alice"))
//!     .body(Body::empty())?;
//! assert_eq!(app.oneshot(request).await?.status(), 200);
//! # Ok(())
//! # }
//! ```

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::keys::{AccessToken, Secret, SigningKey};
use crate::names::{IntoScope, Subject};
use crate::session::{Authenticate, Sessions, SessionsBuilder};
use crate::store::SessionStore;
use crate::token::{AccessTokenClaims, AccessTokenSigner, AccessTokenVerifier, Grant, Identity};

/// Makes access tokens for any subject, scope and claims, and a verifier that accepts them.
///
/// It is for unit tests of an application's routes. Every instance has its own key, so it accepts
/// only the tokens that it has made. The tokens belong to no session.
#[derive(Clone, Debug)]
pub struct TestTokens {
    signer: AccessTokenSigner,
    clock: ManualClock,
}

impl TestTokens {
    /// Makes tokens of the issuer `https://issuer.test` for the audience `test`, at the time of a
    /// new [`ManualClock`].
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(ManualClock::new())
    }

    /// Makes tokens at the time of `clock`.
    ///
    /// # Panics
    ///
    /// The operating system has no randomness.
    #[must_use]
    pub fn with_clock(clock: ManualClock) -> Self {
        let key = Secret::random().and_then(|secret| SigningKey::hs256(&secret));
        let signer =
            key.and_then(|key| AccessTokenSigner::new("https://issuer.test", AUDIENCE, key));
        let signer = signer.expect("the names are not empty, and there is randomness");
        Self {
            signer: signer.with_clock(Arc::new(clock.clone())),
            clock,
        }
    }

    /// Returns the clock of these tokens.
    #[must_use]
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Builds [`Sessions`] with the issuer, the audience, the key and the clock of these tokens,
    /// and with a new secret. Use them to test an application's routes together with its login.
    ///
    /// # Panics
    ///
    /// The operating system has no randomness.
    pub fn sessions(
        &self,
        accounts: impl Authenticate,
        store: impl SessionStore,
    ) -> SessionsBuilder {
        Sessions::builder(accounts, store)
            .issuer(self.signer.issuer().as_str())
            .audience(self.signer.audience().as_str())
            .signing_key(self.signer.signing_keys())
            .secret(Secret::random().expect("there is randomness"))
            .clock(Arc::new(self.clock.clone()))
    }

    /// Returns the signer, which makes tokens that belong to no session.
    #[must_use]
    pub fn signer(&self) -> AccessTokenSigner {
        self.signer.clone()
    }

    /// Returns a verifier that accepts these tokens, for
    /// [`BearerAuthLayer::new`](crate::BearerAuthLayer::new).
    #[must_use]
    pub fn verifier(&self) -> AccessTokenVerifier {
        self.signer.verifier()
    }

    /// Makes a token for this user with this grant. It expires after `lifetime`.
    ///
    /// # Panics
    ///
    /// The grant is invalid: see [`Grant::with_claim`].
    #[must_use]
    pub fn token(&self, identity: &Identity, grant: &Grant, lifetime: Duration) -> AccessToken {
        self.signer
            .sign(identity, grant, lifetime)
            .expect("the grant can be made into a token")
    }

    /// Returns the verified claims of such a token that lives for half an hour. Use them in a unit
    /// test that calls a handler.
    ///
    /// ```
    /// use tower_bearer::test_util::TestTokens;
    /// use tower_bearer::{CurrentUser, Grant, Identity};
    ///
    /// async fn me(CurrentUser(claims): CurrentUser) -> String {
    ///     claims.subject().to_string()
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let claims = TestTokens::new().claims(&Identity::new("alice"), &Grant::new());
    /// assert_eq!(me(CurrentUser(claims)).await, "alice");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// The grant is invalid: see [`Grant::with_claim`].
    #[must_use]
    pub fn claims(&self, identity: &Identity, grant: &Grant) -> AccessTokenClaims {
        let token = self.token(identity, grant, HALF_AN_HOUR);
        let claims = self.verifier().verify(token.secret());
        claims.expect("its own verifier accepts it")
    }

    /// Returns the value of an `Authorization` header for this subject. The token lives for half an
    /// hour.
    #[must_use]
    pub fn bearer(&self, subject: impl Into<Subject>) -> String {
        self.bearer_for(&Identity::new(subject), &Grant::new())
    }

    /// Returns the same as [`bearer`](Self::bearer), with a scope.
    #[must_use]
    pub fn bearer_with_scope(&self, subject: impl Into<Subject>, scope: impl IntoScope) -> String {
        self.bearer_for(&Identity::new(subject), &Grant::new().with_scope(scope))
    }

    /// Returns the same as [`bearer`](Self::bearer), for any user and grant.
    ///
    /// # Panics
    ///
    /// The grant is invalid: see [`Grant::with_claim`].
    #[must_use]
    pub fn bearer_for(&self, identity: &Identity, grant: &Grant) -> String {
        format!(
            "Bearer {}",
            self.token(identity, grant, HALF_AN_HOUR).secret()
        )
    }

    /// Returns the same as [`bearer`](Self::bearer), with a token that expired an hour ago.
    #[must_use]
    pub fn expired_bearer(&self, subject: impl Into<Subject>) -> String {
        let an_hour_ago =
            Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(3_600_000));
        let signer = self
            .signer
            .clone()
            .with_clock(Arc::new(ManualClock::at(an_hour_ago)));
        let token = signer
            .sign(&Identity::new(subject), &Grant::new(), Duration::ZERO)
            .expect("the grant can be made into a token");
        format!("Bearer {}", token.secret())
    }
}

impl Default for TestTokens {
    fn default() -> Self {
        Self::new()
    }
}

/// A clock that moves only when a test moves it. Clones share the same clock.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::clock::Clock;
/// use tower_bearer::test_util::ManualClock;
///
/// let clock = ManualClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), before + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Time>>);

#[derive(Debug)]
struct Time {
    now: Timestamp,
    monotonic: Duration,
}

impl ManualClock {
    /// Makes a clock at 2026-01-01 00:00:00 UTC.
    #[must_use]
    pub fn new() -> Self {
        Self::at(Timestamp::from_secs(1_767_225_600))
    }

    /// Makes a clock at this moment.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Time {
            now,
            monotonic: Duration::ZERO,
        })))
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let mut time = self.time();
        time.now = time.now + duration;
        time.monotonic += duration;
    }

    /// Sets the time of day, as an administrator would. The monotonic time does not change.
    pub fn jump(&self, now: Timestamp) {
        self.time().now = now;
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.time().now
    }

    fn monotonic(&self) -> Duration {
        self.time().monotonic
    }
}

const AUDIENCE: &str = "test";
const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);
