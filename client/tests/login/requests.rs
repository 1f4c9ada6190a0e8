//! The client, against the real endpoints and the layer: one refresh, ahead of time, and one
//! repeat.

use http_body_util::BodyExt;
use support::{Call, HOUR, MINUTE, SECOND};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, ServiceExt};
use tower_bearer::SessionPolicy;

use crate::world::{Fault, REFRESH, World, at_once, marks, request, with_authorization};
use tower_bearer_client::{ClientErrorKind, Clock, Server};

const INVALID_TOKEN: &str =
    "Bearer error=\"invalid_token\", error_description=\"the session has ended\"";

#[tokio::test]
async fn many_calls_at_once_make_one_refresh() {
    let world = World::new().await;
    for round in 1..=3 {
        world.pass(30 * MINUTE);
        for outcome in world.me_at_once(20).await {
            assert_eq!(outcome.unwrap(), 200);
        }
        assert_eq!(
            (world.refreshes_sent(), world.login.refreshes()),
            (round, round as u64)
        );
    }
    assert_eq!(world.line.sent("/me").len(), 60, "nobody was refused");
}

#[tokio::test]
async fn the_token_is_renewed_a_minute_before_its_end() {
    let world = World::new().await;
    world.pass(30 * MINUTE - MINUTE - SECOND);
    assert_eq!(
        (world.me().await.unwrap(), world.refreshes_sent()),
        (200, 0)
    );
    world.pass(SECOND);
    assert_eq!(
        (world.me().await.unwrap(), world.refreshes_sent()),
        (200, 1)
    );
    assert_eq!(
        (world.me().await.unwrap(), world.refreshes_sent()),
        (200, 1)
    );
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_one_refresh_and_no_refusal() {
    let world = World::new().await;
    let day = 24 * HOUR;
    world.clock.set(world.clock.now() - day);
    world.server.clock.advance(HOUR);
    for _ in 0..3 {
        assert_eq!(world.me().await.unwrap(), 200);
    }
    assert_eq!(
        (world.refreshes_sent(), world.line.sent("/me").len()),
        (1, 3)
    );
    // What NTP corrects is not worth a refresh.
    world.clock.set(world.clock.now() - SECOND);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 1);
    world.clock.set(world.clock.now() + day);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 2);
}

#[tokio::test]
async fn one_that_lives_shortly_is_renewed_in_the_last_tenth() {
    let policy = SessionPolicy::default()
        .with_access_token_lifetime(100 * SECOND)
        .unwrap();
    let world = World::with_policy(policy).await;
    world.pass(89 * SECOND);
    assert_eq!(
        (world.me().await.unwrap(), world.refreshes_sent()),
        (200, 0)
    );
    world.pass(SECOND);
    assert_eq!(
        (world.me().await.unwrap(), world.refreshes_sent()),
        (200, 1)
    );
}

#[tokio::test]
async fn a_401_makes_one_refresh_and_the_request_goes_out_again_with_its_body() {
    let world = World::new().await;
    // The client's clock is behind.
    world.server.clock.advance(HOUR);
    let response = world.client.clone().oneshot(request("/me")).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.into_body().collect().await.unwrap().to_bytes(),
        "hello"
    );
    let sent = world.line.sent("/me");
    assert_eq!((sent.len(), world.refreshes_sent()), (2, 1));
    assert_ne!(sent[0].authorization, sent[1].authorization);

    world.server.clock.advance(HOUR);
    assert!(
        world
            .me_at_once(10)
            .await
            .into_iter()
            .all(|outcome| outcome.unwrap() == 200)
    );
    assert_eq!(
        (world.line.sent("/me").len(), world.refreshes_sent()),
        (22, 2),
        "ten refused, one refresh, ten repeated"
    );
}

#[tokio::test]
async fn a_second_401_is_the_callers() {
    let world = World::new().await;
    world.line.faults(
        "/me",
        [
            Fault::Challenge(INVALID_TOKEN),
            Fault::Challenge(INVALID_TOKEN),
        ],
    );
    assert_eq!(world.me().await.unwrap(), 401);
    assert_eq!(
        (world.line.sent("/me").len(), world.refreshes_sent()),
        (2, 1)
    );
}

