//! How often the client asks the server.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use support::{HOUR, MINUTE, SECOND};
use tower_bearer_client::{ClientErrorKind, MemoryTokenStore, SendOnce};

use tokio::sync::Notify;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

use crate::world::{Fault, REFRESH, World, me, request};

#[tokio::test(start_paused = true)]
async fn the_rest_after_a_failure_doubles_up_to_five_minutes() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let down = (0..12).map(|_| Fault::Respond(500, None, ""));
    world.line.faults(REFRESH, down);
    for (failures, rest) in (1..).zip([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]) {
        world.me().await.unwrap_err();
        let resting = world.me().await.unwrap_err();
        assert_eq!(resting.kind(), ClientErrorKind::Unavailable);
        let rest = Duration::from_secs(rest);
        assert_eq!(resting.retry_after(), Some(rest));
        assert_eq!(world.refreshes_sent(), failures);
        world.pass(rest);
    }
    assert_eq!(world.me().await.unwrap(), 200);
    world.pass(30 * MINUTE);
    world.line.faults(REFRESH, [Fault::Respond(500, None, "")]);
    world.me().await.unwrap_err();
    let resting = world.me().await.unwrap_err();
    assert_eq!(resting.retry_after(), Some(Duration::from_secs(1)));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_offline_rests_for_half_a_minute_at_most() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let lost = (0..3 * 8).map(|_| Fault::AnswerLost);
    world.line.faults(REFRESH, lost);
    for rest in [1, 2, 4, 8, 16, 30, 30] {
        world.me().await.unwrap_err();
        let resting = world.me().await.unwrap_err();
        let rest = Duration::from_secs(rest);
        assert_eq!(resting.retry_after(), Some(rest));
        world.pass(rest);
    }
    world.me().await.unwrap_err();
    world.me().await.unwrap_err();
    world.login.retry_now();
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 3 * 8 + 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_names_zero_is_not_asked_without_a_pause() {
    for status in [503, 429] {
        let world = World::new().await;
        world.pass(30 * MINUTE);
        let busy = (0..3 * 5).map(|_| Fault::Respond(status, Some("0"), ""));
        world.line.faults(REFRESH, busy);
        for (failures, rest) in (1..).zip([1, 2, 4, 8, 16]) {
            let started = Instant::now();
            world.me().await.unwrap_err();
            assert_eq!(started.elapsed(), Duration::from_millis(1500));
            let resting = world.me().await.unwrap_err();
            let rest = Duration::from_secs(rest);
            assert_eq!(resting.retry_after(), Some(rest));
            assert_eq!(world.refreshes_sent(), 3 * failures);
            world.pass(rest);
        }
        assert_eq!(world.me().await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_pause_that_the_server_asks_for_is_kept_whatever_the_user_does() {
    for (status, retry_after) in [(503, Some("90")), (429, Some("90")), (429, None)] {
        let world = World::new().await;
        world.pass(30 * MINUTE);
        let busy = Fault::Respond(status, retry_after, "");
        world.line.faults(REFRESH, [busy]);
        world.me().await.unwrap_err();
        world.login.retry_now();
        world.me().await.unwrap_err();
        assert_eq!(world.refreshes_sent(), 1);
    }
}

#[tokio::test]
async fn a_token_that_lives_no_longer_than_its_round_trip_serves_the_call_that_asked_for_it() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let answer = r#"{"access_token":"a","token_type":"Bearer","expires_in":0,"refresh_token":"b"}"#;
    let answers = (0..9).map(|_| Fault::Respond(200, None, answer));
    world.line.faults(REFRESH, answers);
    assert_eq!(world.login.authorization().await.unwrap(), "Bearer a");
    assert_eq!(world.refreshes_sent(), 1);
}

fn refusals() -> impl Iterator<Item = Fault> {
    (0..99).map(|_| Fault::Challenge("Bearer error=\"invalid_token\""))
}

#[tokio::test]
async fn an_api_that_refuses_every_token_does_not_make_each_call_a_refresh() {
    let world = World::new().await;
    world.line.faults("/me", refusals());
    for calls in 1..=5 {
        assert_eq!(world.me().await.unwrap(), 401);
        assert_eq!(world.refreshes_sent(), 1);
        assert_eq!(world.line.sent("/me").len(), calls + 1);
    }
    // Another API takes it.
    let elsewhere = request("/orders");
    let response = world.client.clone().oneshot(elsewhere).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(world.me().await.unwrap(), 401);
    assert_eq!(world.refreshes_sent(), 1);
    // One more attempt now and then.
    world.pass(10 * SECOND);
    for _ in 0..3 {
        assert_eq!(world.me().await.unwrap(), 401);
        assert_eq!(world.refreshes_sent(), 2);
    }
}

#[tokio::test]
async fn nor_do_two_processes_that_take_tokens_from_each_other() {
    let store = MemoryTokenStore::default();
    let world = World::on(store.clone()).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    let client = other.layer().layer(world.line.clone());
    world.line.faults("/me", refusals());
    for _ in 0..5 {
        assert_eq!(world.me().await.unwrap(), 401);
        assert_eq!(me(client.clone()).await.unwrap(), 401);
    }
    assert!(world.refreshes_sent() <= 2, "{}", world.refreshes_sent());
}

#[tokio::test]
async fn nor_does_it_where_requests_go_out_once() {
    let world = World::new().await;
    let client = world
        .login
        .layer()
        .resend(SendOnce)
        .layer(world.line.clone());
    world.line.faults("/me", refusals());
    for refreshes in [0, 1, 1, 1] {
        let response = client.clone().oneshot(request("/me")).await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(world.refreshes_sent(), refreshes);
    }
}

#[tokio::test]
async fn nor_where_another_api_takes_each_token_between_the_refusals() {
    let world = World::new().await;
    let once = world.login.layer().resend(SendOnce);
    let client = once.layer(world.line.clone());
    world.line.faults("/me", refusals());
    for calls in 1..=20 {
        for (path, status) in [("/me", 401), ("/orders", 200)] {
            let response = client.clone().oneshot(request(path)).await.unwrap();
            assert_eq!(response.status(), status);
        }
        world.clock.advance(SECOND);
        assert!(world.refreshes_sent() <= calls.min(6), "{calls}");
    }
}

#[tokio::test]
async fn a_late_refusal_of_an_older_token_does_not_hide_that_of_the_new_one() {
    let world = World::new().await;
    let once = world.login.layer().resend(SendOnce);
    let client = once.layer(world.line.clone());
    let call = async |refused: usize| {
        world.line.faults("/me", refusals().take(refused));
        let response = client.clone().oneshot(request("/me")).await.unwrap();
        response.status().as_u16()
    };
    let (line, gate) = (world.line.clone(), Arc::new(Notify::new()));
    let opened = Arc::clone(&gate);
    let slow = once.layer(service_fn(move |request| {
        let (line, opened) = (line.clone(), Arc::clone(&opened));
        async move {
            opened.notified().await;
            line.oneshot(request).await
        }
    }));
    let mut late = pin!(slow.oneshot(request("/me")));
    let waits = late.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(waits.is_pending());
    let statuses = (call(1).await, call(0).await, call(1).await);
    assert_eq!(statuses, (401, 200, 401));
    world.line.faults("/me", refusals().take(1));
    gate.notify_one();
    assert_eq!(late.await.unwrap().status(), 401);
    assert_eq!(world.refreshes_sent(), 1);
    assert_eq!((call(0).await, world.refreshes_sent()), (200, 2));
}

#[tokio::test]
async fn a_token_that_was_taken_and_is_refused_later_is_renewed_however_young_it_is() {
    let world = World::new().await;
    for refreshes in 1..=3 {
        // Only the server's clock goes on.
        world.server.clock.advance(HOUR);
        assert_eq!(world.me().await.unwrap(), 200);
        assert_eq!(world.refreshes_sent(), refreshes);
    }
}
