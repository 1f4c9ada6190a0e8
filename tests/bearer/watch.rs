//! A long connection sees when its access token ends, and when its session does.

mod without_sessions;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use http::{Extensions, Request, Response};
use support::{
    MILLISECOND, MINUTE, SlowUsers, ask, at_once, bearer_of, log_in, process, sessions_of,
    with_authorization, without_token,
};
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::{AccessTokenWatch, EndReason};
use tower_bearer::clock::Clock;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, Grant, Identity, MemoryStore, Secret};

/// The watch over a request, as its handler gets it.
async fn watch(layer: &BearerAuthLayer, request: Request<String>) -> Option<AccessTokenWatch> {
    let watch = Arc::new(Mutex::new(None));
    let handler = service_fn(async |request: Request<String>| {
        *watch.lock().unwrap() = AccessTokenWatch::from_extensions(request.extensions());
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    assert_eq!(
        layer
            .layer(handler)
            .oneshot(request)
            .await
            .expect("infallible")
            .status(),
        200
    );
    watch.lock().unwrap().take()
}

async fn watch_over(layer: &BearerAuthLayer, authorization: &str) -> AccessTokenWatch {
    watch(layer, with_authorization(authorization))
        .await
        .expect("a watch")
}

/// Waits in a task of its own, and has begun to.
async fn waiting(watch: &AccessTokenWatch) -> tokio::task::JoinHandle<EndReason> {
    let watch = watch.clone();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let task = tokio::spawn(async move {
        let mut ended = pin!(watch.ended());
        let first = std::future::poll_fn(|cx| Poll::Ready(ended.as_mut().poll(cx))).await;
        assert!(first.is_pending(), "it has ended already");
        begun.send(()).expect("somebody waits");
        ended.await
    });
    has_begun.await.expect("it has begun");
    task
}

#[tokio::test]
async fn it_ends_at_the_end_of_the_token_without_leeway() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let token = format!(
        "Bearer {}",
        tokens
            .token(
                &Identity::new("alice"),
                &Grant::new(),
                Duration::from_secs(300)
            )
            .secret()
    );
    let watch = watch_over(&layer, &token).await;
    assert_eq!(watch.claims().subject().as_str(), "alice");
    assert_eq!(
        watch.claims().expires_at(),
        tokens.clock().now() + Duration::from_secs(300)
    );
    tokens
        .clock()
        .advance(Duration::from_secs(300) - MILLISECOND);
    assert_eq!(watch.end_reason(), None);
    assert!(at_once(watch.ended()).is_none());
    tokens.clock().advance(MILLISECOND);
    assert_eq!(
        (watch.end_reason(), watch.ended().await),
        (Some(EndReason::Expired), EndReason::Expired)
    );
    // The layer itself lets it in for a minute more: it is over for the watch from the beginning.
    let late = watch_over(&layer, &token).await;
    assert_eq!(
        (late.end_reason(), late.ended().await),
        (Some(EndReason::Expired), EndReason::Expired)
    );
}

/// The clock of the runtime is paused: what is waited for takes no time, and the runtime says how
/// long it was.
#[tokio::test(start_paused = true)]
async fn whoever_waits_is_woken_when_the_token_ends() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    for lifetime in [
        Duration::from_secs(5),
        Duration::from_secs(90),
        Duration::from_secs(1800),
    ] {
        let token = format!(
            "Bearer {}",
            tokens
                .token(&Identity::new("alice"), &Grant::new(), lifetime)
                .secret()
        );
        let waiting = waiting(&watch_over(&layer, &token).await).await;
        let before = Instant::now();
        tokens.clock().advance(lifetime);
        assert_eq!(waiting.await.unwrap(), EndReason::Expired);
        // The clock of the test runs ahead of the runtime's: that is seen within a minute.
        assert!(
            before.elapsed() <= lifetime.min(Duration::from_secs(61)),
            "{:?}",
            before.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_logout_wakes_whoever_waits_at_once() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    for way in ["refresh token", "access token", "everywhere", "by its id"] {
        let pair = log_in(&sessions, "alice").await;
        let watch = watch_over(&sessions.layer(), &bearer_of(&pair)).await;
        let (one, another) = (waiting(&watch).await, waiting(&watch.clone()).await);
        let before = Instant::now();
        match way {
            "refresh token" => sessions
                .log_out(pair.refresh_token().unwrap().secret())
                .await
                .map(drop)
                .unwrap(),
            "access token" => sessions
                .log_out(pair.access_token().secret())
                .await
                .map(drop)
                .unwrap(),
            "everywhere" => assert!(
                sessions
                    .log_out_everywhere(&"alice".into())
                    .await
                    .unwrap()
                    .count()
                    > 0
            ),
            _ => assert!(
                sessions
                    .revoke(&"alice".into(), watch.claims().session_id().unwrap())
                    .await
                    .unwrap()
                    .any()
            ),
        }
        assert_eq!(
            (one.await.unwrap(), another.await.unwrap()),
            (EndReason::SessionRevoked, EndReason::SessionRevoked),
            "{way}"
        );
        assert_eq!(before.elapsed(), Duration::ZERO, "{way}");
        assert_eq!(watch.end_reason(), Some(EndReason::SessionRevoked));
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_another_session_wakes_nobody() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let (mine, other, bobs) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "alice").await,
        log_in(&sessions, "bob").await,
    );
    let watch = watch_over(&sessions.layer(), &bearer_of(&mine)).await;
    let waiting = waiting(&watch).await;
    for pair in [&other, &bobs] {
        sessions
            .log_out(pair.refresh_token().unwrap().secret())
            .await
            .unwrap();
        // The watch has been woken, has looked, and waits again.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished());
        assert_eq!(watch.end_reason(), None);
    }
    sessions
        .log_out(mine.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(waiting.await.unwrap(), EndReason::SessionRevoked);
}

/// A refresh gives a new access token and ends no session: the old one counts until it expires.
#[tokio::test]
async fn a_refresh_ends_nothing_and_theft_does() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let first = log_in(&sessions, "alice").await;
    let watch = watch_over(&sessions.layer(), &bearer_of(&first)).await;
    tokens.clock().advance(MINUTE);
    let second = sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap();
    tokens.clock().advance(MINUTE);
    let third = sessions
        .refresh(second.refresh_token().unwrap().clone())
        .await
        .unwrap();
    ask(&sessions.layer(), &bearer_of(&third))
        .await
        .assert_passed("alice");
    assert_eq!(watch.end_reason(), None);
    let waiting = waiting(&watch).await;
    sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap_err();
    assert_eq!(waiting.await.unwrap(), EndReason::SessionRevoked);
}

#[tokio::test(start_paused = true)]
async fn a_logout_on_another_process_is_heard_of_within_a_second() {
    let (tokens, secret, store) = (
        TestTokens::new(),
        Secret::random().unwrap(),
        Arc::new(MemoryStore::new()),
    );
    let process = || process(&tokens, &secret, Arc::clone(&store));
    let (here, there) = (process(), process());
    let pair = log_in(&here, "alice").await;
    let waiting = waiting(&watch_over(&there.layer(), &bearer_of(&pair)).await).await;
    // The watch alone keeps that process listening: its sessions and its layer are gone.
    drop(there);
    let before = Instant::now();
    here.log_out(pair.access_token().secret()).await.unwrap();
    assert_eq!(waiting.await.unwrap(), EndReason::SessionRevoked);
    assert!(
        before.elapsed() <= Duration::from_millis(1010),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test]
async fn what_happened_before_anybody_waited_is_seen() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let pair = log_in(&sessions, "alice").await;
    let watch = watch_over(&sessions.layer(), &bearer_of(&pair)).await;
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(
        (watch.end_reason(), watch.ended().await),
        (Some(EndReason::SessionRevoked), EndReason::SessionRevoked)
    );
}

/// A missed logout would only be seen after a minute, when the watch looks again.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_logout_is_missed_by_those_who_begin_to_wait_meanwhile() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    for _ in 0..50 {
        let pair = log_in(&sessions, "alice").await;
        let watch = watch_over(&sessions.layer(), &bearer_of(&pair)).await;
        let waiting: Vec<_> = (0..8)
            .map(|_| {
                tokio::spawn({
                    let watch = watch.clone();
                    async move { watch.ended().await }
                })
            })
            .collect();
        sessions
            .log_out(pair.refresh_token().unwrap().secret())
            .await
            .unwrap();
        for task in waiting {
            let end = tokio::time::timeout(Duration::from_secs(30), task)
                .await
                .expect("it was missed");
            assert_eq!(end.unwrap(), EndReason::SessionRevoked);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn it_may_be_given_up_and_asked_again() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let pair = log_in(&sessions, "alice").await;
    let watch = watch_over(&sessions.layer(), &bearer_of(&pair)).await;
    for _ in 0..3 {
        assert!(at_once(watch.ended()).is_none());
    }
    let waiting = waiting(&watch).await;
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(
        (waiting.await.unwrap(), watch.ended().await),
        (EndReason::SessionRevoked, EndReason::SessionRevoked)
    );
}

#[tokio::test]
async fn there_is_a_watch_where_a_token_was_let_through_and_nowhere_else() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let alice = tokens.bearer("alice");
    for layer in [
        layer.clone(),
        layer.clone().optional(),
        layer.clone().with_user_loader(SlowUsers),
    ] {
        assert_eq!(watch_over(&layer, &alice).await.end_reason(), None);
    }
    assert!(
        watch(&layer.clone().optional(), without_token())
            .await
            .is_none()
    );
    assert!(
        watch(
            &layer.optional().with_user_loader(SlowUsers),
            without_token()
        )
        .await
        .is_none()
    );
    assert!(AccessTokenWatch::from_extensions(&Extensions::new()).is_none());
    assert!(AccessTokenWatch::from_extensions(with_authorization(&alice).extensions()).is_none());
}
