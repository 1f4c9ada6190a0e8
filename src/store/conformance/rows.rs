//! The promises of `insert` and `find`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::support::{
    HOUR, RACERS, ROUNDS, WORKS, assert_row, earlier, inserted, listed, logins, now, race, racer,
    revoked_by, row, session, unused_id, with,
};
use crate::store::contract::SessionStore;
use crate::store::revocation_reason::RevocationReason;

/// After `insert` has returned, `find`, `list` and `revoke_all` see the session.
///
/// A session that `revoke_all` does not see would survive a change of the password.
pub async fn insert_makes_a_row_that_every_method_sees(store: Arc<dyn SessionStore>) {
    let session = inserted(&store, "user").await;
    assert_row(
        &row(&store, session.id()).await,
        &session,
        "find did not answer what insert was given",
    );
    assert_eq!(
        listed(&store, "user").await,
        [*session.id()],
        "list does not see a session that was inserted"
    );
    let ended = revoked_by(&store, &logins(session.subject().as_str())).await;
    assert_eq!(
        ended, 1,
        "revoke_all does not see a session that was inserted"
    );
}

/// `insert` of a known id is an error and overwrites nothing, whether the row lives or was revoked.
///
/// An overwrite would revive a revoked session, or give the session of one user to another.
pub async fn insert_refuses_a_known_id(store: Arc<dyn SessionStore>) {
    let first = inserted(&store, "first").await;
    let second = with(&session("second"), |parts| parts.id = *first.id());
    store
        .insert(&second)
        .await
        .expect_err("insert took an id that was there already");
    assert_row(
        &row(&store, first.id()).await,
        &first,
        "insert of a known id overwrote the row",
    );
    assert!(
        listed(&store, "second").await.is_empty(),
        "a refused insert left the session in the index of its subject"
    );

    assert!(
        store
            .revoke(first.id(), RevocationReason::Reused.at(now()))
            .await
            .expect(WORKS),
        "revoke did not end a live session"
    );
    let revoked = row(&store, first.id()).await;
    store
        .insert(&first)
        .await
        .expect_err("insert took the id of a revoked session");
    assert_row(
        &row(&store, first.id()).await,
        &revoked,
        "insert brought a revoked session back to life",
    );
}

/// Of any number of racing inserts of one id exactly one returns `Ok`, and the row is the one that
/// it was given.
///
/// In a store that first looks and then writes, the second insert would overwrite the first.
pub async fn of_racing_inserts_of_one_id_one_succeeds(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS {
        let id = unused_id();
        let sessions: Vec<_> = (0..RACERS)
            .map(|n| with(&session(&format!("user {n}")), |parts| parts.id = id))
            .collect();
        let insert = |session: &crate::store::Session| {
            let (store, session) = (Arc::clone(&store), session.clone());
            racer(async move { store.insert(&session).await.is_ok() })
        };
        let inserted = race(sessions.iter().map(insert).collect()).await;
        let winners: Vec<_> = sessions
            .iter()
            .zip(inserted)
            .filter(|(_, inserted)| *inserted)
            .collect();
        assert_eq!(
            winners.len(),
            1,
            "of racing inserts of one id, another number than one succeeded"
        );
        assert_row(
            &row(&store, &id).await,
            winners[0].0,
            "a racing insert that failed overwrote the row",
        );
    }
}

/// `find` returns `None` for an id that was never inserted.
///
/// Another row would be another user's login.
pub async fn find_finds_nothing_under_an_unknown_id(store: Arc<dyn SessionStore>) {
    let session = inserted(&store, "user").await;
    let mut close = *session.id().as_bytes();
    close[15] ^= 1;
    for id in [
        unused_id(),
        crate::names::SessionId::from_bytes(close),
        crate::names::SessionId::from_bytes([0; 16]),
    ] {
        assert!(
            store.find(&id).await.expect(WORKS).is_none(),
            "find found a row under an id that was never inserted"
        );
    }
}

/// `find` returns expired and revoked rows too, with reason and time, until they are deleted.
///
/// Without them a refused refresh could not say why, and a stolen token would look like an unknown
/// one.
pub async fn find_returns_expired_and_revoked_rows(store: Arc<dyn SessionStore>) {
    let expired = with(&session("user"), |parts| {
        parts.created_at = earlier(parts.created_at, 3 * HOUR);
        parts.expires_at = earlier(now(), HOUR);
    });
    store.insert(&expired).await.expect(WORKS);
    assert_row(
        &row(&store, expired.id()).await,
        &expired,
        "find changed an expired row",
    );

    let revoked = inserted(&store, "user").await;
    store
        .revoke(revoked.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .expect(WORKS);
    assert!(
        row(&store, revoked.id()).await.revoked().is_some(),
        "find hides that a session was revoked"
    );

    // A logout does not look at whether the session has expired.
    assert!(
        store
            .revoke(expired.id(), RevocationReason::LoggedOut.at(now()))
            .await
            .expect(WORKS),
        "an expired session cannot be revoked"
    );
}

/// `find` returns the row as of one instant between call and return, never half of a change, and
/// never a row from before the call.
///
/// With a new generation and the rotation time of the old one, an honest user would be taken for a
/// thief. The same would happen with a lagging replica.
pub async fn find_never_shows_half_a_change(store: Arc<dyn SessionStore>) {
    const CHANGES: u64 = 50;
    let first = inserted(&store, "user").await;
    let written = Arc::new(AtomicU64::new(0));
    let state = |n: u64| {
        with(&first, |parts| {
            parts.generation = n as u32;
            parts.rotated_at = (n > 0).then(|| parts.created_at + Duration::from_millis(n));
            parts.confirmed = n % 2 == 1;
            parts.recoveries = n as u8;
            parts.recovered = n % 2 == 1;
            parts.retry_key = (n > 0).then_some([n as u8; 16]);
            parts.data = (!n.is_multiple_of(3)).then(|| vec![n as u8; 50 * n as usize].into());
            parts.revision = n;
        })
    };
    let changes: Vec<_> = (1..=CHANGES).map(state).collect();
    let states: Arc<Vec<_>> = Arc::new((0..=CHANGES).map(state).collect());

    let mut racers = Vec::new();
    for _ in 0..3 {
        let (store, states, written, id) = (
            Arc::clone(&store),
            Arc::clone(&states),
            Arc::clone(&written),
            *first.id(),
        );
        racers.push(racer(async move {
            let mut last = 0;
            while last < CHANGES {
                let before = written.load(Ordering::SeqCst).max(last);
                let found = row(&store, &id).await;
                last = found.parts().revision;
                assert!(
                    last >= before,
                    "find showed a row of before the call: a lagging replica, or a cache"
                );
                assert_row(&found, &states[last as usize], "find showed half a change");
                tokio::task::yield_now().await;
            }
        }));
    }
    let store = Arc::clone(&store);
    racers.push(racer(async move {
        for next in &changes {
            assert!(
                store.replace(next).await.expect(WORKS),
                "replace refused the next revision of a live row"
            );
            assert_row(
                &row(&store, next.id()).await,
                next,
                "find did not show what had just been written",
            );
            written.fetch_add(1, Ordering::SeqCst);
        }
    }));
    race(racers).await;
}
