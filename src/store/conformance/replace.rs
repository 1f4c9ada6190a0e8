//! The promises of `replace`.

use std::sync::Arc;

use super::support::{
    HOUR, OWNER, RACERS, ROUNDS, WORKS, assert_row, inserted, listed, logins, more, now, race,
    racer, rotated, row, session, with,
};
use crate::clock::Timestamp;
use crate::names::Subject;
use crate::store::contract::SessionStore;
use crate::store::more::More;
use crate::store::revocation_reason::RevocationReason;
use crate::store::session_kind::SessionKind;
use crate::store::session_owner::SessionOwner;

/// `replace` writes every field that may change, and the next `find` shows them.
///
/// That is the whole row except `id`, `subject`, `kind`, `created_at`, `expires_at` and the
/// revocation.
///
/// Absent values are written too: a retry key that stays would fit a request of long ago.
pub async fn replace_writes_what_a_refresh_changes(store: Arc<dyn SessionStore>) {
    let mut expected = inserted(&store, "user").await;
    let far = Timestamp::from_millis(i64::MAX as u64);
    for rotated_at in [Some(now()), None, Some(far)] {
        for retry_key in [Some([0xff; 16]), None, Some([0; 16])] {
            for flag in [true, false] {
                expected = with(&expected, |next| {
                    next.generation = if flag { u32::MAX } else { 1 };
                    next.rotated_at = rotated_at;
                    next.confirmed = flag;
                    next.recoveries = if flag { u8::MAX } else { 0 };
                    next.recovered = !flag;
                    next.retry_key = retry_key;
                    next.owner = if flag {
                        SessionOwner::from_bytes([0xff; 8])
                    } else {
                        OWNER
                    };
                    next.device = flag.then(|| "Ada's phone".into());
                    next.stamp = retry_key;
                    next.receipts = flag;
                    next.idle_timeout = flag.then_some(HOUR);
                    next.until_browser_closes = flag;
                    next.authenticated_at = rotated_at;
                    next.data = retry_key.map(Box::from);
                    next.more = if flag { more(7) } else { More::default() };
                    next.revision += 1;
                });
                assert!(
                    store.replace(&expected).await.expect(WORKS),
                    "replace refused the next revision of a live row"
                );
                assert_row(
                    &row(&store, expected.id()).await,
                    &expected,
                    "replace did not write all that a refresh changes",
                );
            }
        }
    }
}

/// `replace` never writes subject, kind, beginning, absolute end or revocation, whatever it is
/// given.
///
/// A refresh that moves the absolute end makes a session that never ends; one that writes the
/// revocation undoes a logout.
pub async fn replace_writes_nothing_else(store: Arc<dyn SessionStore>) {
    let first = inserted(&store, "user").await;
    let other = inserted(&store, "other").await;
    let next = rotated(&first);
    let meddled = with(&next, |parts| {
        parts.subject = Subject::from("somebody else");
        parts.kind = SessionKind::from_number(7);
        parts.created_at = parts.created_at + HOUR;
        parts.expires_at = parts.expires_at + HOUR;
        parts.revoked = Some(RevocationReason::Reused.at(now()));
    });
    assert!(
        store.replace(&meddled).await.expect(WORKS),
        "replace refused the next revision of a live row"
    );
    assert_row(
        &row(&store, first.id()).await,
        &next,
        "replace wrote a field that is only written by insert or revoke",
    );
    assert_row(
        &row(&store, other.id()).await,
        &other,
        "replace wrote the row of another session",
    );
    assert_eq!(
        listed(&store, "user").await,
        [*first.id()],
        "replace moved a session away from its subject"
    );
    assert!(
        listed(&store, "somebody else").await.is_empty(),
        "replace gave a session to another subject"
    );
}

/// `replace` with any revision but the next one returns false and changes nothing.
///
/// It is what tells two concurrent refreshes apart: without it the loser overwrites the winner, and
/// the winner's token is taken for stolen.
pub async fn replace_refuses_a_wrong_revision(store: Arc<dyn SessionStore>) {
    let first = inserted(&store, "user").await;
    let current = rotated(&first);
    assert!(
        store.replace(&current).await.expect(WORKS),
        "replace refused the next revision of a live row"
    );
    for revision in [0, 1, 3, 4, u64::from(u32::MAX), i64::MAX as u64, u64::MAX] {
        let wrong = with(&rotated(&current), |parts| parts.revision = revision);
        let refused = !store.replace(&wrong).await.expect(WORKS);
        assert!(
            refused,
            "replace accepted revision {revision} where only 2 may follow"
        );
        assert_row(
            &row(&store, first.id()).await,
            &current,
            "a refused replace changed the row",
        );
    }
}