#[tokio::test]
async fn only_a_401_that_calls_the_token_invalid_is_repeated() {
    for (challenge, sent) in [
        ("Bearer", 1),
        ("Bearer error=\"insufficient_scope\"", 1),
        ("Basic error=\"invalid_token\"", 1),
        ("Bearer realm=\"a, error=invalid_token\"", 1),
        ("bearer error=invalid_token", 2),
        ("Bearer error = \"invalid_token\"", 2),
        ("Bearer realm = \"a\" , error\t=\tinvalid_token", 2),
        ("Bearer realm=\"a\\\", b\", error=\"invalid_token\"", 2),
        ("Bearer realm=\"a\\\", error=invalid_token, \"", 1),
        ("Bearer realm=\"a\", Basic error = \"invalid_token\"", 1),
        ("Bearer realm=\"a, b c\", error=\"invalid_token\"", 2),
        (
            "Basic realm=\"a, b\", Bearer scope=\"x\", error=\"invalid_token\"",
            2,
        ),
    ] {
        let world = World::new().await;
        world.line.faults("/me", [Fault::Challenge(challenge)]);
        assert_eq!(
            world.me().await.unwrap(),
            if sent == 2 { 200 } else { 401 },
            "{challenge}"
        );
        assert_eq!(
            (world.line.sent("/me").len(), world.refreshes_sent()),
            (sent, sent - 1),
            "{challenge}"
        );
    }
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
async fn a_limit_on_concurrency_inside_does_not_stop_the_refresh() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let limited = world
        .login
        .layer()
        .layer(ConcurrencyLimitLayer::new(1).layer(world.line.clone()));
    assert!(
        at_once(&limited, 5)
            .await
            .into_iter()
            .all(|outcome| outcome.unwrap() == 200)
    );
    assert_eq!(world.refreshes_sent(), 1);
}

#[tokio::test]
async fn a_caller_who_hangs_up_takes_nobodys_refresh_along() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let pause = world.server.store.pause_at(Call::Replace);
    let caller = tokio::spawn(world.client.clone().oneshot(request("/me")));
    pause.reached().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    let (next, ()) = tokio::join!(world.me(), async { pause.go_on() });
    assert_eq!(
        (
            next.unwrap(),
            world.refreshes_sent(),
            world.login.refreshes()
        ),
        (200, 1, 1)
    );
}

#[tokio::test]
async fn nothing_shows_a_token() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let leak = r#"{"token_type":"Bearer","access_token":"eyJleak",
                   "expires_in":"eyJleak","refresh_token":"rt1_leak"}"#;
    world
        .line
        .faults(REFRESH, [Fault::Respond(200, None, leak)]);
    let failed = world.me().await.unwrap_err();
    world.pass(MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    let layer = world.login.layer();
    let debug = format!("{:?} {layer:?} {:?}", world.client, world.login);
    world.line.faults("/me", [Fault::Challenge(INVALID_TOKEN)]);
    world.line.faults(REFRESH, [Fault::Repeat("refresh_token")]);
    let refused = world.me().await.unwrap_err();

    let sent = world.line.sent("/me").pop().unwrap();
    let access = sent.authorization.unwrap().split_off("Bearer ".len());
    let presented = world.line.sent(REFRESH).pop().unwrap();
    let refresh = presented
        .body
        .split("refresh_token=")
        .last()
        .unwrap()
        .to_owned();
    let key = presented.key.unwrap();
    let errors = [failed, refused]
        .map(|error| format!("{error} {error:?} {:?}", std::error::Error::source(&error)));
    for shown in [
        &debug,
        &errors[0],
        &errors[1],
        &sent.headers,
        &presented.headers,
    ] {
        for secret in [&*access, &*refresh, &*key, "eyJ", "rt1_", "leak"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    assert!(
        refresh.starts_with("rt1_") && debug.contains("[redacted]"),
        "{debug}"
    );
}

#[tokio::test]
async fn after_the_logout_nobody_is_logged_in() {
    let world = World::new().await;
    assert_eq!(world.me().await.unwrap(), 200);
    world.login.log_out().await.unwrap();
    let refused = world.me().await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::NotLoggedIn);
    assert_eq!(world.line.sent("/me").len(), 1);
    assert!(
        world
            .server
            .sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .is_empty()
    );
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test]
async fn a_login_sends_the_mark_that_the_last_one_left_whatever_came_between() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    world.login.log_out().await.unwrap();
    world.login.log_in("alice", "guessed").await.unwrap_err();
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    let sent = marks(&world);
    let [first, after_logout, after_refusal, after_login] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!(*first, None);
    assert!(
        after_logout.as_ref().unwrap().starts_with("dm1_"),
        "{sent:?}"
    );
    assert_eq!(after_logout, after_refusal);
    // Each login makes another one.
    assert!(
        after_login.as_ref().unwrap().starts_with("dm1_"),
        "{sent:?}"
    );
    assert_ne!(after_refusal, after_login);
    let mark = after_login.as_ref().unwrap();
    assert!(!format!("{:?}", world.client).contains(mark));
}

#[tokio::test]
async fn strangers_who_guess_do_not_lock_the_client_out() {
    let world = World::new().await;
    let stranger = world.another(|builder| builder).await;
    for _ in 0..40 {
        stranger.log_in("alice", "guessed").await.unwrap_err();
    }
    let refused = stranger.log_in("alice", "wonderland-7").await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::TooManyAttempts);
    assert!(refused.retry_after().unwrap() > SECOND, "{refused:?}");
    world.login.log_in("alice", "wonderland-7").await.unwrap();
}
