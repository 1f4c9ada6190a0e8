//! Behind a proxy that changes `Host`: the origin that clients see is a setting.

use support::{App, Received, form, with_header};
use tower::ServiceExt;
use tower_bearer::{CookieDelivery, MemoryStore};

/// The response to a login from a page of this origin, over a connection to this host.
async fn log_in(app: &App, origin: &str, host: &str) -> Received {
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    let request = with_header(
        with_header(form("/login", &credentials), "origin", origin),
        "host",
        host,
    );
    let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
    Received::read(endpoints.oneshot(request)).await
}

#[tokio::test]
async fn the_public_origin_takes_the_place_of_host() {
    let app = App::built(MemoryStore::new(), |sessions| {
        sessions.public_origin("https://app.example.com")
    });
    for host in ["10.0.0.5:8080", "app.example.com", "internal"] {
        assert_eq!(
            log_in(&app, "https://app.example.com", host).await.status,
            200,
            "{host}"
        );
    }
    for (origin, host) in [
        ("https://internal", "internal"),
        ("http://10.0.0.5:8080", "10.0.0.5:8080"),
        ("https://evil.test", "evil.test"),
        ("https://evil.test", "app.example.com"),
        ("http://app.example.com", "app.example.com"),
        ("https://app.example.com:8443", "app.example.com:8443"),
        ("null", "app.example.com"),
    ] {
        super::assert_cross_site(&log_in(&app, origin, host).await);
    }
}

#[tokio::test]
async fn without_a_public_origin_it_is_host() {
    let app = App::new();
    assert_eq!(
        log_in(&app, "https://app.example.com", "app.example.com")
            .await
            .status,
        200
    );
    super::assert_cross_site(&log_in(&app, "https://app.example.com", "10.0.0.5:8080").await);
}

#[tokio::test]
async fn a_default_port_and_a_dot_after_the_host_do_not_count() {
    let app = App::new();
    let public = App::built(MemoryStore::new(), |sessions| {
        sessions.public_origin("https://app.example.com")
    });
    for (origin, host) in [
        ("https://app.example.com", "app.example.com:443"),
        ("http://app.example.com", "app.example.com:80"),
        ("https://app.example.com", "app.example.com."),
        ("https://app.example.com.", "app.example.com"),
        ("https://app.example.com.", "app.example.com.:443"),
        ("https://app.example.com:8443", "app.example.com.:8443"),
    ] {
        let answer = log_in(&app, origin, host).await;
        assert_eq!(answer.status, 200, "{origin} {host} {answer:?}");
    }
    for origin in ["https://app.example.com.", "https://app.example.com:443"] {
        let answer = log_in(&public, origin, "internal").await;
        assert_eq!(answer.status, 200, "{origin} {answer:?}");
    }
    for (origin, host) in [
        ("https://app.example.com", "app.example.com:80"),
        ("http://app.example.com", "app.example.com:443"),
        ("https://app.example.com:8443", "app.example.com"),
        ("https://app.example.com", "app.example.com:8443"),
        ("https://evil.test", "app.example.com:443"),
        ("https://app.example.com.evil.test", "app.example.com."),
    ] {
        super::assert_cross_site(&log_in(&app, origin, host).await);
    }
    for origin in ["http://app.example.com.", "https://app.example.com:8443"] {
        super::assert_cross_site(&log_in(&public, origin, "app.example.com").await);
    }
}

#[tokio::test]
async fn a_listed_origin_is_compared_in_lower_case_and_as_a_whole() {
    let app = App::new();
    let cookies = CookieDelivery::new()
        .with_origin("https://APP.example.com")
        .unwrap();
    for (origin, status) in [
        ("https://app.example.com", 200),
        ("https://app.example.com:8443", 403),
        ("http://app.example.com", 403),
        ("https://evil.app.example.com", 403),
    ] {
        let credentials = [
            ("username", "alice"),
            ("password", "wonderland-7"),
            ("delivery", "cookie"),
        ];
        let request = with_header(form("/login", &credentials), "origin", origin);
        let endpoints = app.endpoints().with_cookies(cookies.clone());
        let answer = Received::read(endpoints.oneshot(request)).await;
        if status == 200 {
            assert_eq!(answer.status, 200, "{origin} {answer:?}");
        } else {
            super::assert_cross_site(&answer);
        }
    }
    for wildcard in ["*", "https://*", "https://*.example.com", "capacitor://*"] {
        let error = CookieDelivery::new().with_origin(wildcard).unwrap_err();
        assert!(error.to_string().contains("list each origin"), "{error}");
    }
}

#[tokio::test]
async fn other_pages_may_be_listed_beside_the_public_origin() {
    let app = App::built(MemoryStore::new(), |sessions| {
        sessions.public_origin("https://api.example.com")
    });
    let cookies = CookieDelivery::new()
        .with_origin("https://app.example.com")
        .unwrap();
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    for (origin, status) in [
        ("https://app.example.com", 200),
        ("https://api.example.com", 200),
        ("https://evil.example.com", 403),
    ] {
        let request = with_header(
            with_header(form("/login", &credentials), "origin", origin),
            "host",
            "internal",
        );
        let endpoints = app.endpoints().with_cookies(cookies.clone());
        assert_eq!(
            Received::read(endpoints.oneshot(request)).await.status,
            status,
            "{origin}"
        );
    }
}
