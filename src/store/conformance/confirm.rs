//! The promises of `confirm`.

use std::sync::Arc;

use super::support::{
    RACERS, ROUNDS, WORKS, assert_row, inserted, now, race, racer, rotated, row, unused_id, with,
};
use crate::names::SessionId;
use crate::revocation::Receipt;
use crate::store::contract::SessionStore;
use crate::store::revocation_reason::RevocationReason;

/// `confirm` sets `confirmed` and raises the revision. If it is repeated, it writes nothing.
///
/// The layer confirms again after a restart. If that raised the revision, a refresh that is under
/// way would have to start over.
pub async fn confirm_writes_once(store: Arc<dyn SessionStore>) {
    let first = inserted(&store, "user").await;
    let other = inserted(&store, "user").await;
    let confirmed = with(&first, |parts| {
        parts.confirmed = true;
        parts.revision = 1;
    });
    for _ in 0..3 {
        store.confirm(first.id(), 0).await.expect(WORKS);
        assert_row(
            &row(&store, first.id()).await,
            &confirmed,
            "confirm does not set confirmed and raise the revision once",
        );
    }
    assert_row(
        &row(&store, other.id()).await,
        &other,
        "confirm changed the row of another session",
    );
}

/// `confirm` of another generation than the stored one writes nothing.
///
/// Otherwise a late receipt for the old generation could log out an honest user who never received
/// the new one.
pub async fn confirm_ignores_another_generation(store: Arc<dyn SessionStore>) {
    let mut current = inserted(&store, "user").await;
    for _ in 0..2 {
        current = rotated(&current);
        assert!(
            store.replace(&current).await.expect(WORKS),
            "replace refused the next revision of a live row"
        );
    }
    for generation in [0, 1, 3, u32::MAX] {
        store.confirm(current.id(), generation).await.expect(WORKS);
        assert_row(
            &row(&store, current.id()).await,
            &current,
            "confirm wrote for another generation",
        );
    }
}

/// `confirm` of a session that is unknown or revoked is `Ok` and writes nothing.
///
/// Receipts come late, so the session may be gone. An error would be retried in vain, and a write
/// would create a row, or change a revoked one.
pub async fn confirm_ignores_an_unknown_or_revoked_session(store: Arc<dyn SessionStore>) {
    let unknown = unused_id();
    store
        .confirm(&unknown, 0)
        .await
        .expect("confirm of an unknown session is not an error");
    assert!(
        store.find(&unknown).await.expect(WORKS).is_none(),
        "confirm made a row"
    );

    let session = inserted(&store, "user").await;
    store
        .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .expect(WORKS);
    let revoked = row(&store, session.id()).await;
    store
        .confirm(session.id(), 0)
        .await
        .expect("confirm of a revoked session is not an error");
    assert_row(
        &row(&store, session.id()).await,
        &revoked,
        "confirm changed a revoked session",
    );
}

/// Any number of racing confirms of one generation raise the revision once.
///
/// When a page loads, each of its requests causes the same receipt.
pub async fn racing_confirms_write_once(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS {
        let session = inserted(&store, "user").await;
        let confirm = |_| {
            let (store, id) = (Arc::clone(&store), *session.id());
            racer(async move { store.confirm(&id, 0).await.expect(WORKS) })
        };
        race((0..RACERS).map(confirm).collect()).await;
        let found = row(&store, session.id()).await;
        assert!(
            found.parts().confirmed,
            "a confirm that returned Ok was lost"
        );
        assert_eq!(
            found.parts().revision,
            1,
            "racing confirms raised the revision another number of times than once"
        );
    }
}

/// Of a racing confirm and replace with one revision, exactly one writes.
///
/// If both did, a receipt for the old generation would confirm the new one, or the confirmation
/// would be lost.
pub async fn confirm_and_replace_never_both_write_over_one_revision(store: Arc<dyn SessionStore>) {
    for _ in 0..2 * ROUNDS {
        let first = inserted(&store, "user").await;
        let next = rotated(&first);
        let confirm = {
            let (store, id) = (Arc::clone(&store), *first.id());
            racer(async move { store.confirm(&id, 0).await.map(|()| false).expect(WORKS) })
        };
        let replace = {
            let (store, next) = (Arc::clone(&store), next.clone());
            racer(async move { store.replace(&next).await.expect(WORKS) })
        };
        let replaced = race(vec![confirm, replace]).await[1];
        let confirmed = with(&first, |parts| {
            parts.confirmed = true;
            parts.revision = 1;
        });
        let expected = if replaced { &next } else { &confirmed };
        assert_row(
            &row(&store, first.id()).await,
            expected,
            "a racing confirm and replace did not leave the row of one of them",
        );
    }
}

