//! A process that its platform freezes, as some do between requests, and lets go on later.
//!
//! A frozen process asks nothing: here time passes, and no task runs.

use support::{Call, FailingStore, SECOND, StoreFault, ask, bearer_of, process};
use tower_bearer::session::StoreOutage;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, Identity, MemoryStore, Secret, Sessions};

struct Node {
    tokens: TestTokens,
    store: FailingStore,
    layer: BearerAuthLayer,
    bearer: String,
    /// The process on which the user logs out.
    elsewhere: Sessions,
}

impl Node {
    async fn new(outage: StoreOutage) -> Self {
        let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
        let store = FailingStore::new(MemoryStore::new());
        let elsewhere = process(&tokens, &secret, store.inner());
        let sessions = tokens
            .sessions(support::Accounts::everybody(), store.clone())
            .secret(secret)
            .store_outage(outage)
            .build()
            .unwrap();
        let pair = elsewhere.start(Identity::new("alice")).await.unwrap();
        let (layer, bearer) = (sessions.layer(), bearer_of(&pair));
        ask(&layer, &bearer).await.assert_passed("alice");
        // The next pull is half a second away.
        tokio::time::sleep(SECOND / 2).await;
        Self {
            tokens,
            store,
            layer,
            bearer,
            elsewhere,
        }
    }

    fn freeze(&self, seconds: u32) {
        self.tokens.clock().advance(seconds * SECOND);
    }

    async fn log_out_elsewhere(&self) {
        let token = self.bearer.trim_start_matches("Bearer ");
        self.elsewhere.log_out(token).await.unwrap();
    }

    async fn assert_passes(&self) {
        ask(&self.layer, &self.bearer).await.assert_passed("alice");
    }

    async fn assert_revoked(&self) {
        ask(&self.layer, &self.bearer).await.assert_refused(
            401,
            "invalid_token",
            "session_revoked",
        );
    }

    fn pulls(&self) -> usize {
        self.store.calls_of(Call::RevokedSince)
    }
}

// requirement 53
#[tokio::test(start_paused = true)]
async fn the_first_request_after_a_freeze_hears_of_a_logout_elsewhere() {
    for outage in [StoreOutage::RefuseTokens, StoreOutage::AcceptTokens] {
        for seconds in [4, 20, 300] {
            let node = Node::new(outage).await;
            node.log_out_elsewhere().await;
            node.freeze(seconds);
            node.assert_revoked().await;
        }
    }
}

/// The pull that was due in the meantime begins at once, and has no answer yet.
// requirement 53
#[tokio::test(start_paused = true)]
async fn a_request_after_a_freeze_does_not_rely_on_a_pull_that_has_just_begun() {
    let node = Node::new(StoreOutage::default()).await;
    node.log_out_elsewhere().await;
    node.freeze(20);
    let begun = node.store.pause_at(Call::RevokedSince);
    node.store.announce();
    begun.reached().await;
    node.assert_revoked().await;
}

// requirement 53
#[tokio::test(start_paused = true)]
async fn a_pull_that_was_frozen_longer_than_its_deadline_is_not_relied_on() {
    let node = Node::new(StoreOutage::default()).await;
    let frozen = node.store.pause_at(Call::RevokedSince);
    node.store.announce();
    frozen.reached().await;
    node.log_out_elsewhere().await;
    node.freeze(12);
    node.assert_revoked().await;
}

#[tokio::test(start_paused = true)]
async fn requests_do_not_wait_for_a_store_that_begins_to_hang() {
    let node = Node::new(StoreOutage::default()).await;
    let _hangs = node.store.pause_at(Call::RevokedSince);
    node.store.announce();
    _hangs.reached().await;
    let pulls = node.pulls();
    for _ in 0..10 {
        node.freeze(1);
        node.assert_passes().await;
    }
    assert_eq!(node.pulls(), pulls, "a request asked a store that hangs");
}

// requirement 54
#[tokio::test(start_paused = true)]
async fn after_a_freeze_in_an_outage_one_request_asks_and_the_last_answer_decides() {
    let node = Node::new(StoreOutage::default()).await;
    node.store.set_fault(Some(StoreFault::All));
    node.freeze(20);
    let pulls = node.pulls();
    for _ in 0..3 {
        node.assert_passes().await;
    }
    assert_eq!(node.pulls(), pulls + 1);
}

#[tokio::test(start_paused = true)]
async fn a_busy_process_that_pulls_late_makes_no_request_wait() {
    let node = Node::new(StoreOutage::default()).await;
    let pulls = node.pulls();
    node.freeze(2);
    node.assert_passes().await;
    assert_eq!(node.pulls(), pulls);
}

// requirement 53
#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_after_a_freeze_leaves_the_question_to_the_next_request() {
    let node = Node::new(StoreOutage::AcceptTokens).await;
    node.log_out_elsewhere().await;
    let asked = node.store.pause_at(Call::RevokedSince);
    node.freeze(20);
    tokio::select! {
        biased;
        _ = ask(&node.layer, &node.bearer) => panic!("the request did not ask"),
        () = asked.reached() => {}
    }
    drop(asked);
    node.assert_revoked().await;
}
