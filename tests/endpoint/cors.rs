//! A page of another origin: login, refresh, logout and a call of the API, each with its preflight.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
};
use http::{HeaderName, HeaderValue, Method, Request};
use support::{App, Log, MINUTE, Received, bearer, form, with_header};
use tower::ServiceExt;
use tower_bearer::endpoint::cors;
use tower_bearer::{CookieDelivery, CurrentUser};
use tower_http::cors::CorsLayer;

const PAGE: &str = "https://app.example.com";

fn router(app: &App) -> Router {
    let cookies = CookieDelivery::new().with_origin(PAGE).unwrap();
    Router::new()
        .route(
            "/me",
            get(async |user: CurrentUser| user.subject().to_string()),
        )
        .route_layer(app.layer())
        .nest_service("/auth", app.endpoints().with_cookies(cookies))
        .layer(
            CorsLayer::new()
                .allow_origin(HeaderValue::from_static(PAGE))
                .allow_credentials(true)
                .allow_methods(cors::methods())
                .allow_headers(cors::request_headers())
                .expose_headers(cors::response_headers()),
        )
}

/// What a browser does: a preflight with the method and the headers that are not simple, and then
/// the request, if all of it is allowed.
async fn fetch(app: &App, request: Request<Body>) -> Received {
    let wanted: Vec<String> = request
        .headers()
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| !["cookie", "origin", "sec-fetch-site"].contains(name))
        .map(str::to_owned)
        .collect();
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri(request.uri())
        .header("origin", PAGE)
        .header("sec-fetch-site", "same-site")
        .header("access-control-request-method", request.method().as_str())
        .header("access-control-request-headers", wanted.join(","))
        .body(Body::empty())
        .unwrap();
    let allowed = Received::read(router(app).oneshot(preflight)).await;
    assert_eq!(allowed.status, 200, "{allowed:?}");
    let list = |name: HeaderName| {
        let list = allowed.headers[name].to_str().unwrap().to_lowercase();
        list.split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(allowed.headers[ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
    assert_eq!(allowed.headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
    let method = request.method().as_str().to_lowercase();
    assert!(
        list(ACCESS_CONTROL_ALLOW_METHODS).contains(&method),
        "{allowed:?}"
    );
    for name in wanted {
        assert!(
            list(ACCESS_CONTROL_ALLOW_HEADERS).contains(&name),
            "{name} {allowed:?}"
        );
    }
    let request = with_header(request, "origin", PAGE);
    let request = with_header(request, "sec-fetch-site", "same-site");
    let answer = Received::read(router(app).oneshot(request)).await;
    assert_eq!(answer.headers[ACCESS_CONTROL_ALLOW_ORIGIN], PAGE);
    answer
}

fn request(method: Method, path: &str, access: &str) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("authorization", bearer(access));
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_page_of_another_origin_does_all_of_it_with_the_documented_lines() {
    let app = App::new();
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    let login = fetch(&app, form("/auth/login", &credentials)).await;
    assert_eq!(login.status, 200, "{login:?}");
    let cookie = login.headers["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();

    app.clock.advance(MINUTE);
    let refresh = with_header(form("/auth/refresh", &[]), "idempotency-key", "a key");
    let refresh = fetch(&app, with_header(refresh, "cookie", &cookie)).await;
    assert_eq!(refresh.status, 200, "{refresh:?}");
    let access = refresh.json()["access_token"].as_str().unwrap().to_owned();

    let me = fetch(&app, request(Method::GET, "/me", &access)).await;
    assert_eq!((me.status, &*me.body), (200, "alice"));
    let listed = fetch(&app, request(Method::GET, "/auth/sessions", &access)).await;
    assert_eq!(listed.status, 200);
    let id = app.live().await[0];
    let ended = request(Method::DELETE, &format!("/auth/sessions/{id}"), &access);
    assert_eq!(fetch(&app, ended).await.status, 204);
    let refused = fetch(&app, request(Method::GET, "/me", &access)).await;
    refused.assert_invalid_token("session_revoked");
    // The page may read why.
    let exposed = refused.headers[ACCESS_CONTROL_EXPOSE_HEADERS]
        .to_str()
        .unwrap();
    assert_eq!(exposed.to_lowercase(), "www-authenticate,retry-after");

    let logout = with_header(form("/auth/logout", &[]), "cookie", &cookie);
    assert_eq!(fetch(&app, logout).await.status, 200);
}

#[tokio::test]
async fn a_page_that_is_not_listed_gets_no_permission() {
    let app = App::new();
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri("/auth/login")
        .header("origin", "https://evil.test")
        .header("access-control-request-method", "POST")
        .body(Body::empty())
        .unwrap();
    let answer = Received::read(router(&app).oneshot(preflight)).await;
    let allowed = answer.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
    assert!(
        allowed.is_none_or(|origin| origin != "https://evil.test"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_preflight_that_no_layer_answers_is_a_warning_once() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    let endpoints = app.endpoints();
    let options = async |path: &str, headers: &[(&'static str, &str)]| {
        let mut request = Request::builder().method(Method::OPTIONS).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = Received::read(endpoints.clone().oneshot(request)).await;
        assert_eq!(answer.status, 405, "{answer:?}");
        let wanted = if path == "/sessions" { "GET" } else { "POST" };
        assert_eq!(answer.headers["allow"], wanted);
        log.take_warnings()
    };
    for headers in [&[][..], &[("origin", PAGE)]] {
        let warnings = options("/login", headers).await;
        assert!(warnings.is_empty(), "{warnings:?}");
    }
    let preflight = [("origin", PAGE), ("access-control-request-method", "POST")];
    let warnings = options("/login", &preflight).await;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("endpoint::cors"), "{warnings:?}");
    for path in ["/login", "/refresh", "/sessions"] {
        let warnings = options(path, &preflight).await;
        assert!(warnings.is_empty(), "{warnings:?}");
    }
}
