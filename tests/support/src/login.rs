//! What the tests of the login flow share: accounts that can change, a client, and (in `store.rs`) a store that can fail.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{
    AccessTokenSigner, AuthEndpoints, Authenticate, BoxError, Grant, MemoryStore, PasswordCredentials, Scope, Secret, Session,
    SessionPolicy, SessionStore, Sessions,
};

pub use crate::store::{FailingStore, Outage};

pub const MINUTE: Duration = Duration::from_secs(60);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(24 * 3600);
pub const SECOND: Duration = Duration::from_secs(1);

type Happening = Box<dyn FnOnce(&Accounts) + Send>;

/// A users table in memory. Clones are the same table.
#[derive(Clone)]
pub struct Accounts(Arc<Mutex<Table>>);

struct Table {
    accounts: HashMap<String, Account>,
    /// Which of the two questions cannot be answered now.
    down: Option<&'static str>,
    when_authenticated: Option<Happening>,
    yields: bool,
    renewals: usize,
}

#[derive(Clone)]
pub struct Account {
    pub password: String,
    pub scope: &'static str,
    pub stamp: u32,
    pub enabled: bool,
    pub receipts: bool,
}

impl Accounts {
    fn new() -> Self {
        let account =
            |password: &str| Account { password: password.to_owned(), scope: "", stamp: 1, enabled: true, receipts: true };
        let accounts = [("alice".to_owned(), account("wonderland-7")), ("bob".to_owned(), account("builder-8"))].into();
        Self(Arc::new(Mutex::new(Table { accounts, down: None, when_authenticated: None, yields: false, renewals: 0 })))
    }

    pub fn change(&self, name: &str, change: impl FnOnce(&mut Account)) {
        change(self.0.lock().unwrap().accounts.get_mut(name).unwrap());
    }

    /// `authenticate` or `renew` fails until it is `None` again.
    pub fn set_down(&self, question: Option<&'static str>) {
        self.0.lock().unwrap().down = question;
    }

    /// What happens between a good password and the rest of the login.
    pub fn when_authenticated(&self, happens: impl FnOnce(&Self) + Send + 'static) {
        self.0.lock().unwrap().when_authenticated = Some(Box::new(happens));
    }

    /// `renew` waits once before it answers.
    pub fn yield_everywhere(&self) {
        self.0.lock().unwrap().yields = true;
    }

    pub fn renewals(&self) -> usize {
        self.0.lock().unwrap().renewals
    }

    fn grant(&self, name: &str, question: &'static str) -> Result<Option<(Account, Grant)>, BoxError> {
        let table = self.0.lock().unwrap();
        if table.down == Some(question) {
            return Err("the users cannot be asked".into());
        }
        let account = table.accounts.get(name).filter(|account| account.enabled).cloned();
        Ok(account.map(|account| {
            let grant = Grant::new(name).with_scope(Scope::from_static(account.scope)).with_stamp(account.stamp.to_string());
            let grant = if account.receipts { grant } else { grant.without_receipts() };
            (account, grant)
        }))
    }
}

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, credentials: PasswordCredentials) -> Result<Option<Grant>, BoxError> {
        let known = self.grant(credentials.username(), "authenticate")?;
        let right = known.filter(|(account, _)| account.password == credentials.password());
        let happens = self.0.lock().unwrap().when_authenticated.take();
        if let Some(happens) = happens {
            happens(self);
        }
        Ok(right.map(|(_, grant)| grant))
    }

    async fn renew(&self, session: &Session) -> Result<Option<Grant>, BoxError> {
        let yields = {
            let mut table = self.0.lock().unwrap();
            table.renewals += 1;
            table.yields
        };
        if yields {
            tokio::task::yield_now().await;
        }
        Ok(self.grant(session.subject().as_str(), "renew")?.map(|(_, grant)| grant))
    }
}

/// One server of the login flow, and a client of it.
pub struct Login {
    pub accounts: Accounts,
    pub store: FailingStore,
    pub clock: ManualClock,
    pub sessions: Sessions<Accounts>,
    signer: AccessTokenSigner,
    secret: Secret,
}

impl Login {
    pub fn new() -> Self {
        Self::with_policy(SessionPolicy::default())
    }

    pub fn with_policy(policy: SessionPolicy) -> Self {
        Self::over(MemoryStore::new(), policy)
    }

    pub fn over(store: impl SessionStore, policy: SessionPolicy) -> Self {
        let (accounts, store, clock) = (Accounts::new(), FailingStore::new(store), ManualClock::new());
        let signer = TestTokens::with_clock(clock.clone()).signer();
        let secret = Secret::random().unwrap();
        let sessions = Sessions::new(accounts.clone(), store.clone(), signer.clone(), &secret).with_policy(policy);
        Self { accounts, store, clock, sessions, signer, secret }
    }

    /// Another process of the same application, or the same one after a restart: same users, store, keys and clock.
    pub fn restarted(&self) -> Self {
        let (accounts, store, clock) = (self.accounts.clone(), self.store.clone(), self.clock.clone());
        let sessions = Sessions::new(accounts.clone(), store.clone(), self.signer.clone(), &self.secret);
        Self { accounts, store, clock, sessions, signer: self.signer.clone(), secret: self.secret.clone() }
    }

