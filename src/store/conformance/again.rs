//! The promises of `assert_revoked`.

use std::sync::Arc;

use super::support::{
    DAY, HOUR, WORKS, assert_row, deleted_by, earlier, inserted, now, pull, row, unused_id,
};
use crate::limits::REVOCATION_RETENTION;
use crate::store::contract::SessionStore;
use crate::store::revocation_reason::RevocationReason;

/// `assert_revoked` ends live sessions, enters them into the feed, and raises the revision.
///
/// A restored backup revives sessions of which a process still knows that they were revoked.
pub async fn assert_revoked_ends_what_lives(store: Arc<dyn SessionStore>) {
    let (dead, also_dead, live) = (
        inserted(&store, "user").await,
        inserted(&store, "user").await,
        inserted(&store, "user").await,
    );
    let (cursor, start) = (pull(&store, None).await.cursor, now());
    // Every method is safe to repeat.
    for _ in 0..2 {
        store
            .assert_revoked(&[*dead.id(), *also_dead.id()], start)
            .await
            .expect(WORKS);
    }
    for session in [&dead, &also_dead] {
        let found = row(&store, session.id()).await;
        assert_eq!(
            found.revoked(),
            Some(RevocationReason::Other.at(start)),
            "assert_revoked left a session alive"
        );
        assert_eq!(
            found.parts().revision,
            session.parts().revision + 1,
            "the revision does not count assert_revoked as one change"
        );
        for cursor in [None, Some(&cursor)] {
            let page = pull(&store, cursor).await;
            assert!(
                page.contains(session.id()),
                "assert_revoked did not enter a session into the feed"
            );
        }
    }
    assert_row(
        &row(&store, live.id()).await,
        &live,
        "assert_revoked changed another session",
    );
}

/// `assert_revoked` enters a session without a row into the feed: it may be younger than the
/// backup, and other processes may still accept its access tokens.
pub async fn assert_revoked_enters_what_is_unknown(store: Arc<dyn SessionStore>) {
    let cursor = pull(&store, None).await.cursor;
    let (unknown, start) = (unused_id(), now());
    store.assert_revoked(&[unknown], start).await.expect(WORKS);
    assert!(
        store.find(&unknown).await.expect(WORKS).is_none(),
        "assert_revoked made a row"
    );
    for cursor in [None, Some(&cursor)] {
        assert!(
            pull(&store, cursor).await.contains(&unknown),
            "assert_revoked did not enter an unknown session"
        );
    }
    deleted_by(&store, earlier(start + REVOCATION_RETENTION, HOUR)).await;
    assert!(
        pull(&store, None).await.contains(&unknown),
        "an asserted revocation left the feed within the retention"
    );
    deleted_by(&store, start + REVOCATION_RETENTION + DAY).await;
    assert!(
        !pull(&store, None).await.contains(&unknown),
        "an asserted revocation stays after the retention"
    );
}

/// `assert_revoked` does not change a session that the store knows to be revoked: reason, time and
/// revision stay.
///
/// Several processes assert the same after one restore.
pub async fn assert_revoked_leaves_what_is_revoked(store: Arc<dyn SessionStore>) {
    let (session, start) = (inserted(&store, "user").await, earlier(now(), HOUR));
    assert!(
        store
            .revoke(session.id(), RevocationReason::Reused.at(start))
            .await
            .expect(WORKS),
        "revoke of a live session returned false"
    );
    let before = row(&store, session.id()).await;
    store
        .assert_revoked(&[*session.id()], now())
        .await
        .expect(WORKS);
    assert_row(
        &row(&store, session.id()).await,
        &before,
        "assert_revoked changed a session that was revoked",
    );
    store.assert_revoked(&[], now()).await.expect(WORKS);
}
