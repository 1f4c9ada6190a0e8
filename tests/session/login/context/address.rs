//! The client's address: where it comes from, and which sessions know it.

use axum::body::Body;
use http::Request;
use support::{form, log_in_form, with_header};
use tower_bearer::Identity;
use tower_bearer::edge::ClientAddress;
use tower_bearer::session::RequestContext;

use super::{Connection, address, adorned, context, seen, watched};

#[tokio::test]
async fn nothing_tells_the_address_unless_the_application_does() {
    let (app, looks) = watched(|sessions| sessions);
    let mut request = log_in_form();
    for (name, value) in [
        ("x-forwarded-for", "203.0.113.9"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
    ] {
        request = with_header(request, name, value);
    }
    app.send(request).await.tokens();
    assert_eq!(looks.address(), None);
}

#[tokio::test]
async fn the_address_is_what_the_closure_finds_and_without_one_the_extension() {
    let mapped = "::ffff:192.0.2.8";
    let found = |parts: &http::request::Parts| {
        parts
            .extensions
            .get::<Connection>()
            .map(|_| "198.51.100.3".parse().unwrap())
    };
    let cases: [(&str, Option<&str>); 2] = [
        ("192.0.2.8", Some("192.0.2.8")),
        (mapped, Some("192.0.2.8")),
    ];
    for (said, expected) in cases {
        let (app, looks) = watched(|sessions| sessions);
        let mut request = log_in_form();
        request
            .extensions_mut()
            .insert(ClientAddress::new(address(said)));
        app.send(request).await.tokens();
        assert_eq!(looks.address(), expected.map(address));
    }
    let (app, looks) = watched(|sessions| sessions.client_address(found));
    app.send(adorned(log_in_form())).await.tokens();
    assert_eq!(looks.address(), Some(address("198.51.100.3")));
}

#[tokio::test]
async fn the_headers_of_a_trusted_proxy_count_and_those_of_nobody_else() {
    let (app, looks) = watched(|sessions| sessions.trusted_proxies(["10.0.0.0/8", "::1"]));
    for (peer, headers, expected) in [
        (
            "10.1.2.3",
            &[("x-forwarded-for", "203.0.113.9")][..],
            "203.0.113.9",
        ),
        // The client's own values are to the left of the proxy's.
        (
            "10.1.2.3",
            &[("x-forwarded-for", "127.0.0.1, 203.0.113.9")],
            "203.0.113.9",
        ),
        (
            "10.1.2.3",
            &[("x-forwarded-for", "203.0.113.9, 10.9.9.9")],
            "203.0.113.9",
        ),
        (
            "::1",
            &[("forwarded", "for=\"[2001:db8::5]:4711\";proto=https")],
            "2001:db8::5",
        ),
        ("10.1.2.3", &[], "10.1.2.3"),
        (
            "192.0.2.7",
            &[
                ("x-forwarded-for", "203.0.113.9"),
                ("forwarded", "for=203.0.113.9"),
            ],
            "192.0.2.7",
        ),
    ] {
        let mut request = log_in_form();
        request
            .extensions_mut()
            .insert(ClientAddress::new(address(peer)));
        for (name, value) in headers {
            request = with_header(request, name, value);
        }
        let tokens = app.send(request).await.tokens();
        assert_eq!(
            looks.address(),
            Some(address(expected)),
            "{peer} {headers:?}"
        );

        // The same is true for a refresh.
        let mut request = form("/refresh", &[("refresh_token", &tokens.refresh)]);
        request
            .extensions_mut()
            .insert(ClientAddress::new(address(peer)));
        for (name, value) in headers {
            request = with_header(request, name, value);
        }
        app.send(request).await.tokens();
        assert_eq!(
            looks.address(),
            Some(address(expected)),
            "{peer} {headers:?}"
        );
    }
}

#[tokio::test]
async fn a_session_that_is_started_knows_the_clients_address() {
    let (app, looks) = watched(|sessions| sessions.trusted_proxies(["10.0.0.0/8"]));
    let callback = context(adorned(
        Request::get("/callback").body(Body::empty()).unwrap(),
    ));
    app.sessions
        .start(Identity::new("alice").with_context(callback))
        .await
        .unwrap();
    assert_eq!(looks.take(), [("authorize", seen("/callback"))]);

    let mut request = with_header(
        Request::get("/callback").body(Body::empty()).unwrap(),
        "x-forwarded-for",
        "203.0.113.9",
    );
    request
        .extensions_mut()
        .insert(ClientAddress::new(address("10.1.2.3")));
    app.sessions
        .start(Identity::new("alice").with_context(context(request)))
        .await
        .unwrap();
    assert_eq!(looks.address(), Some(address("203.0.113.9")));
}

#[tokio::test]
async fn an_identity_with_the_request_of_its_login_keeps_the_clients_address() {
    let (app, looks) = watched(|sessions| sessions);
    app.users.authenticate_as(|login| {
        let context = RequestContext::from(login.context().unwrap().parts());
        Identity::new(login.username()).with_context(context).into()
    });
    app.send(adorned(log_in_form())).await.tokens();
    assert_eq!(looks.take(), [("authorize", seen("/login"))]);
}
