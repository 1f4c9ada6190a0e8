//! The promises of `erase`.

use std::sync::Arc;
use std::time::Duration;

use super::support::{
    ROUNDS, WORKS, assert_row, deleted_by, earlier, inserted, listed, logins, lookalikes, now,
    pull, race, racer, revoked_by, rotated, row, session, with,
};
use crate::limits::REVOCATION_RETENTION;
use crate::store::contract::SessionStore;
use crate::store::revocation_reason::RevocationReason;
use crate::store::selection::SessionSelection;
use crate::store::session::Session;
use crate::store::session_kind::SessionKind;
use crate::store::session_owner::SessionOwner;

async fn erased_by(store: &Arc<dyn SessionStore>, selection: &SessionSelection) -> u64 {
    store.erase(selection).await.expect(WORKS).count()
}

async fn assert_gone(store: &Arc<dyn SessionStore>, session: &Session) {
    assert!(
        store.find(session.id()).await.expect(WORKS).is_none(),
        "a row is still there after erase"
    );
}

/// A session with these changes, revoked.
async fn revoked(store: &Arc<dyn SessionStore>, session: Session) -> Session {
    store.insert(&session).await.expect(WORKS);
    let record = RevocationReason::Everywhere.at(now());
    store.revoke(session.id(), record).await.expect(WORKS);
    row(store, session.id()).await
}

/// `erase` deletes the revoked rows of the subject, and no row of another subject, however similar
/// the names, and returns how many.
///
/// The user is told that nothing is left, and another user must not lose their sessions.
pub async fn erase_deletes_the_revoked_rows_of_one_subject(store: Arc<dyn SessionStore>) {
    let mut sessions = Vec::new();
    for subject in lookalikes() {
        sessions.push([
            revoked(&store, session(&subject)).await,
            revoked(&store, session(&subject)).await,
        ]);
    }
    for (place, erased) in sessions.iter().enumerate() {
        let selection = logins(erased[0].subject().as_str());
        for expected in [2, 0] {
            assert_eq!(
                erased_by(&store, &selection).await,
                expected,
                "erase did not delete exactly the rows of {:?}",
                erased[0].subject()
            );
        }
        for session in erased {
            assert_gone(&store, session).await;
        }
        for other in sessions[place + 1..].iter().flatten() {
            assert_row(
                &row(&store, other.id()).await,
                other,
                "erase changed a row of another subject",
            );
        }
    }
}

/// `erase` leaves sessions that were not revoked: their access tokens would still be accepted. The
/// same user may log in again, and be erased again.
pub async fn erase_leaves_what_was_not_revoked(store: Arc<dyn SessionStore>) {
    let user = logins("user");
    for _ in 0..2 {
        revoked(&store, session("user")).await;
        let live = inserted(&store, "user").await;
        assert_eq!(
            erased_by(&store, &user).await,
            1,
            "erase did not delete exactly the revoked row"
        );
        assert_row(
            &row(&store, live.id()).await,
            &live,
            "erase changed a session that was not revoked",
        );
        assert_eq!(
            listed(&store, "user").await,
            [*live.id()],
            "erase took a live session out of the index"
        );
        assert_eq!(
            revoked_by(&store, &user).await,
            1,
            "revoke_all misses a session after erase"
        );
        assert_eq!(
            erased_by(&store, &user).await,
            1,
            "erase missed a session that was revoked after the first erase"
        );
        assert_gone(&store, &live).await;
    }
}

/// `erase` deletes the rows that the selection matches: by owner, kind and exception.
///
/// The subject 42 of another application is another user.
pub async fn erase_deletes_only_what_is_selected(store: Arc<dyn SessionStore>) {
    let (other, kind) = (
        SessionOwner::from_bytes([9; 8]),
        SessionKind::from_number(1),
    );
    let mine = revoked(&store, session("user")).await;
    let spared = revoked(&store, session("user")).await;
    let theirs = with(&session("user"), |parts| parts.owner = other);
    let theirs = revoked(&store, theirs).await;
    let of_a_kind = with(&session("user"), |parts| parts.kind = kind);
    let of_a_kind = revoked(&store, of_a_kind).await;
    let selection = logins("user").except(*spared.id());
    assert_eq!(
        erased_by(&store, &selection).await,
        1,
        "erase did not delete exactly what was selected"
    );
    assert_gone(&store, &mine).await;
    for kept in [&spared, &theirs, &of_a_kind] {
        assert_row(
            &row(&store, kept.id()).await,
            kept,
            "erase deleted what was not selected",
        );
    }
    let selection = logins("user").with_every_kind();
    assert_eq!(
        erased_by(&store, &selection).await,
        2,
        "erase did not delete every kind"
    );
    let selection = SessionSelection::new("user", [other]);
    assert_eq!(
        erased_by(&store, &selection).await,
        1,
        "erase did not delete the row of the other owner"
    );
}

