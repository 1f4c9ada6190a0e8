//! A refusal says why: the log has what the request says of itself, and the setting that would
//! accept it.

use support::{App, Log, Received, form, with_header};
use tower::ServiceExt;
use tower_bearer::CookieDelivery;

async fn log_in(app: &App, headers: &[(&'static str, &str)]) -> Received {
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    let mut request = form("/login", &credentials);
    for (name, value) in headers {
        request = with_header(request, name, value);
    }
    let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
    let answer = Received::read(endpoints.oneshot(request)).await;
    answer.assert_not_stored();
    answer
}

#[tokio::test]
async fn the_log_has_origin_host_fetch_site_and_the_setting() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    for (headers, said, cure, sentence) in [
        (
            &[
                ("origin", "https://shop.test"),
                ("host", "10.0.0.5:8080"),
                ("sec-fetch-site", "cross-site"),
            ][..],
            &[
                "origin=\"https://shop.test\"",
                "host=\"10.0.0.5:8080\"",
                "sec_fetch_site=\"cross-site\"",
                "public_origin",
            ][..],
            "with_origin",
            "another site",
        ),
        (
            &[("origin", "tauri://localhost")],
            &["tauri://localhost"],
            "with_origin",
            "delivery=body",
        ),
        (
            &[
                ("origin", "capacitor://localhost"),
                ("sec-fetch-site", "cross-site"),
            ],
            &["capacitor://localhost"],
            "delivery=body",
            "an app or an extension",
        ),
        (
            &[("origin", "ionic://localhost")],
            &[],
            "delivery=body",
            "delivery=body",
        ),
        (
            &[(
                "origin",
                "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            )],
            &["chrome-extension://"],
            "with_origin",
            "delivery=body",
        ),
        (
            &[(
                "origin",
                "moz-extension://5f2c3f3e-6e6b-4c3a-9f5e-0f4c8f4f6a1b",
            )],
            &["moz-extension://"],
            "delivery=body",
            "delivery=body",
        ),
        (
            &[("origin", "null"), ("sec-fetch-site", "cross-site")],
            &["origin=\"null\"", "Referrer-Policy"],
            "delivery=body",
            "without an origin",
        ),
        (&[], &[], "delivery=body", "does not say"),
    ] {
        log.take();
        let answer = log_in(&app, headers).await;
        answer.assert_error(403, "access_denied", Some("cross_site"));
        let description = answer.json()["error_description"].to_string();
        assert!(description.contains(sentence), "{description}");
        let lines = log.take_our_own();
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        for part in said.iter().chain(&[cure, "cure=", "reason=\"cross_site\""]) {
            assert!(line.contains(part), "{part}: {line}");
        }
    }
}

/// Where every client gets cookies, `delivery=body` is ignored.
#[tokio::test]
async fn the_log_names_no_setting_that_would_not_help() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    let page = [
        ("origin", "https://shop.test"),
        ("sec-fetch-site", "cross-site"),
    ];
    let listed = CookieDelivery::new()
        .with_origin("https://shop.test")
        .unwrap();
    for (cookies, headers, cure) in [
        (
            CookieDelivery::new(),
            &[("origin", "tauri://localhost")][..],
            "with_origin",
        ),
        (
            CookieDelivery::new(),
            &[("origin", "null")],
            "for_every_client",
        ),
        (CookieDelivery::new(), &[], "for_every_client"),
        (listed, &page, "for_other_sites"),
    ] {
        log.take();
        let credentials = [
            ("username", "alice"),
            ("password", "wonderland-7"),
            ("delivery", "body"),
        ];
        let mut request = form("/login", &credentials);
        for (name, value) in headers {
            request = with_header(request, name, value);
        }
        let endpoints = app.endpoints().with_cookies(cookies.for_every_client());
        let answer = Received::read(endpoints.oneshot(request)).await;
        assert_eq!((answer.status, answer.challenge()), (403, None));
        let lines = log.take_our_own();
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert!(
            line.contains(cure) && !line.contains("send delivery=body"),
            "{line}"
        );
    }
}

#[tokio::test]
async fn no_header_forges_a_log_line_or_fills_the_log() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    let long = "a".repeat(4000);
    for odd in [
        "https://x\tERROR tower_bearer: forged",
        "\u{1b}[31mred",
        "\u{e4}\u{202e}",
        "x\" reason=\"y",
        &long,
    ] {
        log.take();
        let mut request = form(
            "/login",
            &[("delivery", "cookie"), ("username", "a"), ("password", "b")],
        );
        for name in ["origin", "host", "sec-fetch-site"] {
            let Ok(value) = http::HeaderValue::from_bytes(odd.as_bytes()) else {
                continue;
            };
            request.headers_mut().insert(name, value);
        }
        let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
        let answer = Received::read(endpoints.oneshot(request)).await;
        answer.assert_error(403, "access_denied", Some("cross_site"));
        let lines = log.take_our_own();
        let [line] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert!(line.len() < 1500, "{line}");
        assert!(
            line.is_ascii() && !line.contains(['\t', '\u{1b}']),
            "{line:?}"
        );
    }
}

#[tokio::test]
async fn a_missing_cookie_has_a_reason() {
    let app = App::new();
    let endpoints = || app.endpoints().with_cookies(CookieDelivery::new());
    for path in ["/refresh", "/logout"] {
        for delivery in [&[("delivery", "cookie")][..], &[]] {
            let request = with_header(form(path, delivery), "sec-fetch-site", "same-origin");
            let answer = Received::read(endpoints().oneshot(request)).await;
            answer.assert_error(400, "invalid_request", Some("token_missing"));
        }
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_in_the_log_with_the_name_of_the_parameter() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    for (path, body, name) in [
        (
            "/login",
            serde_json::json!({ "username": 7, "password": "x" }),
            "username",
        ),
        (
            "/login",
            serde_json::json!({ "username": "alice" }),
            "password",
        ),
        (
            "/refresh",
            serde_json::json!({ "refresh_token": {} }),
            "refresh_token",
        ),
        ("/refresh", serde_json::json!({}), "refresh_token"),
        ("/logout", serde_json::json!({ "token": 1 }), "token"),
        (
            "/token",
            serde_json::json!({ "grant_type": 1 }),
            "grant_type",
        ),
        ("/token", serde_json::json!({}), "grant_type"),
    ] {
        log.take();
        let answer = app.send(support::json_request(path, &body)).await;
        answer.assert_error(400, "invalid_request", None);
        let sentence = answer.json()["error_description"].to_string();
        assert!(sentence.contains(name), "{path} {sentence}");
        let lines = log.take_our_own().join("\n");
        assert!(
            lines.contains(name) && lines.contains("INFO"),
            "{path} {lines}"
        );
    }
    // `a parameter is repeated`, with its name where it is one of ours.
    let in_json = |body: &str| {
        let request = http::Request::post("/login").header("content-type", "application/json");
        request
            .body(axum::body::Body::from(body.to_owned()))
            .unwrap()
    };
    let unnamed = "the body is not a JSON object, or a parameter is repeated";
    for (request, sentence) in [
        (
            form("/login", &[("password", "a"), ("password", "b")]),
            "password is repeated",
        ),
        (
            in_json(r#"{"password":"a","x":{},"password":"b"}"#),
            "password is repeated",
        ),
        (in_json(r#"{"x":{"password":1,"password":2}}"#), unnamed),
        (in_json(r#"{"x":1,"x":2}"#), unnamed),
        (
            in_json(r#"{"password":"a","password":"b""#),
            "password is repeated",
        ),
        (in_json(r#"{"password":"a","x""#), unnamed),
    ] {
        let answer = app.send(request).await;
        answer.assert_error(400, "invalid_request", None);
        assert_eq!(answer.json()["error_description"], sentence);
    }
}

#[tokio::test]
async fn a_body_that_is_not_utf_8_is_called_that_in_both_encodings() {
    let app = App::new();
    for (media_type, body) in [
        ("application/json", &b"{\"username\":\"Andr\xe9\"}"[..]),
        ("application/x-www-form-urlencoded", b"username=Andr\xe9"),
        ("application/x-www-form-urlencoded", b"username=Andr%E9"),
    ] {
        let request = http::Request::post("/login").header("content-type", media_type);
        let answer = app.send(request.body(body.into()).unwrap()).await;
        answer.assert_error(400, "invalid_request", None);
        let sentence = &answer.json()["error_description"];
        assert_eq!(sentence, "the body is not valid UTF-8", "{media_type}");
    }
}

#[tokio::test]
async fn a_login_that_replaces_the_cookie_of_another_application_is_a_warning_once() {
    let (log, _guard) = Log::capture();
    let (app, other) = (App::new(), App::new());
    let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
    let theirs = other.log_in().await.tokens().refresh;
    let ours = app.log_in().await.tokens().refresh;
    for (held, warnings) in [("rt2_x", 0), (&*ours, 0), (&theirs, 1), (&theirs, 0)] {
        log.take();
        let credentials = [
            ("username", "alice"),
            ("password", "wonderland-7"),
            ("delivery", "cookie"),
        ];
        let request = with_header(
            form("/login", &credentials),
            "sec-fetch-site",
            "same-origin",
        );
        let cookie = format!("__Host-refresh_token={held}");
        let answer = Received::read(
            endpoints
                .clone()
                .oneshot(with_header(request, "cookie", &cookie)),
        )
        .await;
        assert_eq!(answer.status, 200);
        let said = log.take_warnings();
        assert_eq!(said.len(), warnings, "{held} {said:?}");
        assert!(said.iter().all(|line| line.contains("with_name")));
    }
}
