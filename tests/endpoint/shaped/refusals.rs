//! Refusals in the application's own shape: other bodies, other statuses, and a handler of its own
//! that refuses.

use std::panic::catch_unwind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::json;
use support::{App, Received, StoreFault, form, json_request, log_in_form, signed_in, with_header};
use tower_bearer::endpoint::{EndpointError, EndpointErrorKind};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{AuthEndpoints, BearerError, CookieDelivery, Identity, Outcome, SessionError};

use super::{send, teapot};

/// A refusal: the request, the error that the application sees, its usual status, and the headers
/// that it must have.
pub(super) struct Case {
    pub(super) request: Request<Body>,
    kind: EndpointErrorKind,
    session: Option<SessionErrorKind>,
    status: u16,
    headers: &'static [http::HeaderName],
}

pub(super) fn cases(app: &App) -> Vec<Case> {
    let case = |request, kind, session, status, headers| Case {
        request,
        kind,
        session,
        status,
        headers,
    };
    use EndpointErrorKind as Kind;
    app.users.authenticate_as(|login| match login.username() {
        "mallory" => Outcome::denied("banned").with_retry_after(Duration::from_secs(60)),
        _ => Outcome::invalid_credentials(),
    });
    let big = Request::post("/login")
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from("a".repeat(9000)))
        .unwrap();
    let text = Request::post("/login")
        .header(CONTENT_TYPE, "text/plain")
        .body(Body::from("a"))
        .unwrap();
    let mallory = form("/login", &[("username", "mallory"), ("password", "x")]);
    let of_another_site = form(
        "/login",
        &[
            ("username", "alice"),
            ("password", "wonderland-7"),
            ("delivery", "cookie"),
        ],
    );
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    vec![
        case(
            log_in_form(),
            Kind::Session,
            Some(SessionErrorKind::InvalidCredentials),
            400,
            &[],
        ),
        case(
            mallory,
            Kind::Session,
            Some(SessionErrorKind::Denied),
            403,
            &[RETRY_AFTER],
        ),
        case(
            json_request("/login", &json!([])),
            Kind::Session,
            Some(SessionErrorKind::InvalidRequest),
            400,
            &[],
        ),
        case(
            form("/refresh?token=b", &[]),
            Kind::Session,
            Some(SessionErrorKind::InvalidRequest),
            400,
            &[],
        ),
        case(form("/nowhere", &[]), Kind::NotFound, None, 404, &[]),
        case(get("/login"), Kind::MethodNotAllowed, None, 405, &[ALLOW]),
        case(big, Kind::TooLarge, None, 413, &[]),
        case(text, Kind::UnsupportedMediaType, None, 415, &[]),
        case(of_another_site, Kind::CrossSite, None, 403, &[]),
        case(
            get("/sessions"),
            Kind::Bearer,
            None,
            401,
            &[WWW_AUTHENTICATE],
        ),
        case(
            signed_in("GET", "/sessions", "nonsense"),
            Kind::Bearer,
            None,
            401,
            &[WWW_AUTHENTICATE],
        ),
        case(
            with_header(get("/sessions"), "authorization", "Bearer"),
            Kind::Bearer,
            None,
            400,
            &[WWW_AUTHENTICATE],
        ),
    ]
}

pub(super) type Seen = Arc<Mutex<Option<(EndpointError, Parts)>>>;

/// Endpoints whose closure notes what it sees, and answers as `shape` does.
pub(super) fn noting(
    app: &App,
    shape: fn(&EndpointError, &Parts) -> Response<Bytes>,
) -> (AuthEndpoints, Seen) {
    let seen = Seen::default();
    let notes = Arc::clone(&seen);
    let endpoints = app
        .endpoints()
        .with_cookies(CookieDelivery::new())
        .with_rejection(move |error, parts| {
            *notes.lock().unwrap() = Some((error.clone(), parts.clone()));
            shape(error, parts)
        });
    (endpoints, seen)
}

#[tokio::test]
async fn the_application_answers_every_refusal_and_sees_which_one_it_is() {
    let app = App::new();
    let (endpoints, seen) = noting(&app, teapot);
    for case in cases(&app) {
        let (method, uri) = (case.request.method().clone(), case.request.uri().clone());
        let answer = send(&endpoints, case.request).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (418, "own"),
            "{method} {uri}"
        );
        let (error, parts) = seen.lock().unwrap().take().expect("the closure was asked");
        assert_eq!((&parts.method, &parts.uri), (&method, &uri));
        assert_eq!(
            (error.kind(), error.status().as_u16()),
            (case.kind, case.status),
            "{method} {uri}"
        );
        assert_eq!(
            error.session_error().map(SessionError::kind),
            case.session,
            "{method} {uri}"
        );
        assert_eq!(
            error.bearer_error().is_some(),
            case.kind == EndpointErrorKind::Bearer
        );
        assert!(error.is_refusal() && !error.code().is_empty() && !error.to_string().is_empty());
    }
}

