//! Input that the answer does not need: it refuses nothing.

use axum::body::Body;
use http::Request;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use serde_json::json;
use support::{App, Received, Tokens, bearer, form, json_request, log_in_form, with_header};
use tower::ServiceExt;
use tower_bearer::{AuthEndpoints, CookieDelivery};

const FORM: &str = "application/x-www-form-urlencoded";

/// An application with cookies of both tokens.
fn endpoints(app: &App) -> AuthEndpoints {
    let cookies = CookieDelivery::new().with_access_token();
    app.endpoints().with_cookies(cookies)
}

async fn send(app: &App, request: Request<Body>) -> Received {
    let answer = Received::read(endpoints(app).oneshot(request)).await;
    answer.assert_not_stored();
    answer
}

async fn logged_in(app: &App) -> Tokens {
    app.log_in().await.tokens()
}

/// A `POST` of our page without a body.
fn empty(path: &str) -> Request<Body> {
    let request = Request::post(path).header("sec-fetch-site", "same-origin");
    request.body(Body::empty()).unwrap()
}

fn cleared(answer: &Received) -> usize {
    let lines = answer.headers.get_all("set-cookie").iter();
    lines
        .filter(|line| line.to_str().unwrap().contains("Max-Age=0"))
        .count()
}

#[tokio::test]
async fn a_logout_whose_access_token_alone_came_in_a_cookie_ends_the_session() {
    let app = App::new();
    let tokens = logged_in(&app).await;
    let cookie = format!("__Host-access_token={}", tokens.access);
    let cross = Request::post("/logout").header("cookie", &cookie);
    let cross = cross.header("sec-fetch-site", "cross-site");
    let refused = send(&app, cross.body(Body::empty()).unwrap()).await;
    refused.assert_error(403, "access_denied", Some("cross_site"));
    assert_eq!((cleared(&refused), app.live().await.len()), (0, 1));

    let answer = send(&app, with_header(empty("/logout"), "cookie", &cookie)).await;
    assert_eq!((answer.status, &*answer.body), (200, "{}"));
    assert_eq!((cleared(&answer), app.live().await.len()), (2, 0));
    // An expired one does as well, and several of them.
    let (one, two) = (logged_in(&app).await, logged_in(&app).await);
    app.clock.advance(support::HOUR);
    let cookie = format!(
        "__Host-access_token={}; __Host-access_token={}; __Host-access_token=x",
        one.access, two.access
    );
    let answer = send(&app, with_header(empty("/logout"), "cookie", &cookie)).await;
    assert_eq!((answer.status, cleared(&answer)), (200, 2));
    assert_eq!(app.live().await.len(), 0);
}

#[tokio::test]
async fn a_logout_with_an_access_token_in_the_header_ignores_the_cookies_of_another_site() {
    let elsewhere: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "https://evil.test"), ("host", "api.example.com")],
        &[("origin", "null")],
        &[],
    ];
    for headers in elsewhere {
        for name in ["__Host-refresh_token", "__Host-access_token"] {
            let app = App::new();
            let (sent, held) = (logged_in(&app).await, logged_in(&app).await);
            let token = if name.contains("refresh") {
                &held.refresh
            } else {
                &held.access
            };
            let request = |authorization: Option<&str>| {
                let mut request =
                    Request::post("/logout").header("cookie", format!("{name}={token}"));
                for (name, value) in headers.iter().copied() {
                    request = request.header(name, value);
                }
                if let Some(value) = authorization {
                    request = request.header("authorization", value);
                }
                request.body(Body::empty()).unwrap()
            };
            // Without a token in the header it is the cookie that would end a session.
            for odd in [None, Some("Bearer a b"), Some("Basic x")] {
                let refused = send(&app, request(odd)).await;
                refused.assert_error(403, "access_denied", Some("cross_site"));
                assert_eq!((cleared(&refused), app.live().await.len()), (0, 2));
            }
            let answer = send(&app, request(Some(&bearer(&sent.access)))).await;
            assert_eq!((answer.status, &*answer.body), (200, "{}"), "{headers:?}");
            assert!(!answer.headers.contains_key("set-cookie"), "{answer:?}");
            app.me(&sent.access)
                .await
                .assert_invalid_token("session_revoked");
            assert_eq!(app.me(&held.access).await.status, 200, "{headers:?}");
        }
    }
}

