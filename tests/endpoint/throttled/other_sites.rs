//! A page of another site can make its visitors guess: what that costs, and what refuses it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use http::{Request, StatusCode};
use support::{App, Received, with_header};
use tower_bearer::{CookieDelivery, Outcome};

use super::{assert_throttled, attempt, login};

/// A guess that a form of another site sends, with these fields more.
fn planted(path: &str, more: &[(&str, &str)]) -> Request<Body> {
    let fields = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "guessed"),
    ];
    let request = attempt(path, &[&fields, more].concat(), "203.0.113.7");
    let request = with_header(request, "sec-fetch-site", "cross-site");
    let request = with_header(request, "sec-fetch-mode", "no-cors");
    with_header(request, "origin", "https://evil.test")
}

/// Counts how many passwords are looked at.
fn counted(app: &App) -> Arc<AtomicUsize> {
    let looked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&looked);
    app.users.authenticate_as(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Outcome::invalid_credentials()
    });
    looked
}

async fn send(app: &App, cookies: CookieDelivery, request: Request<Body>) -> Received {
    let endpoints = app.endpoints().with_cookies(cookies);
    Received::read(tower::ServiceExt::oneshot(endpoints, request)).await
}

#[tokio::test]
async fn where_tokens_are_cookies_the_guess_is_refused_before_it_is_counted() {
    for path in ["/login", "/token"] {
        let app = App::new();
        let looked = counted(&app);
        let always = CookieDelivery::new().for_every_client();
        for (cookies, more) in [
            (always, &[][..]),
            (CookieDelivery::new(), &[("delivery", "cookie")][..]),
        ] {
            for _ in 0..10 {
                let answer = send(&app, cookies.clone(), planted(path, more)).await;
                answer.assert_error(403, "access_denied", Some("cross_site"));
            }
        }
        assert_eq!(looked.load(Ordering::Relaxed), 0, "{path}");
        // Nothing was charged to the visitor's network.
        let answer = app.send(login("alice", "guessed", "203.0.113.7")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn otherwise_it_is_charged_to_the_visitors_network_and_not_to_a_known_device() {
    let app = App::new();
    let known = app
        .send(login("alice", "wonderland-7", "203.0.113.7"))
        .await;
    let mark = known.json()["device_mark"].as_str().unwrap().to_owned();
    for _ in 0..5 {
        let answer = send(&app, CookieDelivery::new(), planted("/login", &[])).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    assert_throttled(&send(&app, CookieDelivery::new(), planted("/token", &[])).await);
    let new = login("alice", "wonderland-7", "203.0.113.7");
    assert_throttled(&app.send(new).await);
    let fields = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("device_mark", &mark),
    ];
    let answer = app.send(attempt("/login", &fields, "203.0.113.7")).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn an_application_refuses_it_in_front_of_the_endpoints() {
    let cookies = CookieDelivery::new().with_origin("https://app.example.com");
    let cookies = cookies.unwrap();
    let (parts, _) = planted("/login", &[]).into_parts();
    let refused = cookies.cross_site_rejection(&parts).unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    for (name, value) in [
        ("origin", "https://app.example.com"),
        ("sec-fetch-site", "same-origin"),
    ] {
        let request = with_header(login("alice", "x", "203.0.113.7"), name, value);
        let (parts, _) = request.into_parts();
        assert!(cookies.cross_site_rejection(&parts).is_none(), "{name}");
    }
    let (unsaid, _) = login("alice", "x", "203.0.113.7").into_parts();
    assert!(cookies.cross_site_rejection(&unsaid).is_some());
}
