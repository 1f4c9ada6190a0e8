//! The promises of `list`.

use std::sync::Arc;
use std::time::Duration;

use super::support::{
    HOUR, LIFETIME, RACERS, ROUNDS, WORKS, assert_row, earlier, inserted, listed, logins,
    lookalikes, now, race, racer, rotated, row, session, with,
};
use crate::names::SessionId;
use crate::store::contract::{MAX_LISTED, SessionStore};
use crate::store::revocation_reason::RevocationReason;

/// `list` shows the whole rows of sessions that are neither revoked nor expired at `now`.
///
/// A user looks for strangers in this list: an ended session would alarm them, and a missing one
/// would hide a thief.
pub async fn list_shows_only_what_lives(store: Arc<dyn SessionStore>) {
    assert!(
        listed(&store, "user").await.is_empty(),
        "list shows sessions of a subject that has none"
    );
    let live = inserted(&store, "user").await;
    let expired = with(&session("user"), |parts| {
        parts.expires_at = earlier(parts.created_at, HOUR);
    });
    store.insert(&expired).await.expect(WORKS);
    let revoked = inserted(&store, "user").await;
    store
        .revoke(revoked.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .expect(WORKS);
    assert_eq!(
        listed(&store, "user").await,
        [*live.id()],
        "list does not show exactly the live sessions"
    );

    let refreshed = rotated(&live);
    assert!(
        store.replace(&refreshed).await.expect(WORKS),
        "replace refused the next revision of a live row"
    );
    let shown = store
        .list(
            &logins("user"),
            earlier(live.expires_at(), Duration::from_millis(1)),
        )
        .await
        .expect(WORKS);
    assert_eq!(
        shown.len(),
        1,
        "list hides a session until its absolute end"
    );
    assert_row(
        &shown[0],
        &row(&store, live.id()).await,
        "list and find show different rows",
    );
    assert!(
        store
            .list(&logins("user"), live.expires_at())
            .await
            .expect(WORKS)
            .is_empty(),
        "list shows a session at its absolute end"
    );
}

/// `count` counts at least what `list` shows, and nothing of another subject.
///
/// Otherwise a user has sessions without end, or a stranger's logins end those of a user.
pub async fn count_reaches_what_list_shows(store: Arc<dyn SessionStore>) {
    let count = async |subject: &str| store.count(&logins(subject), now()).await.expect(WORKS);
    for live in 0..5 {
        let (counted, others) = (count("user").await, count("other").await);
        assert_eq!(counted, live, "count does not count the live sessions");
        assert_eq!(others, 0, "count counts the sessions of another subject");
        inserted(&store, "user").await;
    }
}

/// `list` is in the order of the logins, newest first, in whatever order they were inserted.
///
/// A user who looks for a stranger in the list usually finds them first.
pub async fn list_is_newest_first(store: Arc<dyn SessionStore>) {
    let start = earlier(now(), HOUR);
    let mut expected = Vec::new();
    for minute in [3, 0, 4, 1, 2] {
        let session = with(&session("user"), |parts| {
            parts.created_at = start + Duration::from_secs(60 * minute);
        });
        store.insert(&session).await.expect(WORKS);
        expected.push((std::cmp::Reverse(session.created_at()), *session.id()));
    }
    expected.sort_unstable();
    let expected: Vec<SessionId> = expected.into_iter().map(|(_, id)| id).collect();
    assert_eq!(
        listed(&store, "user").await,
        expected,
        "list is not newest first"
    );
}

/// `list` shows the sessions of exactly this subject.
///
/// Otherwise users could see and end the sessions of another user with a similar name.
pub async fn list_is_exact_about_the_subject(store: Arc<dyn SessionStore>) {
    let mut sessions = Vec::new();
    for subject in lookalikes() {
        let session = inserted(&store, &subject).await;
        sessions.push((subject, session));
    }
    for (subject, session) in &sessions {
        let shown = listed(&store, subject).await;
        assert_eq!(
            shown,
            [*session.id()],
            "list does not show exactly the sessions of {subject:?}"
        );
    }
}

/// A session whose `insert` had returned before the call is in the list, and counted, while others
/// are being inserted.
///
/// After a login the user looks at the list, and a lagging index would hide the new session. Of
/// logins at the same moment it would let more stay than the policy allows.
pub async fn list_never_misses_what_was_just_inserted(store: Arc<dyn SessionStore>) {
    let log_in_and_look = |_| {
        let store = Arc::clone(&store);
        racer(async move {
            let mut mine = Vec::new();
            for _ in 0..ROUNDS {
                mine.push(*inserted(&store, "user").await.id());
                let shown = listed(&store, "user").await;
                assert!(
                    mine.iter().all(|id| shown.contains(id)),
                    "list missed a session whose insert had returned"
                );
                let counted = store.count(&logins("user"), now()).await.expect(WORKS);
                assert!(
                    counted >= mine.len(),
                    "count missed a session whose insert had returned"
                );
            }
        })
    };
    race((0..RACERS).map(log_in_and_look).collect()).await;
    assert_eq!(
        listed(&store, "user").await.len(),
        RACERS * ROUNDS as usize,
        "list shows a session twice or not at all"
    );
}

/// `list` returns at most 1000 sessions, and those are the newest.
///
/// A script that logs in without end must not cause a response without end.
pub async fn list_is_bounded_and_keeps_the_newest(store: Arc<dyn SessionStore>) {
    const ABOVE: usize = 5;
    let start = now();
    let insert = |oldest: usize| {
        let store = Arc::clone(&store);
        racer(async move {
            for age in (oldest..MAX_LISTED + ABOVE).step_by(RACERS) {
                let session = with(&session("user"), |parts| {
                    parts.created_at = earlier(start, Duration::from_secs(age as u64));
                    parts.expires_at = start + LIFETIME;
                });
                store.insert(&session).await.expect(WORKS);
            }
        })
    };
    race((0..RACERS).map(insert).collect()).await;
    let shown = store.list(&logins("user"), now()).await.expect(WORKS);
    assert_eq!(
        shown.len(),
        MAX_LISTED,
        "list does not show 1000 of more sessions"
    );
    for (age, session) in shown.iter().enumerate() {
        let expected = earlier(start, Duration::from_secs(age as u64));
        assert_eq!(
            session.created_at(),
            expected,
            "a bounded list does not keep the newest"
        );
    }
}
