//! The feed of revocations and its announcements.

use std::collections::HashSet;
use std::time::Duration;

use support::servers::{Database as _, RedisServer};
use support::{SECOND, logins};
use tokio::time::timeout;
use tower_bearer::clock::Timestamp;
use tower_bearer::names::SessionId;
use tower_bearer::store::RevocationReason;
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::{REVOCATION_RETENTION, SessionStore};

use super::{DAY, Database, now, random, revoked, session, set};

/// Does what a `FLUSHALL` does, and also writes new entries in every bucket.
#[tokio::test]
async fn an_emptied_database_answers_with_a_complete_page() {
    let mut database = Database::shared().await;
    let before = revoked(&database.store, session("user")).await;
    let page = database.store.revoked_since(None).await.unwrap();
    for refill in [0, 200] {
        let keys = database.keys().await;
        redis::cmd("DEL")
            .arg(keys)
            .exec_async(&mut database.beside)
            .await
            .unwrap();
        for _ in 0..refill {
            revoked(&database.store, session("user")).await;
        }
        let emptied = database
            .store
            .revoked_since(Some(page.cursor.clone()))
            .await
            .unwrap();
        assert!(
            emptied.complete,
            "no process learns that the database was emptied"
        );
        assert!(!emptied.contains(&before));
        assert_eq!(set(emptied.ids()).len(), refill);
    }
}

/// A restart may have lost what was revoked last.
#[tokio::test]
async fn a_restart_answers_old_cursors_with_a_complete_page() {
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let database = Database::new(server.url()).await;
    let before = revoked(&database.store, session("user")).await;
    let page = database.store.revoked_since(None).await.unwrap();
    let page = database
        .store
        .revoked_since(Some(page.cursor))
        .await
        .unwrap();
    assert!(!page.complete);
    server.kill();
    server.start_again().await;

    let store = database.another_store().await;
    let after = store.revoked_since(Some(page.cursor)).await.unwrap();
    assert!(
        after.complete,
        "no process learns that the server was restarted"
    );
    assert_eq!(
        set(after.ids()),
        HashSet::from([before]),
        "an acknowledged revocation did not survive a `kill -9`"
    );
    let again = store.revoked_since(Some(after.cursor)).await.unwrap();
    assert!(!again.complete);
    assert_eq!(again.ids(), []);
}

/// More than one page in every bucket.
#[tokio::test]
async fn a_long_feed_is_read_to_its_end() {
    const MANY: usize = 20_000;
    let database = Database::shared().await;
    let start = database.store.revoked_since(None).await.unwrap();
    let ids: Vec<SessionId> = (0..MANY).map(|_| SessionId::from_bytes(random())).collect();
    database.store.assert_revoked(&ids, now()).await.unwrap();
    for cursor in [None, Some(start.cursor)] {
        let mut page = database.store.revoked_since(cursor).await.unwrap().ids();
        assert_eq!(page.len(), MANY);
        page.sort_unstable();
        page.dedup();
        assert_eq!(page.len(), MANY);
    }
    // A repeated assertion adds nothing.
    database.store.assert_revoked(&ids, now()).await.unwrap();
    assert_eq!(
        database
            .store
            .revoked_since(None)
            .await
            .unwrap()
            .revoked
            .len(),
        MANY
    );
    assert_eq!(
        database
            .store
            .delete_expired(now() + REVOCATION_RETENTION + DAY)
            .await
            .unwrap()
            .count(),
        0
    );
    assert_eq!(database.store.revoked_since(None).await.unwrap().ids(), []);
}

/// The clock of Redis decides: who revokes may be days behind or years ahead.
#[tokio::test]
async fn a_revocation_stays_for_the_retention_whatever_its_writer_took_the_time_for() {
    let database = Database::shared().await;
    let store = &database.store;
    let start = now();
    let mut ids = Vec::new();
    for at in [Timestamp::from_secs(0), start, start + 1000 * DAY] {
        let session = session("user");
        store.insert(&session).await.unwrap();
        assert!(
            store
                .revoke(session.id(), RevocationReason::LoggedOut.at(at))
                .await
                .unwrap()
        );
        ids.push(*session.id());
    }
    assert_eq!(
        store
            .delete_expired(start + (REVOCATION_RETENTION - SECOND))
            .await
            .unwrap()
            .count(),
        0
    );
    let page = store.revoked_since(None).await.unwrap();
    for id in &ids {
        assert!(
            page.contains(id),
            "a revocation left the feed within the retention"
        );
        assert!(store.find(id).await.unwrap().unwrap().revoked().is_some());
    }
    assert_eq!(
        store
            .delete_expired(now() + REVOCATION_RETENTION + SECOND)
            .await
            .unwrap()
            .count(),
        3
    );
    assert_eq!(store.revoked_since(None).await.unwrap().ids(), []);
}

#[tokio::test]
async fn a_revocation_is_announced_to_other_processes_at_once() {
    let database = Database::shared().await;
    let mut announcements = database
        .another_store()
        .await
        .announcements()
        .await
        .unwrap()
        .unwrap();
    let session = session("user");
    database.store.insert(&session).await.unwrap();
    database
        .store
        .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    timeout(Duration::from_secs(5), announcements.next())
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn one_announcement_stands_for_a_logout_everywhere() {
    let database = Database::shared().await;
    for _ in 0..20 {
        database.store.insert(&session("user")).await.unwrap();
    }
    let mut announcements = database.store.announcements().await.unwrap().unwrap();
    assert_eq!(
        database
            .store
            .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
            .await
            .unwrap()
            .count(),
        20
    );
    timeout(Duration::from_secs(5), announcements.next())
        .await
        .unwrap()
        .unwrap();
    // Nothing was revoked, so nothing is announced. The next announcement is of the call after it.
    assert_eq!(
        database
            .store
            .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
            .await
            .unwrap()
            .count(),
        0
    );
    let more = timeout(Duration::from_millis(100), announcements.next()).await;
    assert!(
        more.is_err(),
        "a logout everywhere was announced more than once"
    );
}

#[tokio::test]
async fn a_subscription_that_is_cut_says_so() {
    let mut server = RedisServer::start(&[]).await;
    let database = Database::new(server.url()).await;
    let mut announcements = database.store.announcements().await.unwrap().unwrap();
    server.kill();
    timeout(Duration::from_secs(5), announcements.next())
        .await
        .unwrap()
        .unwrap_err();
}