/// `confirm_all` does for each receipt what `confirm` does: it confirms each session of its
/// generation, and leaves the others alone, whatever else is in the call.
pub async fn confirm_all_does_what_confirm_does(store: Arc<dyn SessionStore>) {
    let mut expected = Vec::new();
    let mut receipts = vec![Receipt::new(unused_id(), 0)];
    for number in 0..60_u32 {
        let mut session = inserted(&store, "user").await;
        if number % 3 == 1 {
            session = rotated(&session);
            assert!(store.replace(&session).await.expect(WORKS));
        }
        if number % 5 == 1 {
            store.confirm(session.id(), 0).await.expect(WORKS);
            session = row(&store, session.id()).await;
        }
        if number % 7 == 1 {
            let record = RevocationReason::LoggedOut.at(now());
            store.revoke(session.id(), record).await.expect(WORKS);
            session = row(&store, session.id()).await;
        }
        // The receipts of several generations, where one at most is that of the row.
        let generations = [number % 2, 2, number % 2];
        for generation in &generations[..1 + number as usize % 3] {
            receipts.push(Receipt::new(*session.id(), *generation));
        }
        let confirmed = session.after_confirm(number % 2);
        expected.push(confirmed.unwrap_or(session));
    }
    for receipts in [&receipts[..], &receipts, &[]] {
        for receipts in receipts.chunks(64) {
            store.confirm_all(receipts).await.expect(WORKS);
        }
        for expected in &expected {
            assert_row(
                &row(&store, expected.id()).await,
                expected,
                "confirm_all does not do what confirm does",
            );
        }
    }
}

/// Any number of racing `confirm_all` of the same receipts, each in another order, succeed, and
/// raise each revision once.
///
/// Every process that a page asks writes the same receipts, among others.
pub async fn racing_confirm_alls_write_once(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS / 4 {
        let mut ids = Vec::new();
        for _ in 0..16 {
            ids.push(*inserted(&store, "user").await.id());
        }
        let confirm = |place| {
            let store = Arc::clone(&store);
            let mut receipts = receipts(&ids);
            receipts.rotate_left(place);
            if place % 2 == 1 {
                receipts.reverse();
            }
            racer(async move { store.confirm_all(&receipts).await.expect(WORKS) })
        };
        race((0..RACERS).map(confirm).collect()).await;
        for id in &ids {
            let found = row(&store, id).await;
            assert!(
                found.parts().confirmed,
                "a confirm_all that returned Ok lost a receipt"
            );
            assert_eq!(
                found.parts().revision,
                1,
                "racing confirm_alls raised a revision another number of times than once"
            );
        }
    }
}

/// Of a racing `confirm_all` and `replace` exactly one writes over one revision.
///
/// If both did, a receipt for the old generation would confirm the new one, or a refresh would be
/// lost.
pub async fn confirm_all_and_refreshes_lose_no_update(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS / 2 {
        let mut rows = Vec::new();
        for _ in 0..RACERS {
            rows.push(inserted(&store, "user").await);
        }
        let ids: Vec<SessionId> = rows.iter().map(|row| *row.id()).collect();
        let mut racers = vec![{
            let (store, receipts) = (Arc::clone(&store), receipts(&ids));
            racer(async move {
                store.confirm_all(&receipts).await.expect(WORKS);
                false
            })
        }];
        racers.extend(rows.iter().map(|row| {
            let (store, next) = (Arc::clone(&store), rotated(row));
            racer(async move { store.replace(&next).await.expect(WORKS) })
        }));
        let replaced = race(racers).await;
        for (first, replaced) in rows.iter().zip(&replaced[1..]) {
            let confirmed = first.after_confirm(0).expect("it is not confirmed yet");
            let expected = if *replaced { rotated(first) } else { confirmed };
            assert_row(
                &row(&store, first.id()).await,
                &expected,
                "a racing confirm_all and replace did not leave the row of one of them",
            );
        }
    }
}

fn receipts(ids: &[SessionId]) -> Vec<Receipt> {
    ids.iter().map(|id| Receipt::new(*id, 0)).collect()
}