#[tokio::test]
async fn a_closure_cannot_lose_the_headers_that_an_answer_must_have() {
    let app = App::new();
    let (endpoints, _) = noting(&app, teapot);
    for case in cases(&app) {
        let uri = case.request.uri().clone();
        let answer = send(&endpoints, case.request).await;
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store", "{uri}");
        for header in [ALLOW, RETRY_AFTER, WWW_AUTHENTICATE] {
            let count = answer.headers.get_all(&header).iter().count();
            assert_eq!(
                count,
                usize::from(case.headers.contains(&header)),
                "{header} {uri}"
            );
        }
    }
}

#[tokio::test]
async fn a_closure_that_keeps_the_headers_does_not_double_them() {
    let app = App::new();
    let (endpoints, _) = noting(&app, |error, _| {
        error.to_response().map(|_| Bytes::from("own"))
    });
    for case in cases(&app) {
        let uri = case.request.uri().clone();
        let answer = send(&endpoints, case.request).await;
        assert_eq!(
            (answer.status, &*answer.body),
            (case.status, "own"),
            "{uri}"
        );
        for header in case.headers.iter().chain([&CACHE_CONTROL]) {
            assert_eq!(
                answer.headers.get_all(header).iter().count(),
                1,
                "{header} {uri}"
            );
        }
    }
}

#[tokio::test]
async fn the_usual_answer_of_an_error_is_what_the_endpoints_say_without_a_closure() {
    let app = App::new();
    let plain = app.endpoints().with_cookies(CookieDelivery::new());
    let (endpoints, _) = noting(&app, |error, _| error.to_response());
    for (case, same) in cases(&app).into_iter().zip(cases(&app)) {
        assert_eq!(
            send(&endpoints, case.request).await,
            send(&plain, same.request).await
        );
    }
}

#[tokio::test]
async fn an_outage_is_answered_by_the_application_and_keeps_its_retry_after() {
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    let (endpoints, seen) = noting(&app, teapot);
    app.store.set_fault(Some(StoreFault::All));
    for request in [
        log_in_form(),
        form("/refresh", &[("refresh_token", &tokens.refresh)]),
    ] {
        let answer = send(&endpoints, request).await;
        assert_eq!((answer.status, &*answer.body), (418, "own"));
        assert!(
            answer.headers[RETRY_AFTER]
                .to_str()
                .unwrap()
                .parse::<u32>()
                .is_ok()
        );
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
        let (error, _) = seen.lock().unwrap().take().unwrap();
        assert_eq!(
            (error.kind(), error.status().as_u16()),
            (EndpointErrorKind::Session, 503)
        );
        assert!(!error.is_refusal());
    }
    // And an access token at a process that has never reached the store.
    let app = App::new();
    let tokens = app.sessions.start(Identity::new("alice")).await.unwrap();
    let (endpoints, seen) = noting(&app, teapot);
    app.store.set_fault(Some(StoreFault::All));
    let answer = send(
        &endpoints,
        signed_in("GET", "/sessions", tokens.access_token().secret()),
    )
    .await;
    assert_eq!(answer.status, 418);
    assert!(
        answer.headers.contains_key(RETRY_AFTER) && !answer.headers.contains_key(WWW_AUTHENTICATE)
    );
    let (error, _) = seen.lock().unwrap().take().unwrap();
    assert_eq!((error.status().as_u16(), error.is_refusal()), (503, false));
}

#[tokio::test]
async fn wrong_credentials_may_be_401_with_the_challenge_that_it_must_have() {
    let app = App::new();
    app.users
        .authenticate_as(|_| Outcome::invalid_credentials());
    let endpoints = app.endpoints().with_status(
        SessionErrorKind::InvalidCredentials,
        StatusCode::UNAUTHORIZED,
    );
    let parameters = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "x"),
    ];
    for request in [log_in_form(), form("/token", &parameters)] {
        let answer = send(&endpoints, request).await;
        answer.assert_error(401, "invalid_grant", Some("credentials_invalid"));
        assert_eq!(answer.challenge(), Some("Bearer"));
        answer.assert_not_stored();
    }
    // No other refusal has changed, not even one with the same code.
    send(&endpoints, form("/refresh", &[("refresh_token", "rt1_x")]))
        .await
        .assert_invalid_grant("token_invalid");
    send(&endpoints, form("/login", &[]))
        .await
        .assert_error(400, "invalid_request", None);
    app.log_in()
        .await
        .assert_invalid_grant("credentials_invalid");
}

