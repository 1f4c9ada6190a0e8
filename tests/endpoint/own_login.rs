//! A login handler of the application's own, with a second factor: what it has from the endpoints.

use std::borrow::Cow;
use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::extract::{FromRef, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, RETRY_AFTER, SET_COOKIE};
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::json;
use support::{App, Log, Received, StoreFault, form, json_request, with_header};
use tower::ServiceExt;
use tower_bearer::edge::ClientAddress;
use tower_bearer::session::RequestContext;
use tower_bearer::store::StoreError;
use tower_bearer::{
    AuthEndpoints, CookieDelivery, Identity, Login, LoginCredentials, SessionError, Sessions,
    TokenResponse,
};

use super::shaped::teapot;

/// What the application's own page sends.
#[derive(Deserialize)]
struct WithCode {
    username: String,
    password: String,
    code: Option<u32>,
}

impl LoginCredentials for WithCode {
    fn account(&self) -> Cow<'_, str> {
        (&self.username).into()
    }
}

#[derive(Clone, FromRef)]
struct Own {
    sessions: Sessions,
    endpoints: AuthEndpoints,
}

impl Own {
    async fn check(&self, login: &Login<WithCode>) -> Result<TokenResponse, SessionError> {
        let attempt = self
            .sessions
            .attempt(&login.account(), login.context())
            .await?;
        if login.password != "wonderland-7" {
            return Err(SessionError::invalid_credentials());
        }
        match login.code {
            Some(123_456) => {}
            Some(_) => return Err(SessionError::denied("code_wrong")),
            None => {
                attempt.unfinished().await?;
                let error = SessionError::denied("code_required");
                return Err(error.with_status(StatusCode::UNAUTHORIZED));
            }
        }
        let identity = Identity::new(&*login.username).with_login(login);
        let mark = attempt.succeeded(identity.subject()).await?;
        self.sessions.start(identity.with_device_mark(mark)).await
    }
}

async fn log_in(State(own): State<Own>, login: Login<WithCode>) -> Response {
    let outcome = own.check(&login).await;
    own.endpoints.respond(outcome, &login).into_response()
}

fn own(app: &App, endpoints: AuthEndpoints) -> Router {
    let own = Own {
        sessions: app.sessions.clone(),
        endpoints,
    };
    Router::new().route("/login", any(log_in)).with_state(own)
}

async fn send(router: &Router, request: Request<Body>) -> Received {
    let mut answer = Received::read(router.clone().oneshot(request)).await;
    answer.assert_not_stored();
    // Axum writes it.
    answer.headers.remove(CONTENT_LENGTH);
    answer
}

const CREDENTIALS: &[(&str, &str)] = &[
    ("username", "alice"),
    ("password", "wonderland-7"),
    ("code", "123456"),
];

fn with(more: &[(&str, &str)]) -> Request<Body> {
    form("/login", &[CREDENTIALS, more].concat())
}

fn raw(media_type: &str, body: String) -> Request<Body> {
    let request = Request::post("/login").header(CONTENT_TYPE, media_type);
    request.body(Body::from(body)).unwrap()
}

fn from_own_page(request: Request<Body>) -> Request<Body> {
    with_header(request, "sec-fetch-site", "same-origin")
}

#[tokio::test]
async fn it_answers_as_the_login_endpoint_does() {
    let app = App::new();
    let own = own(&app, app.endpoints());
    let body = json!({ "username": "alice", "password": "wonderland-7", "code": 123_456 });
    for request in [with(&[]), json_request("/login", &body)] {
        let answer = send(&own, request).await;
        let usual = app.log_in().await;
        assert_eq!(answer.status, 200);
        let names = |answer: &Received| support::names(&answer.json()).join(" ");
        assert_eq!(names(&answer), names(&usual));
        assert_eq!(answer.headers, usual.headers);
        app.me(&answer.tokens().access).await.assert_passed("alice");
    }
}

