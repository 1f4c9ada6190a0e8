//! Pages on another site: cookies that can never arrive are refused at the login.

use http::{HeaderMap, Method, Request};
use support::{App, Log, Received, form, with_header};
use tower::ServiceExt;
use tower_bearer::{CookieDelivery, MemoryStore};

use super::set_cookies;

fn listed(origin: &str) -> CookieDelivery {
    CookieDelivery::new().with_origin(origin).unwrap()
}

async fn log_in(
    app: &App,
    cookies: CookieDelivery,
    headers: &[(&'static str, &str)],
    delivery: &str,
) -> Received {
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", delivery),
    ];
    let mut request = form("/login", &credentials);
    for (name, value) in headers {
        request = with_header(request, name, value);
    }
    Received::read(app.endpoints().with_cookies(cookies).oneshot(request)).await
}

#[tokio::test]
async fn a_login_whose_cookie_never_arrives_is_refused_before_it_is_one() {
    for (origin, headers) in [
        ("https://shop.test", &[("sec-fetch-site", "cross-site")][..]),
        // Without Fetch Metadata the public origin tells.
        ("https://shop.test", &[("x-public-origin", "")]),
        ("http://localhost:5173", &[("x-public-origin", "")]),
        ("tauri://localhost", &[("sec-fetch-site", "cross-site")]),
        ("capacitor://localhost", &[]),
    ] {
        let app = App::built(MemoryStore::new(), |sessions| {
            if headers.iter().any(|(name, _)| *name == "x-public-origin") {
                sessions.public_origin("https://api.example.com")
            } else {
                sessions
            }
        });
        let all: Vec<_> = headers
            .iter()
            .copied()
            .chain([("origin", origin), ("host", "api.example.com")])
            .collect();
        for (cookies, hint) in [
            (listed(origin), true),
            (listed(origin).for_every_client(), false),
        ] {
            let answer = log_in(&app, cookies, &all, "cookie").await;
            answer.assert_error(403, "access_denied", Some("cross_site_cookie"));
            let sentence = answer.json()["error_description"].to_string();
            assert_eq!(sentence.contains("delivery=body"), hint, "{sentence}");
            assert!(set_cookies(&answer).is_empty());
        }
        assert_eq!(app.live().await.len(), 0);
        // The body does it.
        log_in(&app, listed(origin), &all, "body").await.tokens();
        app.sessions
            .log_out_everywhere(&"alice".into())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_page_of_the_same_site_keeps_its_cookie() {
    let app = App::new();
    for (origin, headers) in [
        (
            "https://app.example.com",
            &[("sec-fetch-site", "same-site")][..],
        ),
        ("https://app.example.com", &[]),
        ("http://localhost:5173", &[("sec-fetch-site", "same-site")]),
    ] {
        let mut headers = headers.to_vec();
        headers.extend([("origin", origin), ("host", "api.example.com")]);
        let answer = log_in(&app, listed(origin), &headers, "cookie").await;
        assert_eq!(answer.status, 200, "{origin} {answer:?}");
    }
}

/// `Host` does not tell: a proxy may have changed it. And a server that renders pages sets cookies
/// of its own host.
#[tokio::test]
async fn without_fetch_metadata_and_a_public_origin_a_listed_page_is_believed() {
    let app = App::new();
    let headers = [
        ("origin", "https://www.shop.test"),
        ("host", "api.internal:8080"),
    ];
    let cookies = listed("https://www.shop.test");
    let answer = log_in(&app, cookies, &headers, "cookie").await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn cookies_for_other_sites_are_partitioned_and_checked_all_the_same() {
    let app = App::new();
    let cookies = listed("https://shop.test")
        .with_access_token()
        .for_other_sites();
    let from = |origin: &'static str| {
        [
            ("sec-fetch-site", "cross-site"),
            ("origin", origin),
            ("host", "api.example.com"),
        ]
    };
    let answer = log_in(&app, cookies.clone(), &from("https://shop.test"), "cookie").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let set = set_cookies(&answer);
    assert_eq!(set.len(), 2);
    for (name, _, attributes) in set {
        assert!(name.starts_with("__Host-"));
        for attribute in [
            "samesite=none",
            "partitioned",
            "secure",
            "httponly",
            "path=/",
        ] {
            assert!(attributes.contains(&attribute.to_owned()), "{attributes:?}");
        }
    }
    for evil in ["https://evil.test", "null", "https://shop.test.evil.test"] {
        let answer = log_in(&app, cookies.clone(), &from(evil), "cookie").await;
        answer.assert_error(403, "access_denied", Some("cross_site"));
    }
    // A logout clears the cookie of the same partition.
    let cleared = cookies.clear_cookies(http::Response::new(()));
    let lines: &HeaderMap = cleared.headers();
    for line in lines.get_all("set-cookie") {
        assert!(line.to_str().unwrap().contains("Partitioned"), "{line:?}");
    }
}

/// An old browser sends such a cookie with a form of every site, and may not say which site it was.
#[tokio::test]
async fn a_cookie_for_other_sites_changes_nothing_for_a_request_that_does_not_say_its_origin() {
    let app = App::new();
    let cookies = CookieDelivery::new().with_access_token();
    let token = app.log_in().await.tokens().access;
    let send = async |cookies: &CookieDelivery, method: Method, headers: &[(&str, &str)]| {
        let layer = app.layer().with_token_sources(cookies.token_sources());
        let cookie = format!("__Host-access_token={token}");
        let mut request = Request::builder().method(method).header("cookie", cookie);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        support::send(&layer, request.body(String::new()).unwrap()).await
    };
    let own = [
        ("origin", "https://api.example.com"),
        ("host", "api.example.com"),
    ];
    let everywhere = cookies.clone().for_other_sites();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let unsaid = send(&everywhere, method.clone(), &[]).await;
        unsaid.assert_token_missing();
        for headers in [&own[..], &[("sec-fetch-site", "same-origin")]] {
            let said = send(&everywhere, method.clone(), headers).await;
            said.assert_passed("alice");
        }
        // Browsers do not send the usual cookies with a form of another site.
        let unsaid = send(&cookies, method, &[]).await;
        unsaid.assert_passed("alice");
    }
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        let unsaid = send(&everywhere, method, &[]).await;
        assert_eq!(unsaid.status, 200, "{unsaid:?}");
    }
}

#[tokio::test]
async fn the_start_warns_of_a_listed_origin_on_another_site() {
    let (log, _guard) = Log::capture();
    let app = App::built(MemoryStore::new(), |sessions| {
        sessions.public_origin("https://api.example.com")
    });
    for (origin, warns) in [
        ("https://shop.test", true),
        ("tauri://localhost", true),
        ("http://app.example.com.localhost", true),
        ("https://app.example.com", false),
    ] {
        log.take();
        let _endpoints = app.endpoints().with_cookies(listed(origin));
        let said = log.take_warnings();
        assert_eq!(said.len(), usize::from(warns), "{origin} {said:?}");
        if warns {
            assert!(
                said[0].contains(origin) && said[0].contains("for_other_sites"),
                "{said:?}"
            );
        }
        let _endpoints = app
            .endpoints()
            .with_cookies(listed(origin).for_other_sites());
        assert_eq!(log.take_warnings(), [""; 0]);
    }
}

#[tokio::test]
async fn a_login_via_plain_http_warns_once_that_the_cookie_is_dropped() {
    let (log, _guard) = Log::capture();
    let safari = "Mozilla/5.0 (X11; Linux) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 \
                  Safari/605.1.15";
    let chromium = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
                    Chrome/130.0.0.0 Safari/537.36";
    for (origin, agent, warns) in [
        ("http://192.168.1.7:3000", chromium, true),
        ("http://example.test", chromium, true),
        ("http://127.0.0.1:3000", chromium, false),
        ("http://localhost:3000", chromium, false),
        ("http://app.localhost:3000", chromium, false),
        ("http://127.0.0.1:3000", safari, true),
        ("https://example.test", safari, false),
    ] {
        let app = App::new();
        let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
        let host = origin.split_once("://").unwrap().1;
        log.take();
        for _ in 0..2 {
            let credentials = [
                ("username", "alice"),
                ("password", "wonderland-7"),
                ("delivery", "cookie"),
            ];
            let mut request = form("/login", &credentials);
            for (name, value) in [("origin", origin), ("host", host), ("user-agent", agent)] {
                request = with_header(request, name, value);
            }
            let answer = Received::read(endpoints.clone().oneshot(request)).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
        let said = log.take_warnings();
        assert_eq!(said.len(), usize::from(warns), "{origin} {said:?}");
        assert!(
            said.iter()
                .all(|line| line.contains("plain http") && line.contains("cure="))
        );
    }
}

#[test]
fn apps_have_origins_of_their_own_and_nobody_has_null() {
    for app in [
        "tauri://localhost",
        "capacitor://localhost",
        "ionic://localhost",
        "http://tauri.localhost",
        "app://main",
    ] {
        let _accepts = CookieDelivery::new().with_origin(app).unwrap();
    }
    for nobody in ["null", "file://", "file:///index.html"] {
        let error = CookieDelivery::new()
            .with_origin(nobody)
            .unwrap_err()
            .to_string();
        assert!(error.contains("delivery=body"), "{error}");
    }
    for odd in [
        "tauri://",
        "tauri://localhost/",
        "data://x",
        "*",
        "chrome-extension://*",
    ] {
        assert!(CookieDelivery::new().with_origin(odd).is_err(), "{odd}");
    }
}

#[tokio::test]
async fn an_app_whose_origin_is_listed_logs_in_with_cookies_for_other_sites() {
    let app = App::new();
    for origin in ["tauri://localhost", "app://main"] {
        let headers = [("origin", origin), ("host", "api.example.com")];
        let cookies = listed(origin).for_other_sites();
        let answer = log_in(&app, cookies, &headers, "cookie").await;
        assert_eq!(answer.status, 200, "{origin} {answer:?}");
        assert_eq!(set_cookies(&answer).len(), 1);
    }
}
