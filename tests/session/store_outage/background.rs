//! The background task: what it deletes, when it pulls, and when it stops.

use std::sync::Arc;

use support::{
    Call, FailingStore, MILLISECOND, SECOND, StoreFault, ask, bearer_of, process, sessions_in,
};
use tower_bearer::clock::Clock;
use tower_bearer::session::StoreOutage;
use tower_bearer::store::{Entry, EphemeralKey, SessionStore};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, MemoryStore, Secret};

use super::{Node, until_a_pull_is_over};

#[tokio::test(start_paused = true)]
async fn the_tasks_stop_with_the_last_handle() {
    let node = Node::new(StoreOutage::default());
    let _ = node.log_in().await;
    let Node {
        store, sessions, ..
    } = node;
    let another = sessions.clone();
    drop(sessions);
    tokio::time::sleep(3 * SECOND).await;
    let pulls = store.calls_of(Call::RevokedSince);
    assert!(pulls >= 3, "{pulls}");
    drop(another);
    tokio::time::sleep(60 * SECOND).await;
    assert_eq!(store.calls_of(Call::RevokedSince), pulls);
}

#[tokio::test(start_paused = true)]
async fn what_expired_is_deleted_by_itself() {
    let node = Node::new(StoreOutage::default());
    let pair = node.sessions.start(Identity::new("alice")).await.unwrap();
    let id = *pair.session_id();
    node.tokens.clock().advance(91 * 24 * 3600 * SECOND);
    tokio::time::sleep(10 * 60 * SECOND).await;
    assert!(
        node.store.inner().find(&id).await.unwrap().is_none(),
        "the first clean-up has not been within ten minutes"
    );
    let so_far = node.store.calls_of(Call::DeleteExpired);
    tokio::time::sleep(3600 * SECOND).await;
    assert_eq!(node.store.calls_of(Call::DeleteExpired), so_far + 1);
}

#[tokio::test(start_paused = true)]
async fn short_lived_things_that_have_ended_are_deleted_by_themselves() {
    let node = Node::new(StoreOutage::default());
    node.sessions.start(Identity::new("alice")).await.unwrap();
    let (inner, now) = (node.store.inner(), node.tokens.clock().now());
    let [brief, long] = [1, 2].map(|hash| EphemeralKey::new(*b"test", [hash; 16]));
    for (key, lifetime) in [(brief, SECOND), (long, 3600 * SECOND)] {
        let entry = Entry::new(key, b"value", lifetime);
        inner.ephemeral().note(entry, now).await.unwrap();
    }
    node.tokens.clock().advance(2 * SECOND);
    tokio::time::sleep(10 * 60 * SECOND).await;
    assert!(node.store.calls_of(Call::DeleteEnded) > 0);
    // By the clock of before, at which both live.
    let left = inner.ephemeral().read(&[brief, long], now).await.unwrap();
    assert!(left[0].is_none() && left[1].is_some(), "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_far_ahead_deletes_nothing_that_lives() {
    let node = Node::new(StoreOutage::default());
    let pair = node.sessions.start(Identity::new("alice")).await.unwrap();
    let id = *pair.session_id();
    node.store.set_time(node.tokens.clock().now());
    node.tokens.clock().advance(200 * 24 * 3600 * SECOND);
    tokio::time::sleep(10 * 60 * SECOND).await;
    assert!(node.store.calls_of(Call::DeleteExpired) > 0);
    assert!(node.store.inner().find(&id).await.unwrap().is_some());
    assert_eq!(node.sessions.delete_expired().await.unwrap(), 0);
    // Nor does a process that does nothing else, and has not asked what time it is there.
    let cron = sessions_in(&node.tokens, node.store.clone());
    assert_eq!(cron.delete_expired().await.unwrap(), 0);
    assert!(node.store.inner().find(&id).await.unwrap().is_some());
}

/// `Arc<dyn SessionStore>` hands announcements on, too.
#[tokio::test(start_paused = true)]
async fn an_announcement_is_felt_at_once() {
    let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
    let store = FailingStore::new(MemoryStore::new());
    let shared: Arc<dyn SessionStore> = Arc::new(store.clone());
    let there = process(&tokens, &secret, Arc::clone(&shared));
    let here = process(&tokens, &secret, store.inner());
    let layer = there.layer();
    for announced in [true, false] {
        let pair = here.start(Identity::new("alice")).await.unwrap();
        ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
        until_a_pull_is_over(&store).await;
        here.log_out(pair.access_token().secret()).await.unwrap();
        if announced {
            store.announce();
        }
        tokio::time::sleep(100 * MILLISECOND).await;
        let answer = ask(&layer, &bearer_of(&pair)).await;
        if announced {
            answer.assert_refused(401, "invalid_token", "session_revoked");
        } else {
            answer.assert_passed("alice");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn however_much_is_announced_there_are_twenty_pulls_a_second_at_most() {
    let node = Node::new(StoreOutage::default());
    let _ = node.log_in().await;
    tokio::time::sleep(SECOND).await;
    let before = node.store.calls_of(Call::RevokedSince);
    for _ in 0..1000 {
        node.store.announce();
        tokio::time::sleep(MILLISECOND).await;
    }
    let pulls = node.store.calls_of(Call::RevokedSince) - before;
    assert!((15..=20).contains(&pulls), "{pulls} pulls in a second");
}

#[tokio::test(start_paused = true)]
async fn who_loses_his_subscription_pulls_and_subscribes_again() {
    let node = Node::new(StoreOutage::default());
    let _ = node.log_in().await;
    until_a_pull_is_over(&node.store).await;
    node.store
        .set_fault(Some(StoreFault::Of(Call::NextAnnouncement)));
    let before = (
        node.store.calls_of(Call::Announcements),
        node.store.calls_of(Call::RevokedSince),
    );
    node.store.announce();
    tokio::time::sleep(60 * MILLISECOND).await;
    assert_eq!(
        node.store.calls_of(Call::RevokedSince),
        before.1 + 1,
        "a lost subscription may have lost an announcement"
    );
    node.store.set_fault(None);
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(node.store.calls_of(Call::Announcements), before.0 + 1);
}
