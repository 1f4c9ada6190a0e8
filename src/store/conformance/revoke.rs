//! The promises of `revoke`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use super::support::{
    HOUR, ROUNDS, WORKS, assert_row, inserted, now, pull, race, racer, rotated, row, unused_id,
    with,
};
use crate::names::SessionId;
use crate::store::contract::SessionStore;
use crate::store::revocation_reason::RevocationReason;

/// `revoke` sets reason and time, raises the revision and returns true; every reason survives.
///
/// The reason shows whether the user's token was stolen or the user logged out.
pub async fn revoke_sets_reason_time_and_revision(store: Arc<dyn SessionStore>) {
    let other = inserted(&store, "user").await;
    for reason in RevocationReason::KNOWN {
        let session = inserted(&store, "user").await;
        let at = now() + Duration::from_millis(1);
        assert!(
            store
                .revoke(session.id(), reason.at(at))
                .await
                .expect(WORKS),
            "revoke of a live session returned false"
        );
        let revoked = with(&session, |parts| {
            parts.revoked = Some(reason.at(at));
            parts.revision = 1;
        });
        assert_row(
            &row(&store, session.id()).await,
            &revoked,
            "revoke did not set reason, time and revision, and no more",
        );
    }
    assert_row(
        &row(&store, other.id()).await,
        &other,
        "revoke changed the row of another session",
    );
}

/// `revoke` ends a session whatever changes came before.
///
/// A logout must not lose against a refresh.
pub async fn revoke_does_not_look_at_the_revision(store: Arc<dyn SessionStore>) {
    let first = inserted(&store, "user").await;
    let next = rotated(&first);
    assert!(
        store.replace(&next).await.expect(WORKS),
        "replace refused the next revision of a live row"
    );
    store.confirm(first.id(), 1).await.expect(WORKS);
    assert!(
        store
            .revoke(first.id(), RevocationReason::LoggedOut.at(now()))
            .await
            .expect(WORKS),
        "revoke of a changed session returned false"
    );
    let found = row(&store, first.id()).await;
    assert!(
        found.revoked().is_some(),
        "revoke returned true and ended nothing"
    );
    assert_eq!(
        found.parts().revision,
        3,
        "the revision did not grow by one with each change"
    );
}

/// A second `revoke` returns false, and the first reason and time stay.
///
/// Otherwise a thief's logout would hide that the session ended because a token was stolen.
pub async fn revoke_keeps_the_first_reason(store: Arc<dyn SessionStore>) {
    let session = inserted(&store, "user").await;
    assert!(
        store
            .revoke(session.id(), RevocationReason::Reused.at(now()))
            .await
            .expect(WORKS),
        "revoke of a live session returned false"
    );
    let revoked = row(&store, session.id()).await;
    for reason in RevocationReason::KNOWN {
        let again = store
            .revoke(session.id(), reason.at(now() + HOUR))
            .await
            .expect(WORKS);
        assert!(!again, "revoke of a revoked session returned true");
        assert_row(
            &row(&store, session.id()).await,
            &revoked,
            "a second revoke changed the row",
        );
    }
}

/// `revoke` of an unknown id returns false, makes no row, and leaves the feed alone.
///
/// Anyone can send a logout for any id, so this must not fill the store.
pub async fn revoke_says_false_for_an_unknown_session(store: Arc<dyn SessionStore>) {
    let unknown = unused_id();
    assert!(
        !store
            .revoke(&unknown, RevocationReason::LoggedOut.at(now()))
            .await
            .expect(WORKS),
        "revoke of an unknown id returned true"
    );
    assert!(
        store.find(&unknown).await.expect(WORKS).is_none(),
        "revoke made a row"
    );
    assert!(
        !pull(&store, None).await.contains(&unknown),
        "an unknown session entered the feed"
    );
}

/// Of any number of racing revokes exactly one returns true. Its reason stays, and the revision
/// grows once.
///
/// The call that returns `true` reports the theft. Two such calls would be a false alarm, and none
/// would be a theft that is not noticed.
pub async fn of_racing_revokes_one_says_true(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS {
        let session = inserted(&store, "user").await;
        let revoke = |reason: RevocationReason| {
            let (store, id) = (Arc::clone(&store), *session.id());
            racer(async move { store.revoke(&id, reason.at(now())).await.expect(WORKS) })
        };
        let ended = race(RevocationReason::KNOWN.map(revoke).into()).await;
        let winners: Vec<_> = RevocationReason::KNOWN
            .into_iter()
            .zip(ended)
            .filter(|(_, ended)| *ended)
            .collect();
        assert_eq!(
            winners.len(),
            1,
            "of racing revokes another number than one returned true"
        );
        let found = row(&store, session.id()).await;
        assert_eq!(
            found.revoked().map(|record| record.reason),
            Some(winners[0].0),
            "a revoke that returned false set its reason"
        );
        assert_eq!(
            found.parts().revision,
            1,
            "racing revokes raised the revision another number of times than once"
        );
    }
}