#[tokio::test]
async fn it_refuses_what_the_login_endpoint_refuses_in_the_same_words() {
    let app = App::new();
    let cookies = CookieDelivery::new();
    let endpoints = app.endpoints().with_cookies(cookies);
    let (own, endpoint) = (own(&app, endpoints.clone()), endpoints.login());
    type Case = (u16, fn() -> Request<Body>);
    let refused: [Case; 10] = [
        (405, || Request::get("/login").body(Body::empty()).unwrap()),
        (415, || raw("text/plain", "username=alice".to_owned())),
        (413, || {
            raw("application/json", format!("\"{}\"", "x".repeat(9_000)))
        }),
        (400, || raw("application/json", "{".to_owned())),
        (400, || form("/login?username=alice", CREDENTIALS)),
        (400, || form("/login", &CREDENTIALS[..1])),
        (400, || with(&[("username", "bob")])),
        (400, || with(&[("grant_type", "refresh_token")])),
        (400, || with(&[("delivery", "pigeon")])),
        // Of no page at all.
        (403, || with(&[("delivery", "cookie")])),
    ];
    for (status, request) in refused {
        let answer = send(&own, request()).await;
        let usual = Received::read(endpoint.clone().oneshot(request())).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.status_and_value(), usual.status_and_value());
        assert_eq!(answer.headers, usual.headers);
    }
    // A malformed header, and two cookies, only say which session is not replaced.
    let twice = "__Host-refresh_token=a; __Host-refresh_token=b";
    let cookie = from_own_page(with(&[("delivery", "cookie")]));
    for request in [
        with_header(with(&[]), "authorization", "Bearer a b"),
        with_header(cookie, "cookie", twice),
    ] {
        assert_eq!(send(&own, request).await.status, 200);
    }
    app.sessions
        .log_out_everywhere(&"alice".into())
        .await
        .unwrap();
    // What only the application's own credentials have.
    let fields = [&CREDENTIALS[..2], &[("code", "no")]].concat();
    let answer = send(&own, form("/login", &fields)).await;
    answer.assert_error(400, "invalid_request", None);
    assert!(app.live().await.is_empty());
}

#[tokio::test]
async fn a_second_factor_is_asked_for_with_a_status_and_a_reason_of_its_own() {
    let app = App::new();
    let own = own(&app, app.endpoints());
    let without = send(&own, form("/login", &CREDENTIALS[..2])).await;
    without.assert_error(401, "access_denied", Some("code_required"));
    assert_eq!(without.challenge(), Some("Bearer"));
    let wrong = [&CREDENTIALS[..2], &[("code", "1")]].concat();
    let wrong = send(&own, form("/login", &wrong)).await;
    wrong.assert_error(403, "access_denied", Some("code_wrong"));
    assert!(app.live().await.is_empty());
}

#[tokio::test]
async fn every_refusal_of_the_handler_leaves_one_event_without_the_password() {
    let app = App::new();
    let own = own(&app, app.endpoints());
    let (log, _guard) = Log::capture();
    for (password, code, reason) in [
        ("wrong-password", "123456", "credentials_invalid"),
        ("wonderland-7", "1", "code_wrong"),
    ] {
        let fields = [
            ("username", "alice"),
            ("password", password),
            ("code", code),
        ];
        send(&own, form("/login", &fields)).await;
        let lines = log.take_our_own();
        let [line] = &*lines else { panic!("{lines:?}") };
        assert!(
            line.contains("login refused") && line.contains(reason),
            "{line}"
        );
        assert!(!line.contains(password), "{line}");
    }
    app.store.set_fault(Some(StoreFault::All));
    let answer = send(&own, with(&[])).await;
    answer.assert_unavailable();
    assert!(answer.headers.contains_key(RETRY_AFTER));
    let lines = log.take_our_own();
    let errors: Vec<_> = lines
        .iter()
        .filter(|line| line.contains("login flow failed"))
        .collect();
    assert_eq!(errors.len(), 1, "{lines:?}");
}

/// Whatever `?` turned into the error: the sessions have logged nothing of it.
#[tokio::test]
async fn a_fault_of_the_handler_is_logged_once_with_its_cause() {
    let app = App::new();
    let login: Login<WithCode> = {
        let (parts, body) = with(&[]).into_parts();
        app.endpoints().read_login(&parts, body).await.unwrap()
    };
    let too_large = Identity::new("alice")
        .with_data(&"x".repeat(5_000))
        .unwrap_err();
    let faults: [(SessionError, u16, &str); 3] = [
        (too_large.into(), 500, "4 KiB"),
        (
            StoreError::new("users", "no connection").into(),
            503,
            "no connection",
        ),
        (
            SessionError::unavailable("the texts cannot be sent"),
            503,
            "the texts",
        ),
    ];
    for (error, status, cause) in faults {
        let (log, _guard) = Log::capture();
        let answer = Received::of(app.endpoints().respond(Err(error), &login)).await;
        assert_eq!(answer.status, status, "{answer:?}");
        let lines = log.take_our_own();
        let [line] = &*lines else { panic!("{lines:?}") };
        assert!(line.contains("ERROR") && line.contains(cause), "{line}");
        assert!(!answer.body.contains(cause), "{answer:?}");
    }
}

