//! The client, against the real endpoints and the layer: one refresh, ahead of time, and one
//! repeat.

use http_body_util::BodyExt;
use support::{Call, HOUR, MINUTE, SECOND};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, ServiceExt};
use tower_bearer::SessionPolicy;

use crate::world::{Fault, REFRESH, World, at_once, request};
use tower_bearer_client::Clock;

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
    let policy = SessionPolicy::default().with_access_token_lifetime(100 * SECOND);
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