#[tokio::test]
async fn a_login_ends_the_session_of_an_access_token_that_came_in_a_cookie_alone() {
    let app = App::new();
    let tokens = logged_in(&app).await;
    let cookie = format!("__Host-access_token={}", tokens.access);
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    let login = with_header(
        form("/login", &credentials),
        "sec-fetch-site",
        "same-origin",
    );
    let answer = send(&app, with_header(login, "cookie", &cookie)).await;
    assert_eq!((answer.status, app.live().await.len()), (200, 1));
}

/// The refresh token in its cookie may be of another session, or of none.
#[tokio::test]
async fn a_login_ends_the_session_of_each_cookie_that_it_replaces() {
    let app = App::new();
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    for is_good in [true, false] {
        let (held, other) = (logged_in(&app).await, logged_in(&app).await);
        let refresh = if is_good { &*other.refresh } else { "rt1_x" };
        let cookies = format!(
            "__Host-refresh_token={refresh}; __Host-access_token={}",
            held.access
        );
        let login = with_header(form("/login", &credentials), "sec-fetch-site", "none");
        let answer = send(&app, with_header(login, "cookie", &cookies)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        for (tokens, is_replaced) in [(held, true), (other, is_good)] {
            let status = app.me(&tokens.access).await.status;
            assert_eq!(status == 401, is_replaced, "{is_good}");
        }
    }
}

/// The cookies are cleared, so that no session of theirs may stay behind.
#[tokio::test]
async fn a_logout_everywhere_ends_the_sessions_of_the_cookies_that_it_clears() {
    let app = App::new();
    let bob = [("username", "bob"), ("password", "wonderland-7")];
    for (site, is_ours) in [("same-origin", true), ("cross-site", false)] {
        let alice = logged_in(&app).await;
        let bob = app.send(form("/login", &bob)).await.tokens();
        let request = Request::post("/logout-everywhere").header("sec-fetch-site", site);
        let request = request.header("authorization", bearer(&alice.access));
        let request = request.header("cookie", format!("__Host-refresh_token={}", bob.refresh));
        let answer = send(&app, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(cleared(&answer), if is_ours { 2 } else { 0 });
        app.me(&alice.access)
            .await
            .assert_invalid_token("session_revoked");
        let status = app.me(&bob.access).await.status;
        assert_eq!(status == 401, is_ours, "{site}");
    }
}

#[tokio::test]
async fn the_media_type_of_a_body_that_is_not_there_does_not_count() {
    let app = App::new();
    for media_type in [
        "application/octet-stream",
        "text/plain;charset=UTF-8",
        "multipart/form-data; boundary=x",
        "application/json",
        "application/json; charset=utf-8",
        FORM,
        "",
        "odd",
    ] {
        for (path, length) in [
            ("/logout", Some("0")),
            ("/logout", None),
            ("/refresh", Some("0")),
        ] {
            let tokens = logged_in(&app).await;
            let cookie = format!("__Host-refresh_token={}", tokens.refresh);
            let mut request = with_header(empty(path), "cookie", &cookie);
            let headers = request.headers_mut();
            headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
            if let Some(length) = length {
                headers.insert(CONTENT_LENGTH, length.parse().unwrap());
                headers.insert(CONTENT_ENCODING, "gzip".parse().unwrap());
            }
            let answer = send(&app, request).await;
            assert_eq!(answer.status, 200, "{path} {media_type} {answer:?}");
        }
        // With the access token in the header, as `aiohttp` sends it.
        let tokens = logged_in(&app).await;
        let mut request = with_header(
            Request::post("/logout").body(Body::empty()).unwrap(),
            "authorization",
            &bearer(&tokens.access),
        );
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
        assert_eq!(app.send(request).await.status, 200, "{media_type}");
        app.me(&tokens.access)
            .await
            .assert_invalid_token("session_revoked");
    }
}

#[tokio::test]
async fn a_body_of_whitespace_or_null_is_a_body_that_is_not_there() {
    let app = App::new();
    let json = "application/json";
    for (media_type, body, status) in [
        (json, "null", 200),
        (json, " null\r\n", 200),
        (json, "\u{feff}null", 200),
        (json, " ", 200),
        (json, "\r\n\t ", 200),
        (json, "\u{feff}", 200),
        (FORM, "\n", 200),
        ("text/plain", "\n", 200),
        (json, "[]", 400),
        (json, "\"\"", 400),
        (json, "nul", 400),
        (json, "null null", 400),
        (json, "NULL", 400),
        (json, "false", 400),
        (json, "0", 400),
        ("text/plain", "null", 415),
    ] {
        for path in ["/logout", "/refresh"] {
            let tokens = logged_in(&app).await;
            let cookie = format!("__Host-refresh_token={}", tokens.refresh);
            let mut request = with_header(empty(path), "cookie", &cookie);
            let headers = request.headers_mut();
            headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
            *request.body_mut() = Body::from(body);
            let answer = send(&app, request).await;
            assert_eq!(answer.status, status, "{path} {body:?} {answer:?}");
            if status != 200 {
                answer.assert_error(status, "invalid_request", None);
            }
        }
        // Without a cookie the token is missing.
        let request = Request::post("/refresh").header(CONTENT_TYPE, media_type);
        let answer = send(&app, request.body(Body::from(body)).unwrap()).await;
        let (expected, reason) = match status {
            200 => (400, Some("token_missing")),
            refused => (refused, None),
        };
        answer.assert_error(expected, "invalid_request", reason);
    }
}

#[tokio::test]
async fn an_odd_authorization_header_refuses_no_login_and_no_logout_with_a_cookie() {
    let app = App::new();
    for odd in [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer undefined",
        "Basic x",
        "Bearer \u{e4}",
    ] {
        let login = with_header(log_in_form(), "authorization", odd);
        let tokens = app.send(login).await.tokens();
        let twice = with_header(
            with_header(log_in_form(), "authorization", odd),
            "authorization",
            odd,
        );
        app.send(twice).await.tokens();

        let cookie = format!("__Host-refresh_token={}", tokens.refresh);
        let logout = with_header(empty("/logout"), "cookie", &cookie);
        let answer = send(&app, with_header(logout, "authorization", odd)).await;
        assert_eq!((answer.status, cleared(&answer)), (200, 2), "{odd}");
        app.me(&tokens.access)
            .await
            .assert_invalid_token("session_revoked");
    }
}

#[tokio::test]
async fn parameters_of_others_in_the_url_are_ignored() {
    let app = App::new();
    for query in [
        "",
        "utm_source=mail&gclid=1",
        "_=1700000000",
        "a",
        "&&=",
        "%ff=%ff",
        "?",
    ] {
        let uri = |path: &str| format!("{path}?{query}").parse().unwrap();
        let mut login = log_in_form();
        *login.uri_mut() = uri("/login");
        let tokens = app.send(login).await.tokens();
        let mut refresh = form("/refresh", &[("refresh_token", &tokens.refresh)]);
        *refresh.uri_mut() = uri("/refresh");
        let tokens = app.send(refresh).await.tokens();
        let mut list = support::signed_in("GET", "/sessions", &tokens.access);
        *list.uri_mut() = uri("/sessions");
        assert_eq!(app.send(list).await.status, 200, "{query}");
        let mut logout = form("/logout", &[("token", &tokens.refresh)]);
        *logout.uri_mut() = uri("/logout");
        assert_eq!(app.send(logout).await.status, 200, "{query}");
    }
}

#[tokio::test]
async fn a_byte_order_mark_in_front_of_a_body_is_read_over() {
    let app = App::new();
    let json = json!({ "username": "alice", "password": "wonderland-7" }).to_string();
    for (media_type, body) in [
        ("application/json", &*json),
        (FORM, "username=alice&password=wonderland-7"),
    ] {
        let request = Request::post("/login").header(CONTENT_TYPE, media_type);
        let body = format!("\u{feff}{body}");
        let answer = app.send(request.body(Body::from(body)).unwrap()).await;
        answer.tokens();
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_by_its_name() {
    let app = App::new();
    for encoding in ["gzip", "br", "deflate, gzip", "zstd", ""] {
        for path in ["/login", "/refresh", "/token", "/logout"] {
            let request = with_header(form(path, &[("a", "b")]), "content-encoding", encoding);
            let answer = app.send(request).await;
            answer.assert_error(415, "invalid_request", None);
            let sentence = answer.json()["error_description"].clone();
            assert!(
                sentence.as_str().unwrap().contains("Content-Encoding"),
                "{sentence}"
            );
            assert_eq!(answer.headers["accept-encoding"], "identity");
        }
    }
    let plain = with_header(log_in_form(), "content-encoding", "Identity");
    app.send(plain).await.tokens();
}

#[tokio::test]
async fn other_headers_and_cookies_and_parameters_do_not_count() {
    let app = App::new();
    let mut request = with_header(log_in_form(), "expect", "100-continue");
    for (name, value) in [
        (
            "cookie",
            "odd; =; a=\u{e4}; __Host-refresh_token; \"=\"; refresh_token=x",
        ),
        ("cookie", "__Host-refresh_tokenx=1"),
        ("accept", "text/plain"),
        ("accept-charset", "utf-16"),
        ("te", "trailers"),
        ("if-none-match", "*"),
    ] {
        request = with_header(request, name, value);
    }
    app.send(request).await.tokens();

    // Each endpoint ignores the parameters that another one reads.
    let tokens = logged_in(&app).await;
    let odd = json!({ "a": 1 });
    for (path, body) in [
        (
            "/login",
            json!({ "username": "alice", "password": "wonderland-7" }),
        ),
        ("/refresh", json!({ "refresh_token": tokens.refresh })),
        ("/logout", json!({ "token": tokens.refresh })),
    ] {
        let mut body = body.as_object().unwrap().clone();
        for name in [
            "client_id",
            "client_secret",
            "resource",
            "audience",
            "token_type_hint",
            "redirect_uri",
            "code_verifier",
        ] {
            body.insert(name.to_owned(), odd.clone());
        }
        let answer = app.send(json_request(path, &body.into())).await;
        assert_eq!(answer.status, 200, "{path} {answer:?}");
    }
}

/// RFC 8707 section 2: the one parameter that may be repeated.
#[tokio::test]
async fn a_resource_may_be_repeated() {
    let app = App::new();
    let resources = [
        ("resource", "https://a.test"),
        ("resource", "https://b.test"),
    ];
    let login = [("username", "alice"), ("password", "wonderland-7")];
    let tokens = app
        .send(form("/login", &[&login[..], &resources].concat()))
        .await
        .tokens();
    let refresh = [("refresh_token", &*tokens.refresh)];
    app.send(form("/refresh", &[&refresh[..], &resources].concat()))
        .await
        .tokens();
    let twice = [("token", "a"), ("token", "b")];
    let answer = app.send(form("/logout", &twice)).await;
    answer.assert_error(400, "invalid_request", None);
    assert_eq!(answer.json()["error_description"], "token is repeated");
}
