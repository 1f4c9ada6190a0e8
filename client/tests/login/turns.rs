//! Refreshes and logouts that meet, and answers that leave something out.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use support::{Call, MINUTE, SECOND};
use tokio::time::Instant;
use tower::ServiceExt;
use tower_bearer::SessionPolicy;
use tower_bearer_client::{ClientError, ClientErrorKind, Login, MemoryTokenStore, Server};

use crate::world::{Fault, ORIGIN, REFRESH, World, request};

#[tokio::test]
async fn a_logout_waits_for_the_refresh_and_ends_its_session() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let pause = world.server.store.pause_at(Call::Replace);
    let call = tokio::spawn(world.client.clone().oneshot(request("/me")));
    pause.reached().await;
    let (logout, ()) = tokio::join!(world.login.log_out(), async { pause.go_on() });
    logout.unwrap();
    drop(call.await);
    assert!(!world.login.is_logged_in());
    let alice = "alice".into();
    assert!(world.server.sessions.list(&alice).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_refresh_ahead_of_time() {
    let world = World::new().await;
    world.pass(30 * MINUTE - 50 * SECOND);
    let silent = (0..3).map(|_| Fault::Silence);
    world.line.faults(REFRESH, silent);
    let started = Instant::now();
    for _ in 0..2 {
        for outcome in world.me_at_once(5).await {
            assert_eq!(outcome.unwrap(), 200);
        }
    }
    assert_eq!(started.elapsed().as_secs(), 0);
    assert_eq!(world.refreshes_sent(), 1);
    // It goes on without them.
    tokio::time::sleep(10 * SECOND + SECOND).await;
    assert_eq!(world.refreshes_sent(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_a_refresh_for_half_of_what_its_token_has_left() {
    let world = World::new().await;
    world.pass(30 * MINUTE - 20 * SECOND);
    let silent = (0..3).map(|_| Fault::Silence);
    world.line.faults(REFRESH, silent);
    let started = Instant::now();
    for outcome in world.me_at_once(5).await {
        assert_eq!(outcome.unwrap(), 200);
    }
    assert_eq!(started.elapsed().as_secs(), 10);
    // Without a token that serves it, it waits for the outcome.
    world.pass(20 * SECOND);
    let failed = world.me().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
    assert_eq!(started.elapsed().as_secs(), 31);
    assert_eq!(world.refreshes_sent(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_does_not_use_a_token_that_is_refused_meanwhile() {
    let world = World::new().await;
    let refused = world.login.authorization().await.unwrap();
    world.pass(30 * MINUTE - 20 * SECOND);
    world.line.faults(REFRESH, [Fault::Silence, Fault::Silence]);
    let started = Instant::now();
    let login = world.login.clone();
    let waits = tokio::spawn(async move { login.authorization().await });
    while world.refreshes_sent() == 0 {
        tokio::task::yield_now().await;
    }
    world.login.note_refused(&refused);
    assert_ne!(waits.await.unwrap().unwrap(), refused);
    assert_eq!(started.elapsed().as_secs(), 21);
}

#[tokio::test]
async fn a_thief_ends_the_login_and_the_client_hears_of_it() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    let stolen = world.line.sent(REFRESH).pop().unwrap().body;
    let stolen = stolen.split("refresh_token=").last().unwrap().to_owned();
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    world.pass(MINUTE);
    assert_eq!(world.server.refresh(&stolen).await.status, 400);

    let refused = world.me().await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::NotLoggedIn);
    assert_eq!(refused.reason(), Some("session_revoked"));
}

#[tokio::test]
async fn an_answer_without_a_refresh_token_leaves_the_old_one() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let answer = r#"{"access_token":"a","token_type":"Bearer","expires_in":1800}"#;
    world
        .line
        .faults(REFRESH, [Fault::Respond(200, None, answer)]);
    // The server does not know that access token, so it is refused, and the client refreshes again.
    assert_eq!(world.me().await.unwrap(), 200);
    let sent = world.line.sent(REFRESH);
    let [first, second] = &sent[..] else {
        panic!("{}", sent.len())
    };
    assert_eq!(first.body, second.body);
    assert_ne!(first.key, second.key, "another request");
}

/// A date of RFC 9110 is as good as seconds.
#[tokio::test(start_paused = true)]
async fn a_date_in_retry_after_is_respected() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    // The clock of the client began with the year 2026.
    let date = "Thu, 01 Jan 2026 00:30:07 GMT";
    world
        .line
        .faults(REFRESH, [Fault::Respond(503, Some(date), "")]);
    let started = Instant::now();
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(started.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_date_in_retry_after_is_measured_by_the_clock_of_the_server() {
    for (date, until) in [
        // The client is a day behind, and a day ahead.
        (
            "Fri, 02 Jan 2026 00:30:00 GMT",
            "Fri, 02 Jan 2026 00:30:07 GMT",
        ),
        (
            "Wed, 31 Dec 2025 00:30:00 GMT",
            "Wed, 31 Dec 2025 00:30:07 GMT",
        ),
        ("yesterday", "Thu, 01 Jan 2026 00:30:07 GMT"),
        ("Fri, 02 Jan 2026 00:30:00 GMT", "7"),
    ] {
        let world = World::new().await;
        world.pass(30 * MINUTE);
        world.line.faults(REFRESH, [Fault::Busy(date, until)]);
        let started = Instant::now();
        assert_eq!(world.me().await.unwrap(), 200, "{date}");
        assert_eq!(started.elapsed().as_secs(), 7, "{date}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_429_is_not_asked_again_before_its_time() {
    for (retry_after, wait) in [(None, 60), (Some("90"), 90)] {
        let world = World::new().await;
        world.pass(30 * MINUTE);
        let busy = Fault::Respond(429, retry_after, "");
        world.line.faults(REFRESH, [busy]);
        let failed = world.me().await.unwrap_err();
        assert_eq!(failed.kind(), ClientErrorKind::TooManyAttempts);
        world.pass((wait - 1) * SECOND);
        let failed = world.me().await.unwrap_err();
        assert_eq!(failed.retry_after(), Some(SECOND));
        assert_eq!(world.refreshes_sent(), 1);
        world.pass(SECOND);
        assert_eq!(world.me().await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_denied_refresh_says_why_and_keeps_the_tokens() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let denied = r#"{"error":"access_denied","reason":"not_paid"}"#;
    world
        .line
        .faults(REFRESH, [Fault::Respond(403, None, denied)]);
    let refused = world.me().await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Denied);
    assert_eq!(refused.reason(), Some("not_paid"));
    world.pass(SECOND);
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test]
async fn what_is_no_http_client_gets_a_fresh_header_too() {
    let world = World::new().await;
    let before = world.login.authorization().await.unwrap();
    world.pass(30 * MINUTE);
    let after = world.login.authorization().await.unwrap();
    assert!(before != after && after.is_sensitive());
    assert_eq!(world.refreshes_sent(), 1);
}

#[test]
fn a_refresh_outside_a_runtime_is_an_error_that_names_the_cure() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::new());
    world.pass(30 * MINUTE);
    let mut call = pin!(world.login.authorization());
    let Poll::Ready(outcome) = call.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it would wait for ever")
    };
    let refused = outcome.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Settings);
    assert!(refused.to_string().contains("tokio"));
}

fn assert_needs_runtime<T>(call: impl Future<Output = Result<T, ClientError>>) {
    let mut call = pin!(call);
    let outcome = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(refused)) = outcome else {
        panic!("it waits, or works")
    };
    assert_eq!(refused.kind(), ClientErrorKind::Settings);
    assert!(refused.to_string().contains("tokio"), "{refused}");
}

#[test]
fn every_call_outside_a_runtime_is_an_error_and_sends_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for has_store in [false, true] {
        let store = MemoryTokenStore::default();
        let world = runtime.block_on(World::with(SessionPolicy::default(), |builder| {
            if has_store {
                builder.store(store.clone())
            } else {
                builder
            }
        }));
        let sent = world.line.sent("").len();
        assert_needs_runtime(world.login.log_in("alice", "wonderland-7"));
        assert_needs_runtime(world.login.reauthenticate(&[("username", "alice")]));
        assert_needs_runtime(world.login.log_out());
        let builder = Login::builder(Server::new(ORIGIN, "/auth").unwrap());
        assert_needs_runtime(builder.store(store.clone()).open(world.line.clone()));
        if has_store {
            assert_needs_runtime(world.login.reload());
            assert_needs_runtime(world.login.forget());
        }
        assert_eq!(world.line.sent("").len(), sent);
    }
}