#[tokio::test]
async fn the_closure_sees_the_other_status_and_cannot_lose_the_challenge() {
    let app = App::new();
    app.users
        .authenticate_as(|_| Outcome::invalid_credentials());
    let endpoints = app
        .endpoints()
        .with_status(
            SessionErrorKind::InvalidCredentials,
            StatusCode::UNAUTHORIZED,
        )
        .with_status(SessionErrorKind::InvalidToken, StatusCode::GONE)
        .with_rejection(|error, _| {
            let mut response = Response::new(Bytes::from(error.status().as_str().to_owned()));
            *response.status_mut() = error.status();
            response
        });
    let answer = send(&endpoints, log_in_form()).await;
    assert_eq!(
        (answer.status, &*answer.body, answer.challenge()),
        (401, "401", Some("Bearer"))
    );
    let answer = send(&endpoints, form("/refresh", &[("refresh_token", "rt1_x")])).await;
    assert_eq!(
        (answer.status, &*answer.body, answer.challenge()),
        (410, "410", None)
    );
}

#[test]
fn a_status_that_does_not_refuse_panics() {
    let endpoints = App::new().endpoints();
    for status in [100, 200, 204, 303, 399, 600, 999] {
        let (endpoints, status) = (endpoints.clone(), StatusCode::from_u16(status).unwrap());
        let set = std::panic::AssertUnwindSafe(|| {
            endpoints.with_status(SessionErrorKind::InvalidCredentials, status)
        });
        assert!(catch_unwind(set).is_err(), "{status}");
    }
}

#[tokio::test]
async fn a_handler_of_ones_own_refuses_as_the_endpoints_do() {
    let app = App::new();
    let request = Request::post("/second-factor").body(()).unwrap();
    let (parts, ()) = request.into_parts();
    let invalid = SessionErrorKind::InvalidCredentials;
    let plain = app.endpoints();
    let plain = plain.with_status(invalid, StatusCode::UNAUTHORIZED);
    let answer = Received::of(plain.reject(SessionError::invalid_credentials(), &parts)).await;
    answer.assert_error(401, "invalid_grant", Some("credentials_invalid"));
    answer.assert_not_stored();
    assert_eq!(answer.challenge(), Some("Bearer"));

    let error = SessionError::denied("otp_required")
        .with_status(StatusCode::UNAUTHORIZED)
        .with_retry_after(Duration::from_millis(1500))
        .with_description("a code is needed");
    let answer = Received::of(plain.reject(error, &parts)).await;
    let body = json!({
        "error": "access_denied",
        "error_description": "a code is needed",
        "reason": "otp_required",
    });
    assert_eq!(answer.status_and_value(), (401, body));
    assert_eq!(answer.challenge(), Some("Bearer"));
    assert_eq!(answer.headers[RETRY_AFTER], "2");

    let (endpoints, seen) = noting(&app, teapot);
    let errors: [EndpointError; 3] = [
        SessionError::denied("unpaid").into(),
        SessionError::unavailable("the texts cannot be sent").into(),
        BearerError::missing_token().into(),
    ];
    for (error, header) in errors
        .into_iter()
        .zip([None, Some(RETRY_AFTER), Some(WWW_AUTHENTICATE)])
    {
        let kind = error.kind();
        let answer = Received::of(endpoints.reject(error, &parts)).await;
        assert_eq!((answer.status, &*answer.body), (418, "own"));
        assert_eq!(answer.headers[CACHE_CONTROL], "no-store");
        assert!(
            header.is_none_or(|header| answer.headers.contains_key(header)),
            "{answer:?}"
        );
        let (error, seen) = seen.lock().unwrap().take().unwrap();
        assert_eq!((error.kind(), seen.uri.path()), (kind, "/second-factor"));
    }
}

#[test]
fn the_cure_of_a_misconfiguration_is_not_in_what_a_client_reads() {
    let error = EndpointError::from(BearerError::misconfigured("call `.with_secret()` first"));
    assert_eq!(error.status(), 500);
    assert!(!error.to_string().contains("with_secret"), "{error}");
}
