//! The promises of `delete_expired`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::support::{
    DAY, HOUR, ROUNDS, WORKS, assert_row, deleted_by, earlier, inserted, listed, now, pull, race,
    racer, rotated, row, session, unused_id, with,
};
use crate::clock::Timestamp;
use crate::limits::REVOCATION_RETENTION;
use crate::store::contract::SessionStore;
use crate::store::revocation_reason::RevocationReason;
use crate::store::session::Session;

async fn expiring(store: &Arc<dyn SessionStore>, expires_at: Timestamp) -> Session {
    let session = with(&session("user"), |parts| {
        parts.created_at = earlier(expires_at, DAY);
        parts.expires_at = expires_at;
    });
    store.insert(&session).await.expect(WORKS);
    session
}

/// `delete_expired` deletes rows that expired a day ago or earlier, and returns how many.
///
/// Every login leaves a row, so without this the store would grow without end.
pub async fn delete_expired_deletes_what_ended_a_day_ago(store: Arc<dyn SessionStore>) {
    let end = now() + DAY;
    let old = [expiring(&store, end).await, expiring(&store, end).await];
    let live = expiring(&store, end + 2 * DAY).await;
    let then = end + DAY + HOUR;
    assert_eq!(
        deleted_by(&store, then).await,
        2,
        "delete_expired did not delete the two rows that ended a day ago"
    );
    for session in &old {
        assert!(
            store.find(session.id()).await.expect(WORKS).is_none(),
            "a row that ended more than a day ago is still there"
        );
    }
    assert_eq!(
        listed(&store, "user").await,
        [*live.id()],
        "delete_expired left something in the index, or took too much"
    );
    assert_eq!(
        deleted_by(&store, then).await,
        0,
        "delete_expired counted what it had deleted before"
    );
}

/// `delete_expired` keeps live rows, and rows that expired less than a day ago.
///
/// A refresh of a session that has just expired is told so, and a clock that is a little fast must
/// not delete live rows.
pub async fn delete_expired_keeps_what_lives_or_ended_lately(store: Arc<dyn SessionStore>) {
    let end = now() + DAY;
    let kept = [
        expiring(&store, end).await,
        expiring(&store, end + HOUR).await,
        expiring(&store, end + 60 * DAY).await,
    ];
    let then = earlier(end + DAY, Duration::from_millis(1));
    assert_eq!(
        deleted_by(&store, then).await,
        0,
        "delete_expired counted rows that had to stay"
    );
    for session in &kept {
        assert_row(
            &row(&store, session.id()).await,
            session,
            "delete_expired changed a row that had to stay",
        );
    }
}

/// Revoked rows and their feed entries stay for the retention, even if the session expired long
/// before.
///
/// A process that starts has to learn of every session whose access tokens may still be accepted.
pub async fn revocations_stay_for_the_retention(store: Arc<dyn SessionStore>) {
    let start = now();
    let sessions = [
        inserted(&store, "user").await,
        expiring(&store, earlier(start, HOUR)).await,
    ];
    for session in &sessions {
        assert!(
            store
                .revoke(session.id(), RevocationReason::Reused.at(start))
                .await
                .expect(WORKS),
            "revoke of a live session returned false"
        );
    }
    let then = earlier(start + REVOCATION_RETENTION, Duration::from_secs(60));
    assert_eq!(
        deleted_by(&store, then).await,
        0,
        "delete_expired deleted a revoked row within the retention"
    );
    for session in &sessions {
        assert!(
            row(&store, session.id()).await.revoked().is_some(),
            "delete_expired changed a revoked row"
        );
        assert!(
            pull(&store, None).await.contains(session.id()),
            "a revocation left the feed within the retention"
        );
    }
}

/// A session that was revoked with a clock that is days behind stays in the feed for the retention.
///
/// Otherwise the next clean-up of a process with the right clock would delete a logout that was
/// acknowledged a moment ago.
pub async fn revocations_by_a_slow_clock_stay_for_the_retention(store: Arc<dyn SessionStore>) {
    let (start, session) = (now(), inserted(&store, "user").await);
    let unknown = unused_id();
    let slow = earlier(start, 3 * DAY);
    assert!(
        store
            .revoke(session.id(), RevocationReason::LoggedOut.at(slow))
            .await
            .expect(WORKS),
        "revoke of a live session returned false"
    );
    store.assert_revoked(&[unknown], slow).await.expect(WORKS);
    for then in [start, earlier(start + REVOCATION_RETENTION, HOUR)] {
        deleted_by(&store, then).await;
        for id in [session.id(), &unknown] {
            assert!(
                pull(&store, None).await.contains(id),
                "a revocation by a slow clock left the feed early"
            );
        }
    }
}

