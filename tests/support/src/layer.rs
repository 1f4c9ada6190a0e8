//! A layer, and what it does to a request: passed, refused, ended.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Waker};

use http::{Request, Response};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_bearer::bearer::Tickets;
use tower_bearer::keys::SigningKeys;
use tower_bearer::session::SessionsBuilder;
use tower_bearer::store::SessionStore;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{
    AccessTokenClaims, AccessTokenVerifier, BearerAuthLayer, Identity, LoadUser, LoadUserRequest,
    MemoryStore, Secret, Sessions, TokenResponse,
};

use crate::{AUDIENCE, Accounts, ISSUER, Received, bearer, bearer_of, with_authorization};

/// Answers with the subject, or `nobody`.
pub fn hello()
-> impl Service<Request<String>, Response = Response<String>, Error = Infallible, Future: Send>
+ Clone
+ Send {
    service_fn(async |request: Request<String>| {
        let claims = AccessTokenClaims::from_extensions(request.extensions());
        Ok(Response::new(
            claims.map_or("nobody".to_owned(), |claims| claims.subject().to_string()),
        ))
    })
}

/// The layer's response to this `Authorization` header.
pub async fn ask(layer: &BearerAuthLayer, authorization: &str) -> Received {
    send(layer, with_authorization(authorization)).await
}

/// The layer's response to this request, before a handler that answers with the subject.
pub async fn send(layer: &BearerAuthLayer, request: Request<String>) -> Received {
    Received::of(layer.layer(hello()).oneshot(request).await.unwrap()).await
}

/// Asserts that the token passes.
pub async fn assert_passes(verifier: &AccessTokenVerifier, token: &str) {
    verifier
        .verify(token)
        .unwrap_or_else(|error| panic!("{error}: {token}"));
    ask(&BearerAuthLayer::new(verifier.clone()), &bearer(token))
        .await
        .assert_passed("alice");
}

/// Asserts that the token is refused: by the verifier, which says why, and by the layer, which says
/// it on the wire.
pub async fn refused(verifier: &AccessTokenVerifier, token: &str) -> VerifyErrorKind {
    let Err(error) = verifier.verify(token) else {
        panic!("the token passed: {token}")
    };
    let answer = ask(&BearerAuthLayer::new(verifier.clone()), &bearer(token)).await;
    let (status, code, reason) = match error.kind() {
        VerifyErrorKind::TooLarge => (400, "invalid_request", "token_too_large"),
        VerifyErrorKind::Expired => (401, "invalid_token", "token_expired"),
        VerifyErrorKind::ProofNeeded => (401, "invalid_token", "proof_needed"),
        _ => (401, "invalid_token", "token_invalid"),
    };
    answer.assert_refused(status, code, reason);
    error.kind()
}

/// The token as a handler behind the layer sees it, printed with `shown`.
pub async fn show(
    layer: &BearerAuthLayer,
    token: &str,
    shown: fn(&AccessTokenClaims) -> String,
) -> Received {
    let handler = service_fn(move |request: Request<String>| {
        let text = AccessTokenClaims::from_extensions(request.extensions())
            .map(shown)
            .unwrap_or_default();
        async move { Ok(Response::new(text)) }
    });
    Received::read(
        layer
            .layer(handler)
            .oneshot(with_authorization(&bearer(token))),
    )
    .await
}

/// Whether the service would take a request now.
pub fn is_ready<S: Service<Request<String>, Error = Infallible>>(service: &mut S) -> bool {
    service
        .poll_ready(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

/// Sessions that accept every user, in memory.
pub fn sessions_of(tokens: &TestTokens) -> Sessions {
    sessions_in(tokens, MemoryStore::new())
}

/// Sessions that accept every user, in this store.
pub fn sessions_in(tokens: &TestTokens, store: impl SessionStore) -> Sessions {
    let sessions = tokens.sessions(Accounts::everybody(), store);
    sessions.build().unwrap()
}

/// Sessions that accept every user, on one of several processes that share a store and a secret.
pub fn process(tokens: &TestTokens, secret: &Secret, store: impl SessionStore) -> Sessions {
    let sessions = tokens.sessions(Accounts::everybody(), store);
    sessions.secret(secret.clone()).build().unwrap()
}

/// Builds sessions that accept every user, whose tokens have the issuer and the audience of the
/// tests, and are signed with these keys.
pub fn signed_with(
    keys: impl Into<SigningKeys>,
    store: impl SessionStore,
    clock: &ManualClock,
) -> SessionsBuilder {
    Sessions::builder(Accounts::everybody(), store)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .signing_key(keys)
        .secret(Secret::random().unwrap())
        .clock(Arc::new(clock.clone()))
}

/// Tickets at the time of the tokens.
pub fn tickets_of(tokens: &TestTokens) -> Tickets {
    Tickets::new().with_clock(Arc::new(tokens.clock().clone()))
}

/// Begins a session, without credentials.
pub async fn log_in(sessions: &Sessions, subject: &str) -> TokenResponse {
    sessions
        .start(Identity::new(subject))
        .await
        .expect("a session")
}

/// Asserts that the session is over for its access token.
pub async fn assert_ended(layer: &BearerAuthLayer, pair: &TokenResponse) {
    ask(layer, &bearer_of(pair))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

/// A loader that knows every user, and makes the layer wait.
#[derive(Debug)]
pub struct SlowUsers;

impl LoadUser for SlowUsers {
    type User = ();
    type Error = Infallible;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<()>, Infallible> {
        tokio::task::yield_now().await;
        Ok(Some(()))
    }
}
