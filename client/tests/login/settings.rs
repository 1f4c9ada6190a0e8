//! Where tokens may go.

use support::{MINUTE, SECOND};
use tower::ServiceExt;
use tower_bearer_client::{ClientErrorKind, Login, Server};

use crate::world::{Fault, LOGIN, ORIGIN, REFRESH, World, request, with_authorization};

#[track_caller]
fn assert_refused(server: Result<Server, tower_bearer_client::ClientError>, cure: &str) {
    let refused = server.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Settings);
    assert!(refused.to_string().contains(cure), "{refused}");
}

#[test]
fn plain_http_is_for_loopback_unless_the_application_says_so() {
    for loopback in [
        "http://127.0.0.1:3000",
        "http://127.9.9.9",
        "http://localhost",
        "http://LOCALHOST:80",
        "http://[::1]:3000",
        "https://api.example.com",
    ] {
        Server::new(loopback, "/auth").unwrap();
    }
    for elsewhere in [
        "http://api.example.com",
        "http://10.0.0.1:3000",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
    ] {
        assert_refused(Server::new(elsewhere, "/auth"), "use https");
        Server::dangerous_over_plain_http(elsewhere, "/auth").unwrap();
        let server = Server::new(ORIGIN, "/auth").unwrap();
        assert_refused(server.also_at(elsewhere), "use https");
    }
}

#[test]
fn an_origin_has_no_path_no_query_and_no_user() {
    for origin in [
        "",
        "api.example.com",
        "https://",
        "ftp://api.example.com",
        "https://api.example.com/v1",
        "https://api.example.com?a",
        "https://alice:secret@api.example.com",
    ] {
        assert_refused(Server::new(origin, "/auth"), "a scheme, a host");
    }
}

#[test]
fn the_path_of_the_endpoints_is_a_path() {
    for path in [
        "auth",
        "@evil.example",
        ".evil.example",
        "/auth?a=",
        "/auth#a",
        "/a b",
    ] {
        assert_refused(Server::new(ORIGIN, path), "/auth");
    }
    for path in ["", "/", "/auth", "/auth/", "/api/v1/auth"] {
        Server::new(ORIGIN, path).unwrap();
    }
}

#[tokio::test]
async fn the_access_token_goes_to_every_origin_that_is_named_and_the_password_to_the_first() {
    let world = World::new().await;
    let server = Server::new(ORIGIN, "/auth/").unwrap();
    let server = server.also_at("https://files.example.com").unwrap();
    let login = Login::new(server, world.line.clone());
    login.log_in("alice", "wonderland-7").await.unwrap();
    let client = tower::Layer::layer(&login.layer(), world.line.clone());
    for (there, has_token) in [
        ("https://api.example.com/me", true),
        ("https://files.example.com/me", true),
        ("https://files.example.com:444/me", false),
        ("http://files.example.com/me", false),
        ("https://other.example.com/me", false),
    ] {
        client.clone().oneshot(request(there)).await.unwrap();
        let sent = world.line.sent("/me").pop().unwrap();
        assert_eq!(sent.authorization.is_some(), has_token, "{there}");
    }
    let sent = world.line.sent(LOGIN);
    assert!(sent.iter().all(|sent| sent.uri.starts_with(ORIGIN)));
}

#[tokio::test]
async fn only_its_own_origin_gets_the_token() {
    let world = World::new().await;
    for there in [
        "https://api.example.com/me",
        "https://API.example.com:443/me",
    ] {
        world.client.clone().oneshot(request(there)).await.unwrap();
        assert!(
            world
                .line
                .sent("/me")
                .pop()
                .unwrap()
                .authorization
                .is_some(),
            "{there}"
        );
    }
    for elsewhere in [
        "http://api.example.com/me",
        "http://api.example.com:443/me",
        "https://api.example.com:8443/me",
        "https://example.com/me",
        "https://api.example.com.evil.example/me",
        "https://api.example.com@evil.example/me",
        "https://evil.example/https://api.example.com/me",
    ] {
        let answer = world
            .client
            .clone()
            .oneshot(request(elsewhere))
            .await
            .unwrap();
        let sent = world.line.sent("/me").pop().unwrap();
        assert_eq!(
            (answer.status().as_u16(), sent.authorization),
            (401, None),
            "{elsewhere}"
        );
    }
    let mut relative = request("/me");
    *relative.uri_mut() = "/me".parse().unwrap();
    world.client.clone().oneshot(relative).await.unwrap();
    assert_eq!(world.line.sent("/me").pop().unwrap().authorization, None);
    assert_eq!(world.refreshes_sent(), 0);

    for no_origin in [
        "api.example.com",
        "/",
        "ftp://api.example.com",
        "https://api.example.com/v1",
        "https://a.example?b",
    ] {
        assert!(Server::new(no_origin, "/auth").is_err(), "{no_origin}");
    }
}

#[tokio::test]
async fn an_authorization_of_the_callers_own_is_left_alone() {
    let world = World::new().await;
    let theirs = with_authorization(request("/me"), "Bearer theirs");
    assert_eq!(
        world.client.clone().oneshot(theirs).await.unwrap().status(),
        401
    );
    let sent = world.line.sent("/me");
    assert_eq!(
        (sent.len(), sent[0].authorization.as_deref()),
        (1, Some("Bearer theirs"))
    );
    assert_eq!(world.refreshes_sent(), 0);
}

#[tokio::test]
async fn endpoints_at_another_path_are_an_error_that_names_the_path() {
    let world = World::new().await;
    let server = Server::new(ORIGIN, "/auth/v1").unwrap();
    let login = Login::new(server, world.line.clone());
    let refused = login.log_in("alice", "wonderland-7").await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Settings);
    let text = refused.to_string();
    assert!(
        text.contains("answered 404 to POST /auth/v1/login: is this endpoint mounted there"),
        "{text}"
    );
    assert_eq!(refused.reason(), None);
    // The tokens stay, as after any other failure.
    for status in [404, 405] {
        world.pass(30 * MINUTE);
        let fault = Fault::Respond(status, None, "");
        world.line.faults(REFRESH, [fault]);
        let failed = world.me().await.unwrap_err();
        assert_eq!(failed.kind(), ClientErrorKind::Settings);
        let text = failed.to_string();
        assert!(
            text.contains(&format!("{status} to POST {REFRESH}")),
            "{text}"
        );
        world.pass(SECOND);
        assert_eq!(world.me().await.unwrap(), 200);
    }
}
