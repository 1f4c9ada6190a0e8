//! A process without requests: how rarely it asks its store, and that its next request still hears
//! of every logout. In virtual time.

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use http::{Request, Response};
use support::{
    Accounts, Call, FailingStore, HOUR, MILLISECOND, SECOND, StoreFault, ask, bearer_of, process,
    with_authorization,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::{AccessTokenWatch, EndReason};
use tower_bearer::session::{IdlePulls, StoreOutage};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, Identity, MemoryStore, Secret, Sessions};

struct Node {
    tokens: TestTokens,
    store: FailingStore,
    sessions: Sessions,
    layer: BearerAuthLayer,
    bearer: String,
    /// The process on which the user logs out.
    elsewhere: Sessions,
}

impl Node {
    async fn new(idle: IdlePulls, outage: StoreOutage) -> Self {
        let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
        let store = FailingStore::new(MemoryStore::new());
        let elsewhere = process(&tokens, &secret, store.inner());
        let sessions = tokens
            .sessions(Accounts::everybody(), store.clone())
            .secret(secret)
            .store_outage(outage)
            .idle_pulls(idle)
            .build()
            .unwrap();
        let pair = elsewhere.start(Identity::new("alice")).await.unwrap();
        let (layer, bearer) = (sessions.layer(), bearer_of(&pair));
        ask(&layer, &bearer).await.assert_passed("alice");
        Self {
            tokens,
            store,
            sessions,
            layer,
            bearer,
            elsewhere,
        }
    }

    async fn with(idle: IdlePulls) -> Self {
        Self::new(idle, StoreOutage::default()).await
    }

    /// Both clocks: that of the tokens, and that of the runtime, on which the background lives.
    async fn pass(&self, time: Duration) {
        self.tokens.clock().advance(time);
        tokio::time::sleep(time).await;
    }

