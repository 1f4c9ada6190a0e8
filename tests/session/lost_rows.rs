//! A logout of a session whose row the store has lost, as other processes hear of it.

use std::time::Duration;

use support::{
    Call, FailingStore, HOUR, StoreFault, ask, assert_ended, bearer_of, process, sessions_in,
};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, MemoryStore, Secret, Sessions, TokenResponse};

/// Two processes that have pulled since the store lost the row.
struct Lost {
    here: Sessions,
    there: Sessions,
    store: FailingStore,
    pair: TokenResponse,
}

impl Lost {
    async fn new(tokens: &TestTokens) -> Self {
        let (secret, store) = (
            Secret::random().unwrap(),
            FailingStore::new(MemoryStore::new()),
        );
        let process = || process(tokens, &secret, store.clone());
        let (here, there) = (process(), process());
        let pair = here.start(Identity::new("alice")).await.unwrap();
        let lost = Self {
            here,
            there,
            store,
            pair,
        };
        lost.assert_accepted().await;
        lost.store.set_back_to(MemoryStore::new());
        tokio::time::sleep(PULLED).await;
        lost.assert_accepted().await;
        lost
    }

    async fn assert_accepted(&self) {
        for process in [&self.here, &self.there] {
            let answer = ask(&process.layer(), &bearer_of(&self.pair)).await;
            answer.assert_passed("alice");
        }
    }

    fn told(&self) -> usize {
        self.store.calls_of(Call::AssertRevoked)
    }
}

#[tokio::test(start_paused = true)]
async fn a_logout_without_a_row_is_felt_on_another_process() {
    let tokens = TestTokens::new();
    for by_access_token in [true, false] {
        let lost = Lost::new(&tokens).await;
        let refresh_token = lost.pair.refresh_token().unwrap();
        let token = match by_access_token {
            true => lost.pair.access_token().secret(),
            false => refresh_token.secret(),
        };
        for _ in 0..3 {
            assert!(!lost.here.log_out(token).await.unwrap().any());
        }
        assert_eq!(lost.told(), 1, "the store is told once");
        tokio::time::sleep(PULLED).await;
        assert_ended(&lost.there.layer(), &lost.pair).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_could_not_be_told_is_told_by_the_next_logout() {
    let tokens = TestTokens::new();
    let lost = Lost::new(&tokens).await;
    let token = lost.pair.access_token().secret();
    let fault = StoreFault::Of(Call::AssertRevoked);
    lost.store.set_fault(Some(fault));
    let failed = lost.here.log_out(token).await.unwrap_err();
    assert_eq!(failed.kind(), SessionErrorKind::Unavailable);
    lost.store.set_fault(None);
    lost.here.log_out(token).await.unwrap();
    tokio::time::sleep(PULLED).await;
    assert_ended(&lost.there.layer(), &lost.pair).await;
}

#[tokio::test(start_paused = true)]
async fn an_access_token_that_has_expired_enters_nothing() {
    let tokens = TestTokens::new();
    let lost = Lost::new(&tokens).await;
    tokens.clock().advance(2 * HOUR);
    let token = lost.pair.access_token().secret();
    lost.here.log_out(token).await.unwrap();
    assert_eq!(lost.told(), 0);
}

/// A session that has a row is ended with the row alone.
#[tokio::test(start_paused = true)]
async fn a_logout_of_a_session_that_has_a_row_asks_for_nothing_more() {
    let store = FailingStore::new(MemoryStore::new());
    let sessions = sessions_in(&TestTokens::new(), store.clone());
    let pair = sessions.start(Identity::new("alice")).await.unwrap();
    store.take_calls();
    let token = pair.access_token().secret();
    assert!(sessions.log_out(token).await.unwrap().any());
    assert_eq!(store.take_calls(), [Call::Revoke]);
}

/// Longer than a process waits before it pulls.
const PULLED: Duration = Duration::from_millis(1010);
