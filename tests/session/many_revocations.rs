//! A store that tells of very many revocations at once.

use std::time::Duration;

use support::{Call, FailingStore, SECOND, ask, bearer_of, process};
use tower_bearer::names::SessionId;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, MemoryStore, Secret};

/// In one thread, where a pull that does not pause lets no request through.
#[tokio::test(start_paused = true)]
async fn requests_go_on_while_a_pull_enters_many_revocations() {
    let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
    let store = FailingStore::new(MemoryStore::new());
    let sessions = process(&tokens, &secret, store.clone());
    let (layer, ended, stays) = (
        sessions.layer(),
        sessions.start(Identity::new("alice")).await.unwrap(),
        sessions.start(Identity::new("bob")).await.unwrap(),
    );
    ask(&layer, &bearer_of(&stays)).await.assert_passed("bob");
    tokio::time::sleep(SECOND / 2).await;
    let others = (0..MANY).map(|number: u128| SessionId::from_bytes(number.to_be_bytes()));
    store.also_revoked(others.chain([*ended.session_id()]));
    tokens.clock().advance(2 * SECOND);
    let answer = store.pause_at(Call::RevokedSince);
    store.announce();
    answer.reached().await;
    answer.go_on();
    // Until the pull is over.
    let mut answers = 0;
    while sessions.revocation_lag() == Some(2 * SECOND) && answers < 10_000 {
        ask(&layer, &bearer_of(&stays)).await.assert_passed("bob");
        answers += 1;
        tokio::task::yield_now().await;
    }
    assert_eq!(sessions.revocation_lag(), Some(Duration::ZERO));
    ask(&layer, &bearer_of(&ended))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
    assert!(answers > 20, "{answers} requests during the pull");
}

const MANY: u128 = 20_000;