/// `replace` of an id that was never inserted returns false and makes no row.
///
/// Such a row would be a session without a login, or a deleted session that came back.
pub async fn replace_refuses_an_unknown_session(store: Arc<dyn SessionStore>) {
    let unknown = session("user");
    for next in [rotated(&unknown), unknown] {
        assert!(
            !store.replace(&next).await.expect(WORKS),
            "replace of an unknown session returned true"
        );
        assert!(
            store.find(next.id()).await.expect(WORKS).is_none(),
            "replace made a row"
        );
    }
    assert!(
        listed(&store, "user").await.is_empty(),
        "replace put an unknown session into the index of its subject"
    );
    assert_eq!(
        store.count(&logins("user"), now()).await.expect(WORKS),
        0,
        "replace put an unknown session into the index of its subject"
    );
}

/// `replace` of a revoked session returns false and changes nothing, with the right revision too.
///
/// A revocation is final: a refresh that was under way during a logout must not revive the session.
pub async fn replace_refuses_a_revoked_session(store: Arc<dyn SessionStore>) {
    let first = inserted(&store, "user").await;
    store
        .revoke(first.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .expect(WORKS);
    let revoked = row(&store, first.id()).await;
    let alive = with(&rotated(&revoked), |parts| parts.revoked = None);
    for next in [rotated(&first), rotated(&revoked), alive] {
        assert!(
            !store.replace(&next).await.expect(WORKS),
            "replace changed a revoked session"
        );
        assert_row(
            &row(&store, first.id()).await,
            &revoked,
            "a refused replace changed a revoked row",
        );
    }
}

/// Of any number of racing replaces with one revision exactly one returns true, and the row is the
/// one that it was given.
///
/// With two winners there would be two refresh tokens of one generation, and the user would get
/// different responses.
pub async fn of_racing_replaces_one_wins(store: Arc<dyn SessionStore>) {
    let mut current = inserted(&store, "user").await;
    for _ in 0..ROUNDS {
        let nexts: Vec<_> = (0..RACERS)
            .map(|n| {
                with(&rotated(&current), |next| {
                    next.retry_key = Some([n as u8; 16]);
                })
            })
            .collect();
        let replace = |next: &crate::store::Session| {
            let (store, next) = (Arc::clone(&store), next.clone());
            racer(async move { store.replace(&next).await.expect(WORKS) })
        };
        let replaced = race(nexts.iter().map(replace).collect()).await;
        let winners: Vec<_> = nexts
            .iter()
            .zip(replaced)
            .filter(|(_, replaced)| *replaced)
            .collect();
        assert_eq!(
            winners.len(),
            1,
            "of racing replaces with one revision, another number than one returned true"
        );
        current = row(&store, current.id()).await;
        assert_row(
            &current,
            winners[0].0,
            "a replace that returned false wrote the row",
        );
    }
}

/// Where many find and replace at once, the revision grows by exactly one for each `true`.
///
/// A revision that is used twice hides a change from all processes that read the row before.
pub async fn racing_refreshes_lose_no_update(store: Arc<dyn SessionStore>) {
    let first = inserted(&store, "user").await;
    let refresh_often = |_| {
        let (store, id) = (Arc::clone(&store), *first.id());
        racer(async move {
            let mut won: u32 = 0;
            for _ in 0..ROUNDS {
                let next = rotated(&row(&store, &id).await);
                won += u32::from(store.replace(&next).await.expect(WORKS));
            }
            won
        })
    };
    let won: u32 = race((0..RACERS).map(refresh_often).collect())
        .await
        .iter()
        .sum();
    let last = row(&store, first.id()).await;
    assert!(won >= ROUNDS, "racing replaces all returned false");
    assert_eq!(
        last.parts().revision,
        u64::from(won),
        "the revision did not grow by one for each replace that returned true"
    );
    assert_eq!(
        last.parts().generation,
        won,
        "a replace that returned true was lost"
    );
}
