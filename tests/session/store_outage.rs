//! A process that cannot ask its store: what it does, and how it can be seen.

mod background;

use std::convert::Infallible;
use std::sync::Mutex;
use std::time::Duration;

use http::{Request, Response};
use support::{
    Accounts, Call, FailingStore, Log, MILLISECOND, SECOND, StoreFault, ask, bearer_of, sessions_in,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::{AccessTokenWatch, EndReason};
use tower_bearer::clock::Clock;
use tower_bearer::session::{SessionErrorKind, StoreOutage};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, Identity, MemoryStore, Sessions};

struct Node {
    tokens: TestTokens,
    store: FailingStore,
    sessions: Sessions,
}

impl Node {
    fn new(outage: StoreOutage) -> Self {
        let (tokens, store) = (TestTokens::new(), FailingStore::new(MemoryStore::new()));
        let sessions = tokens
            .sessions(Accounts::everybody(), store.clone())
            .store_outage(outage)
            .build()
            .unwrap();
        Self {
            tokens,
            store,
            sessions,
        }
    }

    /// Both clocks: that of the tokens, and that of the runtime, on which the background lives.
    async fn pass(&self, time: Duration) {
        self.tokens.clock().advance(time);
        tokio::time::sleep(time).await;
    }

    /// Logs in; the access token has passed once.
    async fn log_in(&self) -> (BearerAuthLayer, String) {
        let pair = self.sessions.start(Identity::new("alice")).await.unwrap();
        let (layer, bearer) = (self.sessions.layer(), bearer_of(&pair));
        ask(&layer, &bearer).await.assert_passed("alice");
        (layer, bearer)
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_without_a_request_is_ready_once_it_has_loaded_the_revocations() {
    let node = Node::new(StoreOutage::default());
    node.store.set_fault(Some(StoreFault::All));
    let error = node.sessions.ready().await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::Unavailable);
    let answer = error.to_response();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(node.sessions.revocation_lag(), None);

    node.store.set_fault(None);
    node.sessions.ready().await.unwrap();
    assert!(node.sessions.revocation_lag().is_some());
    // The tasks go on without a request.
    node.pass(10 * SECOND).await;
    assert!(node.sessions.revocation_lag().unwrap() < 2 * SECOND);
    // As for an access token.
    node.store.set_fault(Some(StoreFault::All));
    node.pass(10 * SECOND).await;
    node.sessions.ready().await.unwrap();
    node.pass(25 * SECOND).await;
    node.sessions.ready().await.unwrap_err();
}

// requirement 54
#[tokio::test(start_paused = true)]
async fn after_thirty_seconds_without_the_store_tokens_are_refused() {
    let node = Node::new(StoreOutage::default());
    let (layer, bearer) = node.log_in().await;
    node.store.set_fault(Some(StoreFault::All));
    node.pass(30 * SECOND).await;
    ask(&layer, &bearer).await.assert_passed("alice");
    node.pass(MILLISECOND).await;
    ask(&layer, &bearer)
        .await
        .assert_failed(503, "temporarily_unavailable");
    // A bad token is refused without the store.
    ask(&layer, "Bearer abc")
        .await
        .assert_refused(401, "invalid_token", "token_invalid");

    node.store.set_fault(None);
    ask(&layer, &bearer).await.assert_passed("alice");
}

// requirement 54
#[tokio::test(start_paused = true)]
async fn an_application_may_choose_to_accept_tokens_without_the_store() {
    let node = Node::new(StoreOutage::AcceptTokens);
    let (layer, bearer) = node.log_in().await;
    node.store.set_fault(Some(StoreFault::All));
    node.pass(20 * 60 * SECOND).await;
    ask(&layer, &bearer).await.assert_passed("alice");
    // A process that has never pulled still waits for the store.
    let sessions = sessions_in(&node.tokens, node.store.clone());
    let layer = sessions.layer();
    ask(&layer, &bearer)
        .await
        .assert_failed(503, "temporarily_unavailable");
}

#[tokio::test(start_paused = true)]
async fn what_was_revoked_during_the_outage_is_refused_with_the_first_request_after_it() {
    let node = Node::new(StoreOutage::default());
    let (layer, bearer) = node.log_in().await;
    let id = *node
        .sessions
        .verifier()
        .verify(bearer.trim_start_matches("Bearer "))
        .unwrap()
        .session_id()
        .unwrap();
    node.store.set_fault(Some(StoreFault::All));
    node.store
        .inner()
        .revoke(
            &id,
            tower_bearer::store::RevocationReason::LoggedOut.at(node.tokens.clock().now()),
        )
        .await
        .unwrap();
    node.pass(31 * SECOND).await;
    ask(&layer, &bearer)
        .await
        .assert_failed(503, "temporarily_unavailable");
    node.store.set_fault(None);
    ask(&layer, &bearer)
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

#[tokio::test]
async fn of_many_requests_in_an_outage_one_asks_the_store_and_all_hear_of_it() {
    let node = Node::new(StoreOutage::default());
    let pair = node.sessions.start(Identity::new("alice")).await.unwrap();
    node.store.set_fault(Some(StoreFault::All));
    let asks = node.store.pause_at(Call::RevokedSince);
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let (layer, bearer) = (node.sessions.layer(), bearer_of(&pair));
            tokio::spawn(async move {
                ask(&layer, &bearer)
                    .await
                    .assert_failed(503, "temporarily_unavailable");
            })
        })
        .collect();
    asks.reached().await;
    // The others wait behind it by now, for there is one thread.
    tokio::task::yield_now().await;
    asks.go_on();
    for request in requests {
        request.await.unwrap();
    }
    // The background asks too, for itself.
    assert!(node.store.calls_of(Call::RevokedSince) <= 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_keeps_requests_for_ten_seconds_at_most_and_all_hear_of_it_at_once() {
    let node = Node::new(StoreOutage::default());
    let (layer, bearer) = node.log_in().await;
    until_a_pull_is_over(&node.store).await;
    node.tokens.clock().advance(31 * SECOND);
    let hangs = node.store.pause_at(Call::RevokedSince);
    let begun = tokio::time::Instant::now();
    let requests: Vec<_> = (0..20)
        .map(|_| {
            let (layer, bearer) = (layer.clone(), bearer.clone());
            tokio::spawn(async move {
                ask(&layer, &bearer)
                    .await
                    .assert_failed(503, "temporarily_unavailable");
            })
        })
        .collect();
    hangs.reached().await;
    // Requests after the one that hangs fail at once.
    node.store.set_fault(Some(StoreFault::All));
    for request in requests {
        request.await.unwrap();
    }
    assert!(begun.elapsed() < 10 * SECOND, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn the_lag_is_a_number_that_grows_in_an_outage() {
    let node = Node::new(StoreOutage::default());
    assert_eq!(node.sessions.revocation_lag(), None);
    let _ = node.log_in().await;
    assert_eq!(node.sessions.revocation_lag(), Some(Duration::ZERO));
    node.store.set_fault(Some(StoreFault::All));
    node.pass(7 * SECOND).await;
    assert_eq!(node.sessions.revocation_lag(), Some(7 * SECOND));
    node.store.set_fault(None);
    node.pass(2 * SECOND).await;
    assert!(node.sessions.revocation_lag().unwrap() <= SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_log_hears_of_an_outage_once_and_of_its_end_once() {
    let (log, _guard) = Log::capture();
    let node = Node::new(StoreOutage::default());
    let _ = node.log_in().await;
    log.take();
    node.store
        .set_fault(Some(StoreFault::Of(Call::RevokedSince)));
    node.pass(20 * SECOND).await;
    node.store.set_fault(None);
    node.pass(20 * SECOND).await;
    let lines: Vec<String> = log
        .take_our_own()
        .into_iter()
        .filter(|line| !line.contains("DEBUG"))
        .collect();
    let [begins, ends] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert!(
        begins.contains("WARN") && begins.contains("revocations were not pulled"),
        "{begins}"
    );
    assert!(
        ends.contains("INFO") && ends.contains("over: revocations were not pulled"),
        "{ends}"
    );
}

#[tokio::test(start_paused = true)]
async fn clocks_that_differ_are_a_number_and_a_warning() {
    let (log, _guard) = Log::capture();
    let node = Node::new(StoreOutage::default());
    assert_eq!(node.sessions.store_clock_offset(), None);
    let _ = node.log_in().await;
    assert_eq!(
        node.sessions.store_clock_offset(),
        None,
        "a store without a clock of its own has no offset"
    );

    for (ahead, warns) in [
        (5000, false),
        (5001, true),
        (5001, false),
        (-5001, false),
        (-5000, true),
        (0, false),
    ] {
        log.take();
        let time = node
            .tokens
            .clock()
            .now()
            .as_millis()
            .saturating_add_signed(ahead);
        node.store
            .set_time(tower_bearer::clock::Timestamp::from_millis(time));
        // The store's clock stands still here, so this process's does too.
        tokio::time::sleep(SECOND).await;
        assert_eq!(node.sessions.store_clock_offset(), Some(ahead));
        let lines = log.take_our_own();
        assert_eq!(
            lines.iter().any(|line| line.contains("clock")),
            warns,
            "{ahead}: {lines:?}"
        );
    }
}

/// The next one is almost a second away, unless something is announced.
async fn until_a_pull_is_over(store: &FailingStore) {
    let pulls = store.calls_of(Call::RevokedSince);
    while store.calls_of(Call::RevokedSince) == pulls {
        tokio::time::sleep(MILLISECOND).await;
    }
    tokio::time::sleep(60 * MILLISECOND).await;
}

/// A long connection ends when the layer stops accepting tokens, because it is not known whether
/// its session lives.
#[tokio::test(start_paused = true)]
async fn a_watch_ends_where_the_store_cannot_be_asked_for_too_long() {
    for outage in [StoreOutage::RefuseTokens, StoreOutage::AcceptTokens] {
        let node = Node::new(outage);
        let (layer, bearer) = node.log_in().await;
        let seen = Mutex::new(None);
        let handler = service_fn(async |request: Request<String>| {
            *seen.lock().unwrap() = AccessTokenWatch::from_extensions(request.extensions());
            Ok::<_, Infallible>(Response::new(String::new()))
        });
        layer
            .layer(handler)
            .oneshot(support::with_authorization(&bearer))
            .await
            .unwrap();
        let watch = seen.lock().unwrap().take().unwrap();
        let waiting = tokio::spawn(async move { watch.ended().await });
        node.store.set_fault(Some(StoreFault::All));
        // The task looks at least once a minute.
        node.pass(90 * SECOND).await;
        node.pass(60 * SECOND).await;
        match outage {
            StoreOutage::RefuseTokens => assert_eq!(waiting.await.unwrap(), EndReason::Unknown),
            _ => assert!(!waiting.is_finished()),
        }
    }
}
