//! A user with more sessions than are ended at once.

use std::future::{Future as _, poll_fn};
use std::task::Poll;

use support::logins;
use support::servers::{Database as _, RedisServer};
use tower_bearer::store::{RevocationReason, SessionStore};

use super::{Database, now, session};

const SESSIONS: u64 = 4_000;

/// About how many sessions end in one round trip.
const AT_ONCE: u64 = 300;

/// A server that closes a connection on which an answer waits that is longer than this.
async fn without_long_answers() -> (RedisServer, Database) {
    let server = RedisServer::start(&["--client-output-buffer-limit", "normal 48kb 0 0"]).await;
    let database = Database::new(server.url()).await;
    for _ in 0..SESSIONS {
        database.store.insert(&session("alice")).await.unwrap();
    }
    database.store.insert(&session("bob")).await.unwrap();
    (server, database)
}

#[tokio::test]
async fn all_sessions_of_a_user_end_and_are_erased_some_at_a_time() {
    let (_server, database) = without_long_answers().await;
    let alice = logins("alice");
    let record = RevocationReason::Everywhere.at(now());
    let store = database.store.clone();
    let ended = store.revoke_all(&alice, record).await.unwrap();
    assert_eq!(ended.count(), SESSIONS);
    // A batch that took long is entered twice.
    let entries = database.entries().await;
    assert!(entries >= SESSIONS, "{entries}");
    assert_eq!(store.revoke_all(&alice, record).await.unwrap().count(), 0);
    assert_eq!(store.list(&logins("bob"), now()).await.unwrap().len(), 1);

    assert_eq!(store.erase(&alice).await.unwrap().count(), SESSIONS);
    assert_eq!(store.erase(&alice).await.unwrap().count(), 0);
    assert_eq!(store.list(&logins("bob"), now()).await.unwrap().len(), 1);
    assert_eq!(database.entries().await, entries);
}

/// A caller that gives up, or whose process dies, has not worked in vain.
#[tokio::test]
async fn what_has_ended_stays_ended_when_the_caller_is_gone_and_the_next_call_ends_the_rest() {
    let (_server, database) = without_long_answers().await;
    let alice = logins("alice");
    let record = RevocationReason::Everywhere.at(now());
    let store = database.another_store().await;
    // It goes on only where this polls it. When the second batch is entered, the first has ended.
    let mut ending = Box::pin(database.store.revoke_all(&alice, record));
    while database.entries().await <= 2 * AT_ONCE {
        let step = poll_fn(|cx| Poll::Ready(ending.as_mut().poll(cx))).await;
        assert!(step.is_pending(), "all have ended at once");
    }
    drop(ending);

    store.insert(&session("alice")).await.unwrap();
    let ended = store.revoke_all(&alice, record).await.unwrap().count();
    // The login, and those that had not ended.
    assert!((2..=SESSIONS).contains(&ended), "{ended}");
    assert_eq!(store.revoke_all(&alice, record).await.unwrap().count(), 0);
    assert!(database.entries().await > SESSIONS);
}