/// After `revoke` has returned, no `replace` succeeds and no `find` shows the session alive, while
/// many tasks refresh it.
///
/// Otherwise a thief who refreshes without pause would survive the logout.
pub async fn nothing_lives_after_revoke(store: Arc<dyn SessionStore>) {
    for round in 0..ROUNDS {
        let session = inserted(&store, "user").await;
        let (ended, won) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU32::new(0)),
        );
        let revoke = {
            let (store, id, ended, won) = (
                Arc::clone(&store),
                *session.id(),
                Arc::clone(&ended),
                Arc::clone(&won),
            );
            racer(async move {
                // In each round the revocation comes at another moment.
                while won.load(Ordering::SeqCst) < round % 5 {
                    tokio::task::yield_now().await;
                }
                assert!(
                    store
                        .revoke(&id, RevocationReason::LoggedOut.at(now()))
                        .await
                        .expect(WORKS),
                    "revoke lost against a replace"
                );
                ended.store(true, Ordering::SeqCst);
            })
        };
        let mut racers = vec![revoke];
        for _ in 0..3 {
            racers.push(racer(refresh_until_ended(
                Arc::clone(&store),
                *session.id(),
                Arc::clone(&ended),
                Arc::clone(&won),
            )));
        }
        race(racers).await;
        let (found, won) = (row(&store, session.id()).await, won.load(Ordering::SeqCst));
        assert!(found.revoked().is_some(), "a replace undid a revoke");
        assert_eq!(
            found.parts().revision,
            u64::from(won) + 1,
            "the revision did not grow by one with each change"
        );
        let alive = with(&rotated(&found), |parts| parts.revoked = None);
        assert!(
            !store.replace(&alive).await.expect(WORKS),
            "a replace succeeded after revoke had returned"
        );
    }
}

/// Refreshes until it sees that the session has ended. A refresh that begins after `ended` must see
/// it at once.
pub(super) async fn refresh_until_ended(
    store: Arc<dyn SessionStore>,
    id: SessionId,
    ended: Arc<AtomicBool>,
    won: Arc<AtomicU32>,
) {
    loop {
        let late = ended.load(Ordering::SeqCst);
        let found = row(&store, &id).await;
        assert!(
            !late || found.revoked().is_some(),
            "find showed a session alive after its revocation had returned"
        );
        if found.revoked().is_some() {
            return;
        }
        let late = ended.load(Ordering::SeqCst);
        let replaced = store.replace(&rotated(&found)).await.expect(WORKS);
        assert!(
            !late || !replaced,
            "a replace succeeded after the revocation had returned"
        );
        won.fetch_add(u32::from(replaced), Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

/// Of a racing revoke and confirm the revoke always writes, and the revision grows once for each
/// write.
///
/// A confirm that writes a row which it had read before would revive the session.
pub async fn revoke_and_confirm_each_count_once(store: Arc<dyn SessionStore>) {
    for _ in 0..2 * ROUNDS {
        let session = inserted(&store, "user").await;
        let confirm = {
            let (store, id) = (Arc::clone(&store), *session.id());
            racer(async move { store.confirm(&id, 0).await.map(|()| false).expect(WORKS) })
        };
        let revoke = {
            let (store, id) = (Arc::clone(&store), *session.id());
            racer(async move {
                store
                    .revoke(&id, RevocationReason::LoggedOut.at(now()))
                    .await
                    .expect(WORKS)
            })
        };
        assert!(
            race(vec![confirm, revoke]).await[1],
            "revoke lost against a confirm"
        );
        let found = row(&store, session.id()).await;
        assert!(found.revoked().is_some(), "a confirm undid a revoke");
        let changes = 1 + u64::from(found.parts().confirmed);
        assert_eq!(
            found.parts().revision,
            changes,
            "the revision did not grow by one with each change"
        );
    }
}