/// `erase` deletes rows of every revocation, however it came and for as long as the row is there.
///
/// A user who has logged out everywhere yesterday still has a subject and devices in the store.
pub async fn erase_deletes_what_was_revoked_before(store: Arc<dyn SessionStore>) {
    let start = now();
    let one = inserted(&store, "user").await;
    store
        .revoke(one.id(), RevocationReason::LoggedOut.at(start))
        .await
        .expect(WORKS);
    let asserted = inserted(&store, "user").await;
    store
        .assert_revoked(&[*asserted.id()], start)
        .await
        .expect(WORKS);
    inserted(&store, "user").await;
    revoked_by(&store, &logins("user")).await;
    let expired = with(&session("user"), |parts| {
        parts.created_at = earlier(start, Duration::from_secs(7200));
        parts.expires_at = earlier(start, Duration::from_secs(3600));
    });
    revoked(&store, expired).await;
    let just_before = earlier(start + REVOCATION_RETENTION, Duration::from_secs(60));
    assert_eq!(
        deleted_by(&store, just_before).await,
        0,
        "delete_expired deleted a revoked row within the retention"
    );
    assert_eq!(
        erased_by(&store, &logins("user")).await,
        4,
        "erase missed a row that was revoked before"
    );
}

/// An erased session stays in the feed for the retention, and never comes back.
///
/// Every process, also one that starts later, has to refuse its access tokens until they expire.
pub async fn an_erased_session_stays_in_the_feed(store: Arc<dyn SessionStore>) {
    let start = now();
    let before = pull(&store, None).await.cursor;
    let (live, other) = (
        inserted(&store, "user").await,
        inserted(&store, "other").await,
    );
    revoked_by(&store, &logins("user")).await;
    assert_eq!(
        erased_by(&store, &logins("user")).await,
        1,
        "erase did not delete the revoked row"
    );
    for then in [
        start,
        earlier(start + REVOCATION_RETENTION, Duration::from_secs(60)),
    ] {
        deleted_by(&store, then).await;
        for cursor in [None, Some(&before)] {
            assert!(
                pull(&store, cursor).await.contains(live.id()),
                "an erased session left the feed within the retention"
            );
        }
    }
    assert!(
        !store.replace(&rotated(&live)).await.expect(WORKS),
        "a refresh brought an erased session back"
    );
    store.confirm(live.id(), 0).await.expect(WORKS);
    assert!(
        !store
            .revoke(live.id(), RevocationReason::LoggedOut.at(now()))
            .await
            .expect(WORKS),
        "revoke returned true for an erased session"
    );
    store
        .assert_revoked(&[*live.id()], now())
        .await
        .expect(WORKS);
    assert_gone(&store, &live).await;
    assert_row(
        &row(&store, other.id()).await,
        &other,
        "erase changed a session of another subject",
    );
    deleted_by(
        &store,
        start + REVOCATION_RETENTION + Duration::from_secs(3600 * 24),
    )
    .await;
    assert!(
        !pull(&store, None).await.contains(live.id()),
        "an erased session stays in the feed after the retention"
    );
}

/// Where several `erase` and `revoke_all` race, each row is counted once.
pub async fn racing_erasures_count_each_row_once(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS {
        for _ in 0..4 {
            inserted(&store, "user").await;
        }
        let mut racers = Vec::new();
        for _ in 0..3 {
            let store = Arc::clone(&store);
            racers.push(racer(async move {
                revoked_by(&store, &logins("user")).await;
                erased_by(&store, &logins("user")).await
            }));
        }
        let erased: u64 = race(racers).await.into_iter().sum();
        assert_eq!(
            erased, 4,
            "racing erasures counted a row twice or not at all"
        );
    }
}