#[tokio::test]
async fn it_sets_cookies_and_shapes_the_body_as_the_endpoints_do() {
    let app = App::new();
    let endpoints = app
        .endpoints()
        .with_cookies(CookieDelivery::new())
        .with_token_response(|tokens, _| json!({ "refresh": tokens.refresh_token().is_some() }))
        .with_rejection(teapot);
    let own = own(&app, endpoints);
    let in_cookies = send(&own, from_own_page(with(&[("delivery", "cookie")]))).await;
    assert_eq!(
        in_cookies.status_and_value(),
        (200, json!({ "refresh": false }))
    );
    assert!(
        in_cookies.headers[SET_COOKIE]
            .to_str()
            .unwrap()
            .contains("__Host-refresh_token=rt1_")
    );
    let in_body = send(&own, with(&[])).await;
    assert_eq!(
        in_body.status_and_value(),
        (200, json!({ "refresh": true }))
    );
    assert!(!in_body.headers.contains_key(SET_COOKIE));
    // The extractor, the handler.
    for refused in [
        with(&[("username", "bob")]),
        form("/login", &CREDENTIALS[..2]),
    ] {
        let answer = send(&own, refused).await;
        assert_eq!((answer.status, &*answer.body), (418, "own"));
    }
}

#[tokio::test]
async fn the_session_of_a_token_that_came_along_is_replaced() {
    let app = App::new();
    let own = own(&app, app.endpoints().with_cookies(CookieDelivery::new()));
    let first = app.log_in().await.tokens();
    let header = format!("Bearer {}", first.access);
    let request = with_header(with(&[]), AUTHORIZATION.as_str(), &header);
    let second = send(&own, request).await.tokens();
    let ended = app.me(&first.access).await;
    ended.assert_invalid_token("session_revoked");

    let cookie = format!("__Host-refresh_token={}", second.refresh);
    let request = from_own_page(with(&[("delivery", "cookie")]));
    let answer = send(&own, with_header(request, COOKIE.as_str(), &cookie)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(app.live().await.len(), 1);
}

#[tokio::test]
async fn the_handler_knows_device_and_client() {
    let app = App::new();
    let endpoints = app.endpoints();
    let address: IpAddr = "192.0.2.7".parse().unwrap();
    let mut request = with(&[("device", "a laptop")]);
    request.extensions_mut().insert(ClientAddress::new(address));
    let (parts, body) = request.into_parts();
    let login: Login<WithCode> = endpoints.read_login(&parts, body).await.unwrap();
    assert_eq!(
        login.context().and_then(RequestContext::client_address),
        Some(address)
    );

    let named = Identity::new("alice").with_login(&login);
    let tokens = app.sessions.start(named).await.unwrap();
    assert_eq!(
        app.row(tokens.session_id()).await.device(),
        Some("a laptop")
    );
    let renamed = Identity::new("alice")
        .with_device("a phone")
        .with_login(&login);
    let tokens = app.sessions.start(renamed).await.unwrap();
    assert_eq!(app.row(tokens.session_id()).await.device(), Some("a phone"));
}

#[tokio::test]
async fn tokens_of_another_handler_are_answered_as_a_login_is() {
    let app = App::new();
    let (parts, ()) = Request::post("/sso").body(()).unwrap().into_parts();
    let tokens = app.sessions.start(Identity::new("alice")).await.unwrap();
    let plain = Received::of(app.endpoints().accept(&tokens, &parts)).await;
    plain.assert_not_stored();
    assert_eq!(plain.tokens().access, tokens.access_token().secret());

    let cookies = CookieDelivery::new();
    let asked = app.endpoints().with_cookies(cookies.clone());
    let answer = Received::of(asked.accept(&tokens, &parts)).await;
    assert!(!answer.headers.contains_key(SET_COOKIE));
    let always = app.endpoints().with_cookies(cookies.for_every_client());
    let answer = Received::of(always.accept(&tokens, &parts)).await;
    assert!(answer.headers.contains_key(SET_COOKIE));
    assert_eq!(answer.json().get("refresh_token"), None);
}

#[tokio::test]
async fn a_login_without_a_request_is_answered_too() {
    let app = App::new();
    let login = Login::new(WithCode {
        username: "alice".to_owned(),
        password: String::new(),
        code: None,
    });
    let refused = app
        .endpoints()
        .respond(Err(SessionError::denied("unpaid")), &login);
    Received::of(refused)
        .await
        .assert_error(403, "access_denied", Some("unpaid"));
}

#[tokio::test]
async fn a_request_context_is_an_extractor() {
    async fn agent(context: RequestContext) -> String {
        context.user_agent().unwrap_or_default().to_owned()
    }
    let router = Router::new().route("/", axum::routing::get(agent));
    let request = Request::get("/")
        .header("user-agent", "curl/8")
        .body(Body::empty())
        .unwrap();
    Received::read(router.oneshot(request))
        .await
        .assert_passed("curl/8");
}