    async fn log_out_others(&self) {
        let token = self.bearer.trim_start_matches("Bearer ");
        self.elsewhere.log_out(token).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn without_requests_the_store_is_asked_every_fifteen_seconds() {
    let node = Node::with(IdlePulls::default()).await;
    node.pass(30 * SECOND).await;
    node.store.take_calls();
    node.pass(150 * SECOND).await;
    assert_eq!(node.store.take_calls(), [Call::RevokedSince; 10]);
}

#[tokio::test(start_paused = true)]
async fn with_requests_the_store_is_asked_every_second() {
    for idle in [IdlePulls::default(), IdlePulls::never()] {
        let node = Node::with(idle).await;
        node.store.take_calls();
        for _ in 0..12 {
            node.pass(5 * SECOND).await;
            ask(&node.layer, &node.bearer).await.assert_passed("alice");
        }
        let pulls = node.store.calls_of(Call::RevokedSince);
        assert!((58..=62).contains(&pulls), "{pulls} pulls in a minute");
    }
}

#[tokio::test(start_paused = true)]
async fn an_application_chooses_how_rarely_and_after_what_time() {
    let idle = IdlePulls::every(60 * SECOND).after(30 * SECOND);
    let node = Node::with(idle).await;
    node.pass(29 * SECOND).await;
    let pulls = node.store.calls_of(Call::RevokedSince);
    assert!(pulls >= 28, "{pulls} pulls before it was idle");
    node.pass(5 * SECOND).await;
    node.store.take_calls();
    node.pass(600 * SECOND).await;
    assert_eq!(node.store.calls_of(Call::RevokedSince), 10);
}

// requirement 53
#[tokio::test(start_paused = true)]
async fn the_first_request_after_an_idle_time_hears_of_a_logout_elsewhere() {
    for idle in [IdlePulls::default(), IdlePulls::never()] {
        let node = Node::with(idle).await;
        node.pass(60 * SECOND + 7 * MILLISECOND).await;
        node.log_out_others().await;
        ask(&node.layer, &node.bearer).await.assert_refused(
            401,
            "invalid_token",
            "session_revoked",
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_request_after_an_idle_time_hears_within_a_second() {
    let node = Node::with(IdlePulls::never()).await;
    node.pass(60 * SECOND).await;
    ask(&node.layer, &node.bearer).await.assert_passed("alice");
    node.log_out_others().await;
    node.pass(1010 * MILLISECOND).await;
    ask(&node.layer, &node.bearer)
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

#[tokio::test(start_paused = true)]
async fn of_many_first_requests_after_an_idle_time_one_asks_the_store() {
    let node = Node::with(IdlePulls::never()).await;
    node.pass(60 * SECOND).await;
    node.store.take_calls();
    let asks = node.store.pause_at(Call::RevokedSince);
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let (layer, bearer) = (node.layer.clone(), node.bearer.clone());
            tokio::spawn(async move { ask(&layer, &bearer).await.assert_passed("alice") })
        })
        .collect();
    asks.reached().await;
    asks.go_on();
    for request in requests {
        request.await.unwrap();
    }
    // The new subscription begins with a pull too.
    let pulls = node.store.calls_of(Call::RevokedSince);
    assert!(pulls <= 2, "{pulls} pulls for fifty requests");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_may_sleep_is_not_asked_at_all_until_the_next_request() {
    let node = Node::with(IdlePulls::never()).await;
    node.pass(15 * SECOND).await;
    assert!(
        node.store.take_calls().contains(&Call::Rest),
        "the store was not told to close what it has open"
    );
    // No pull, no clean-up, and nothing that an announcement wakes.
    tokio::time::sleep(24 * HOUR).await;
    node.store.announce();
    tokio::time::sleep(HOUR).await;
    assert_eq!(node.store.take_calls(), []);

    ask(&node.layer, &node.bearer).await.assert_passed("alice");
    tokio::time::sleep(100 * MILLISECOND).await;
    let calls = node.store.take_calls();
    for expected in [Call::RevokedSince, Call::Announcements, Call::DeleteExpired] {
        assert!(
            calls.contains(&expected),
            "{expected:?} is not in {calls:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refresh_counts_as_a_request() {
    let node = Node::with(IdlePulls::never()).await;
    let pair = node.sessions.start(Identity::new("bob")).await.unwrap();
    node.pass(60 * SECOND).await;
    node.store.take_calls();
    let token = pair.refresh_token().unwrap().clone();
    node.sessions.refresh(token).await.unwrap();
    node.pass(5 * SECOND).await;
    assert!(node.store.calls_of(Call::RevokedSince) >= 5);
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_that_begins_while_idle_the_last_answer_decides() {
    let node = Node::with(IdlePulls::default()).await;
    // The last answer is eight seconds old.
    node.pass(10 * SECOND).await;
    tokio::time::sleep(2 * SECOND).await;
    node.tokens.clock().advance(8 * SECOND);
    node.store.set_fault(Some(StoreFault::All));
    ask(&node.layer, &node.bearer).await.assert_passed("alice");
    let pulls = node.store.calls_of(Call::RevokedSince);
    ask(&node.layer, &node.bearer).await.assert_passed("alice");
    assert_eq!(
        node.store.calls_of(Call::RevokedSince),
        pulls,
        "a second request waits for a store that fails"
    );
    node.pass(31 * SECOND).await;
    ask(&node.layer, &node.bearer)
        .await
        .assert_failed(503, "temporarily_unavailable");

    for (outage, passes) in [
        (StoreOutage::RefuseTokens, false),
        (StoreOutage::AcceptTokens, true),
    ] {
        let node = Node::new(IdlePulls::never(), outage).await;
        tokio::time::sleep(15 * SECOND).await;
        node.tokens.clock().advance(31 * SECOND);
        node.store.set_fault(Some(StoreFault::All));
        let answer = ask(&node.layer, &node.bearer).await;
        if passes {
            answer.assert_passed("alice");
        } else {
            answer.assert_failed(503, "temporarily_unavailable");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_open_watch_counts_as_a_request() {
    let node = Node::with(IdlePulls::never()).await;
    let seen = Mutex::new(None);
    let handler = service_fn(async |request: Request<String>| {
        *seen.lock().unwrap() = AccessTokenWatch::from_extensions(request.extensions());
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    let request = with_authorization(&node.bearer);
    node.layer.layer(handler).oneshot(request).await.unwrap();
    let watch = seen.lock().unwrap().take().unwrap();
    let waiting = tokio::spawn(async move { watch.ended().await });
    tokio::time::sleep(HOUR).await;
    node.log_out_others().await;
    tokio::time::sleep(1010 * MILLISECOND).await;
    assert!(waiting.is_finished(), "the stream outlives its logout");
    assert_eq!(waiting.await.unwrap(), EndReason::SessionRevoked);
    // The process may rest again.
    tokio::time::sleep(15 * SECOND).await;
    node.store.take_calls();
    tokio::time::sleep(HOUR).await;
    assert_eq!(node.store.take_calls(), []);
}

/// A stream that looks at each message, and never waits for the end.
#[tokio::test(start_paused = true)]
async fn a_watch_that_is_only_looked_at_hears_of_a_logout_elsewhere() {
    for late in [false, true] {
        let node = Node::with(IdlePulls::never()).await;
        let seen = Mutex::new(None);
        let handler = service_fn(async |request: Request<String>| {
            if late {
                node.pass(60 * SECOND).await;
            }
            *seen.lock().unwrap() = AccessTokenWatch::from_extensions(request.extensions());
            Ok::<_, Infallible>(Response::new(String::new()))
        });
        let request = with_authorization(&node.bearer);
        node.layer.layer(handler).oneshot(request).await.unwrap();
        let watch = seen.lock().unwrap().take().unwrap();
        if !late {
            node.pass(60 * SECOND).await;
        }
        assert_eq!(watch.end_reason(), None);
        node.log_out_others().await;
        node.pass(1010 * MILLISECOND).await;
        assert_eq!(watch.end_reason(), Some(EndReason::SessionRevoked));
    }
}

#[tokio::test]
async fn an_interval_below_a_second_is_refused() {
    let refused = TestTokens::new()
        .sessions(Accounts::everybody(), MemoryStore::new())
        .idle_pulls(IdlePulls::every(999 * MILLISECOND))
        .build()
        .unwrap_err();
    assert!(
        refused.to_string().contains("`IdlePulls::every`"),
        "{refused}"
    );
}
