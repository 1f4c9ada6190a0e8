//! [`Login`]: the login flow of one application, over HTTP.

use std::convert::Infallible;

use axum::body::Body;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::session::SessionsBuilder;
use tower_bearer::store::{Session, SessionStore};
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{AuthEndpoints, MemoryStore, Secret, SessionPolicy, Sessions};

use crate::{Accounts, FailingStore, Received, Tokens, bearer, claims_of, form};

/// One server of the login flow, and a client of it.
#[derive(Debug)]
pub struct Login {
    /// Its users.
    pub accounts: Accounts,
    /// The store of its sessions.
    pub store: FailingStore,
    /// The clock of all parts.
    pub clock: ManualClock,
    /// The sessions behind its endpoints and its layer.
    pub sessions: Sessions,
    tokens: TestTokens,
    secret: Secret,
}

impl Login {
    /// An application with the defaults.
    pub fn new() -> Self {
        Self::with_policy(SessionPolicy::default())
    }

    /// An application with another policy.
    pub fn with_policy(policy: SessionPolicy) -> Self {
        Self::over(MemoryStore::new(), policy)
    }

    /// Over a store, which [`Login::store`] hands everything on to.
    pub fn over(store: impl SessionStore, policy: SessionPolicy) -> Self {
        Self::built(store, |sessions| sessions.policy(policy))
    }

    /// An application with other settings.
    pub fn built(
        store: impl SessionStore,
        settings: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
    ) -> Self {
        let (accounts, store, clock) = (
            Accounts::new(),
            FailingStore::new(store),
            ManualClock::new(),
        );
        let tokens = TestTokens::with_clock(clock.clone());
        let secret = Secret::random().unwrap();
        let sessions = tokens
            .sessions(accounts.clone(), store.clone())
            .secret(secret.clone());
        let sessions = settings(sessions).build().unwrap();
        Self {
            accounts,
            store,
            clock,
            sessions,
            tokens,
            secret,
        }
    }

    /// Another process of the same application, or the same one after a restart: same users, store,
    /// keys and clock.
    pub fn restarted(&self) -> Self {
        let (accounts, store, clock) = (
            self.accounts.clone(),
            self.store.clone(),
            self.clock.clone(),
        );
        let (tokens, secret) = (self.tokens.clone(), self.secret.clone());
        let sessions = tokens
            .sessions(accounts.clone(), store.clone())
            .secret(secret.clone())
            .build()
            .unwrap();
        Self {
            accounts,
            store,
            clock,
            sessions,
            tokens,
            secret,
        }
    }

    /// Its endpoints, at the root.
    pub fn endpoints(&self) -> AuthEndpoints {
        self.sessions.endpoints()
    }

    /// The response of the endpoints, which must never be stored.
    pub async fn send(&self, request: Request<Body>) -> Received {
        let answer = Received::read(self.endpoints().oneshot(request)).await;
        answer.assert_not_stored();
        answer
    }

    /// The same, to a form.
    pub async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Received {
        self.send(form(path, parameters)).await
    }

    /// Logs `alice` or `bob` in.
    pub async fn log_in(&self, name: &str) -> Tokens {
        let password = self.accounts.password_of(name);
        self.post("/login", &[("username", name), ("password", &password)])
            .await
            .tokens()
    }

    /// The response of `POST /refresh`.
    pub async fn refresh(&self, token: &str) -> Received {
        self.post("/refresh", &[("refresh_token", token)]).await
    }

    /// `POST /logout`, which always succeeds.
    pub async fn log_out(&self, token: &str) {
        let answer = self.post("/logout", &[("token", token)]).await;
        assert_eq!((answer.status, &*answer.body), (200, "{}"));
    }

    /// A request to the application, whose handler answers 200.
    pub async fn me(&self, access_token: &str) -> Received {
        self.me_answered(access_token, StatusCode::OK).await
    }

    /// A request to the application, whose handler answers `status`.
    pub async fn me_answered(&self, access_token: &str, status: StatusCode) -> Received {
        let handler = service_fn(move |_: Request<Body>| async move {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        });
        let request = Request::get("/me")
            .header(AUTHORIZATION, bearer(access_token))
            .body(Body::empty())
            .unwrap();
        Received::read(self.sessions.layer().layer(handler).oneshot(request)).await
    }

    /// The client uses an access token, and the store hears of it.
    pub async fn confirm(&self, tokens: &Tokens) {
        assert_eq!(self.me(&tokens.access).await.status, 200);
        self.sessions.flush().await.unwrap();
    }

    /// The row that the tokens' session has in the store.
    pub async fn row(&self, tokens: &Tokens) -> Session {
        let claims = claims_of(&tokens.access);
        self.store
            .inner()
            .find(&claims["sid"].as_str().unwrap().parse().unwrap())
            .await
            .unwrap()
            .unwrap()
    }
}