    pub fn endpoints(&self) -> AuthEndpoints<Accounts> {
        AuthEndpoints::new(self.sessions.clone())
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = Answer::read(self.endpoints().oneshot(request)).await;
        answer.assert_not_stored();
        answer
    }

    pub async fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Answer {
        self.send(form(path, parameters)).await
    }

    /// Logs `alice` or `bob` in.
    pub async fn log_in(&self, name: &str) -> Tokens {
        let password = self.accounts.0.lock().unwrap().accounts[name].password.clone();
        self.post("/login", &[("username", name), ("password", &password)]).await.tokens()
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/refresh", &[("refresh_token", token)]).await
    }

    pub async fn log_out(&self, token: &str) {
        let answer = self.post("/logout", &[("token", token)]).await;
        assert_eq!((answer.status, &answer.body[..]), (StatusCode::OK, &b"{}"[..]));
    }

    /// A request to the application, whose handler answers 200.
    pub async fn me(&self, access_token: &str) -> Answer {
        self.me_answered(access_token, StatusCode::OK).await
    }

    /// A request to the application, whose handler answers `status`.
    pub async fn me_answered(&self, access_token: &str, status: StatusCode) -> Answer {
        let handler = service_fn(move |_: Request<Body>| async move {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            Ok::<_, Infallible>(response)
        });
        let request = Request::get("/me").header(AUTHORIZATION, bearer(access_token)).body(Body::empty()).unwrap();
        Answer::read(self.sessions.layer().layer(handler).oneshot(request)).await
    }

    /// The client uses an access token, and the store hears of it.
    pub async fn confirm(&self, tokens: &Tokens) {
        assert_eq!(self.me(&tokens.access).await.status, StatusCode::OK);
        self.sessions.flush().await.unwrap();
    }

    /// The row that the tokens' session has in the store.
    pub async fn row(&self, tokens: &Tokens) -> Session {
        let claims = claims_of(&tokens.access);
        self.store.inner().find(&claims["sid"].as_str().unwrap().parse().unwrap()).await.unwrap().unwrap()
    }
}

/// What a login or a refresh answered.
#[derive(Clone)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    pub body: Value,
}

/// An answer, read to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub async fn read<B>(response: impl Future<Output = Result<Response<B>, Infallible>>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: std::fmt::Debug>,
    {
        let (parts, body) = response.await.unwrap().into_parts();
        Self { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
    }

    pub fn json(&self) -> Value {
        assert_eq!(self.headers[CONTENT_TYPE], "application/json", "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn tokens(&self) -> Tokens {
        assert_eq!(self.status, StatusCode::OK, "{self:?}");
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Tokens { access: text("access_token"), refresh: text("refresh_token"), body }
    }

    pub fn assert_not_stored(&self) {
        assert_eq!(self.headers[CACHE_CONTROL], "no-store", "{self:?}");
        assert_eq!(self.headers[PRAGMA], "no-cache", "{self:?}");
    }

    /// Status, the headers that go with it and no others, `error`, and `reason` or none.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, error: &str, reason: Option<&str>) {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.json();
        assert_eq!(body["error"], error, "{body}");
        assert_eq!(body.get("reason").and_then(Value::as_str), reason, "{body}");
        assert_eq!(self.headers.contains_key(RETRY_AFTER), status == 503, "{self:?}");
        assert_eq!(self.headers.contains_key(ALLOW), status == 405, "{self:?}");
        // RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E.
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        for text in [&body["error"], &body["error_description"]] {
            assert!(text.as_str().unwrap().bytes().all(allowed), "{body}");
        }
    }

    /// `400 invalid_grant`, which asks the user to log in again.
    #[track_caller]
    pub fn assert_invalid_grant(&self, reason: &str) {
        self.assert_refused(400, "invalid_grant", Some(reason));
        assert!(!self.headers.contains_key(WWW_AUTHENTICATE), "{self:?}");
    }

    /// 503: the client may try again with what it has.
    #[track_caller]
    pub fn assert_unavailable(&self) {
        self.assert_refused(503, "temporarily_unavailable", None);
        assert!(self.headers[RETRY_AFTER].to_str().unwrap().parse::<u32>().is_ok(), "{self:?}");
        assert!(!self.headers.contains_key(WWW_AUTHENTICATE), "{self:?}");
    }

    /// 401 `invalid_token`, from the layer or from an endpoint that demands an access token.
    #[track_caller]
    pub fn assert_invalid_token(&self, reason: &str) {
        self.assert_refused(401, "invalid_token", Some(reason));
        let challenge = self.headers[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
    }
}

pub fn bearer(access_token: &str) -> String {
    format!("Bearer {access_token}")
}

pub fn form(path: &str, parameters: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(body)).unwrap()
}

pub fn json(path: &str, body: &Value) -> Request<Body> {
    Request::post(path).header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}

/// A request without a body, signed in by an access token.
pub fn signed_in(method: &str, path: &str, access_token: &str) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path);
    builder.header(AUTHORIZATION, bearer(access_token)).body(Body::empty()).unwrap()
}

pub fn with_header(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

/// What an access token says, unchecked.
pub fn claims_of(access_token: &str) -> Value {
    use base64::Engine;
    let payload = access_token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
