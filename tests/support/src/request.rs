//! What the tests of the request flow share: a service to protect, tokens made by hand, and refusals read back.

use std::convert::Infallible;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sha2::Sha256;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_bearer::test_util::ManualClock;
use tower_bearer::{
    AccessTokenClaims, AccessTokenVerifier, Algorithm, Authenticate, BearerAuthLayer, Clock, Grant, KeySet, LoadUser,
    NoCredentials, Session, Sessions, TokenResponse, VerifyErrorKind,
};

pub const ISSUER: &str = "https://issuer.test";
pub const AUDIENCE: &str = "test";
/// Known to the tests, so that they can sign what no signer of ours would.
pub const HMAC_KEY: &[u8] = b"Vw7pQ2sX9zL4nB8mK1cR6tY3hJ5fD0gA";
/// The header of a good token.
pub const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;

/// A verifier that knows only [`HMAC_KEY`], at the time of `clock`.
pub fn verifier(clock: &ManualClock) -> AccessTokenVerifier {
    let keys = KeySet::from_hmac_secret(Algorithm::Hs256, HMAC_KEY).unwrap();
    verifier_with(keys, clock)
}

pub fn verifier_with(keys: KeySet, clock: &ManualClock) -> AccessTokenVerifier {
    AccessTokenVerifier::new(ISSUER, AUDIENCE, keys).unwrap().with_clock(Arc::new(clock.clone()))
}

/// The claims of a good token that ends in five minutes.
pub fn claims(clock: &ManualClock) -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": clock.now().as_secs() + 300 })
}

/// Changes one claim; `Value::Null` takes it out.
pub fn claims_with(clock: &ManualClock, name: &str, value: Value) -> Value {
    let mut claims = claims(clock);
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

/// Signs any text by HS256, whatever it says.
pub fn sign_with(key: &[u8], header: &str, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let tag = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(&message).finalize().into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The same by [`HMAC_KEY`].
pub fn sign(header: &str, payload: &str) -> String {
    sign_with(HMAC_KEY, header, payload)
}

/// A token with the usual header and these claims.
pub fn token(claims: &Value) -> String {
    sign(HEADER, &claims.to_string())
}

/// One segment of a token, decoded.
pub fn segment(token: &str, index: usize) -> Value {
    let segment = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segment).unwrap()).unwrap()
}

/// Answers with the subject, or `nobody`.
pub fn hello() -> impl Service<Request<String>, Response = Response<String>, Error = Infallible, Future: Send> + Clone + Send {
    service_fn(async |request: Request<String>| {
        let claims = AccessTokenClaims::from_extensions(request.extensions());
        Ok(Response::new(claims.map_or("nobody".to_owned(), |claims| claims.subject().to_string())))
    })
}

/// A request with this `Authorization` header.
pub fn with_authorization(value: &str) -> Request<String> {
    Request::builder().header(AUTHORIZATION, value).body(String::new()).unwrap()
}

pub fn without_token() -> Request<String> {
    Request::new(String::new())
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub async fn of<B>(response: Response<B>) -> Self
    where
        B: http_body::Body,
        B::Error: std::fmt::Debug,
    {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn challenge(&self) -> Option<&str> {
        assert!(self.headers.get_all(WWW_AUTHENTICATE).iter().count() <= 1);
        self.headers.get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn assert_passed(&self, body: &str) {
        assert_eq!((self.status, self.challenge(), &*self.body), (200, None, body));
    }

    /// Asserts status, challenge and body of a refusal of RFC 6750 section 3.1.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, error: &str, reason: &str) {
        assert_eq!(self.status, status, "{self:?}");
        let challenge = self.challenge().expect("a refusal with a challenge");
        let said = challenge.strip_prefix("Bearer ").expect("the scheme").split(", ");
        assert!(said.into_iter().any(|parameter| parameter == format!("error=\"{error}\"")), "{challenge}");
        self.assert_body(error, reason);
    }

    /// Asserts that no credentials were sent, and that nobody says more than that.
    #[track_caller]
    pub fn assert_token_missing(&self) {
        assert_eq!((self.status, self.challenge()), (401, Some("Bearer")));
        self.assert_body("unauthorized", "token_missing");
    }

    /// Asserts that the server is at fault: no challenge, for other credentials would not help.
    #[track_caller]
    pub fn assert_failed(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.challenge()), (status, None), "{self:?}");
        assert_eq!(self.json()["error"], error);
        assert_eq!(self.headers.contains_key(RETRY_AFTER), status == 503);
    }

    #[track_caller]
    fn assert_body(&self, error: &str, reason: &str) {
        assert_eq!(self.headers["content-type"], "application/json");
        let body = self.json();
        assert_eq!((&body["error"], &body["reason"]), (&json!(error), &json!(reason)));
        assert!(body["error_description"].as_str().is_some_and(|text| !text.is_empty()));
    }
}

/// What the layer answers to this `Authorization` header.
pub async fn ask(layer: &BearerAuthLayer, authorization: &str) -> Answer {
    send(layer, with_authorization(authorization)).await
}

pub async fn send(layer: &BearerAuthLayer, request: Request<String>) -> Answer {
    Answer::of(layer.layer(hello()).oneshot(request).await.unwrap()).await
}

/// Asserts that the token passes.
pub async fn assert_passes(verifier: &AccessTokenVerifier, token: &str) {
    verifier.verify(token).unwrap_or_else(|error| panic!("{error}: {token}"));
    ask(&BearerAuthLayer::new(verifier.clone()), &format!("Bearer {token}")).await.assert_passed("alice");
}

/// Asserts that the token is refused: by the verifier, which says why, and by the layer, which says it on the wire.
pub async fn refused(verifier: &AccessTokenVerifier, token: &str) -> VerifyErrorKind {
    let Err(error) = verifier.verify(token) else { panic!("the token passed: {token}") };
    let answer = ask(&BearerAuthLayer::new(verifier.clone()), &format!("Bearer {token}")).await;
    let reason = if error.kind() == VerifyErrorKind::Expired { "token_expired" } else { "token_invalid" };
    answer.assert_refused(401, "invalid_token", reason);
    error.kind()
}

/// Knows everybody, and grants nothing but the name.
#[derive(Debug)]
pub struct Accounts;

impl Authenticate for Accounts {
    type Credentials = NoCredentials;
    type Error = Infallible;

    async fn authenticate(&self, never: NoCredentials) -> Result<Option<Grant>, Infallible> {
        match never {}
    }

    async fn renew(&self, session: &Session) -> Result<Option<Grant>, Infallible> {
        Ok(Some(Grant::new(session.subject().clone())))
    }
}

pub async fn log_in(sessions: &Sessions<Accounts>, subject: &str) -> TokenResponse {
    sessions.start(Grant::new(subject), None).await.expect("a session")
}

pub fn bearer(pair: &TokenResponse) -> String {
    format!("Bearer {}", pair.access_token().secret())
}

pub async fn assert_ended(layer: &BearerAuthLayer, pair: &TokenResponse) {
    ask(layer, &bearer(pair)).await.assert_refused(401, "invalid_token", "session_revoked");
}

/// Knows everybody, and makes the layer wait for it.
pub struct SlowUsers;

impl LoadUser for SlowUsers {
    type User = ();
    type Error = Infallible;

    async fn load_user(&self, _: &AccessTokenClaims) -> Result<Option<()>, Infallible> {
        tokio::task::yield_now().await;
        Ok(Some(()))
    }
}