/// Revoked rows and their feed entries are deleted after the retention.
///
/// Every process that starts reads the whole feed into its memory.
pub async fn revocations_go_after_the_retention(store: Arc<dyn SessionStore>) {
    let start = now();
    let (old, live) = (
        inserted(&store, "user").await,
        inserted(&store, "user").await,
    );
    store
        .revoke(old.id(), RevocationReason::LoggedOut.at(start))
        .await
        .expect(WORKS);
    assert_eq!(
        deleted_by(&store, start + REVOCATION_RETENTION + DAY).await,
        1,
        "a revoked row stays after the retention"
    );
    assert!(
        store.find(old.id()).await.expect(WORKS).is_none(),
        "a revoked row stays after the retention"
    );
    assert!(
        !pull(&store, None).await.contains(old.id()),
        "a revocation stays in the feed after the retention"
    );
    assert_row(
        &row(&store, live.id()).await,
        &live,
        "delete_expired deleted a live row",
    );
}

/// A cursor from before a deletion misses no session that is revoked after it.
///
/// A store that uses a number again, once its entry is gone, hides the next logout behind every
/// cursor.
pub async fn a_cursor_survives_delete_expired(store: Arc<dyn SessionStore>) {
    let start = now();
    let empty = pull(&store, None).await.cursor;
    for _ in 0..3 {
        let session = inserted(&store, "user").await;
        store
            .revoke(session.id(), RevocationReason::LoggedOut.at(start))
            .await
            .expect(WORKS);
    }
    let full = pull(&store, Some(&empty)).await.cursor;
    let then = start + REVOCATION_RETENTION + DAY;
    deleted_by(&store, then).await;
    let emptied = pull(&store, Some(&full)).await.cursor;
    for _ in 0..2 {
        let session = inserted(&store, "user").await;
        store
            .revoke(session.id(), RevocationReason::LoggedOut.at(then))
            .await
            .expect(WORKS);
        for cursor in [&empty, &full, &emptied] {
            let page = pull(&store, Some(cursor)).await;
            assert!(
                page.contains(session.id()),
                "a cursor misses what was revoked after a deletion"
            );
        }
    }
}

/// While `delete_expired` runs, refreshes and logouts go on, none is refused, and no live row is
/// lost.
///
/// A deletion that keeps a lock for long would make every refresh wait, as if the store were down.
pub async fn delete_expired_leaves_refreshes_alone(store: Arc<dyn SessionStore>) {
    const WRITERS: usize = 3;
    let start = now();
    for _ in 0..20 {
        expiring(&store, earlier(start, DAY + HOUR)).await;
    }
    let running = Arc::new(AtomicUsize::new(WRITERS));
    let mut racers = Vec::new();
    for _ in 0..WRITERS {
        let (store, running) = (Arc::clone(&store), Arc::clone(&running));
        racers.push(racer(async move {
            let mut current = inserted(&store, "user").await;
            for _ in 0..ROUNDS {
                current = rotated(&current);
                assert!(
                    store.replace(&current).await.expect(WORKS),
                    "a replace was refused while delete_expired ran"
                );
            }
            assert_row(
                &row(&store, current.id()).await,
                &current,
                "a refresh was lost while delete_expired ran",
            );
            let revoked = store
                .revoke(current.id(), RevocationReason::LoggedOut.at(now()))
                .await
                .expect(WORKS);
            assert!(revoked, "a revoke was refused while delete_expired ran");
            assert!(
                pull(&store, None).await.contains(current.id()),
                "a revocation was lost while delete_expired ran"
            );
            running.fetch_sub(1, Ordering::SeqCst);
            0
        }));
    }
    racers.push(racer(async move {
        let mut deleted = 0;
        loop {
            let last = running.load(Ordering::SeqCst) == 0;
            deleted += deleted_by(&store, now()).await;
            if last {
                return deleted;
            }
            tokio::task::yield_now().await;
        }
    }));
    let deleted: u64 = race(racers).await.into_iter().sum();
    assert_eq!(
        deleted, 20,
        "delete_expired deleted another number of rows than those that had ended a day ago"
    );
}
