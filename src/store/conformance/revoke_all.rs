//! The promises of `revoke_all`.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::revoke::refresh_until_ended;
use super::support::{
    HOUR, ROUNDS, WORKS, assert_row, inserted, logins, lookalikes, now, race, racer, revoked_by,
    row, with,
};
use crate::names::SessionId;
use crate::store::contract::SessionStore;
use crate::store::revocation_reason::RevocationReason;

/// `revoke_all` revokes every session of the subject, and no session of another subject, however
/// similar the names.
///
/// If a session is left, a thief stays logged in after the password was changed. One session too
/// many logs out another user.
pub async fn revoke_all_ends_the_sessions_of_one_subject(store: Arc<dyn SessionStore>) {
    let mut sessions = Vec::new();
    for subject in lookalikes() {
        sessions.push([
            inserted(&store, &subject).await,
            inserted(&store, &subject).await,
        ]);
    }
    let at = now();
    for ended in 0..sessions.len() {
        let subject = sessions[ended][0].subject();
        let record = RevocationReason::Everywhere.at(at);
        let changed = store
            .revoke_all(&logins(subject.as_str()), record)
            .await
            .expect(WORKS)
            .count();
        assert_eq!(
            changed, 2,
            "revoke_all did not end exactly the two sessions of {subject:?}"
        );
        for session in &sessions[ended] {
            let revoked = with(session, |parts| {
                parts.revoked = Some(RevocationReason::Everywhere.at(at));
                parts.revision = 1;
            });
            assert_row(
                &row(&store, session.id()).await,
                &revoked,
                "revoke_all did not set reason, time and revision",
            );
        }
        if let Some(next) = sessions.get(ended + 1) {
            assert_row(
                &row(&store, next[0].id()).await,
                &next[0],
                "revoke_all ended a session of another subject",
            );
        }
    }
}

/// `revoke_all` returns how many sessions it changed, and does not change sessions that had been
/// revoked before, or their reasons.
///
/// The user is told the number, and the first reason is the evidence.
pub async fn revoke_all_counts_only_what_it_changed(store: Arc<dyn SessionStore>) {
    let user = logins("user");
    assert_eq!(
        revoked_by(&store, &user).await,
        0,
        "revoke_all counted sessions of a subject that has none"
    );
    let stolen = inserted(&store, "user").await;
    for _ in 0..3 {
        inserted(&store, "user").await;
    }
    store
        .revoke(stolen.id(), RevocationReason::Reused.at(now()))
        .await
        .expect(WORKS);
    let revoked = row(&store, stolen.id()).await;
    for expected in [3, 0] {
        let changed = store
            .revoke_all(&user, RevocationReason::Everywhere.at(now() + HOUR))
            .await
            .expect(WORKS)
            .count();
        assert_eq!(
            changed, expected,
            "revoke_all did not count exactly what it changed"
        );
    }
    assert_row(
        &row(&store, stolen.id()).await,
        &revoked,
        "revoke_all changed a session that had been revoked before",
    );
}

/// `revoke_all` reaches every session whose `insert` had returned before the call, while other
/// sessions are being inserted.
///
/// A login that is not in the index when its `insert` returns would survive "log out everywhere".
pub async fn revoke_all_reaches_every_session_inserted_before(store: Arc<dyn SessionStore>) {
    const WRITERS: usize = 3;
    let there = Arc::new(Mutex::new(Vec::<SessionId>::new()));
    let running = Arc::new(AtomicUsize::new(WRITERS));
    let mut racers = Vec::new();
    for _ in 0..WRITERS {
        let (store, there, running) =
            (Arc::clone(&store), Arc::clone(&there), Arc::clone(&running));
        racers.push(racer(async move {
            for _ in 0..ROUNDS {
                let session = inserted(&store, "user").await;
                there.lock().expect("no racer panicked").push(*session.id());
            }
            running.fetch_sub(1, Ordering::SeqCst);
            0
        }));
    }
    let (ender, known) = (Arc::clone(&store), Arc::clone(&there));
    racers.push(racer(async move {
        let (mut changed, mut checked) = (0, 0);
        loop {
            let last = running.load(Ordering::SeqCst) == 0;
            let before: Vec<_> = known.lock().expect("no racer panicked")[checked..].to_vec();
            changed += revoked_by(&ender, &logins("user")).await;
            for id in &before {
                assert!(
                    row(&ender, id).await.revoked().is_some(),
                    "revoke_all missed a session whose insert had returned"
                );
            }
            checked += before.len();
            if last {
                return changed;
            }
            tokio::task::yield_now().await;
        }
    }));
    let changed: u64 = race(racers).await.into_iter().sum();
    let all = there.lock().expect("no racer panicked").clone();
    assert_eq!(
        changed,
        all.len() as u64,
        "revoke_all counted a session twice or not at all"
    );
    for id in &all {
        assert_eq!(
            row(&store, id).await.parts().revision,
            1,
            "repeated revoke_alls changed a session more than once"
        );
    }
}

/// Where several `revoke_all` and `revoke` race, each session is counted once.
///
/// Repeating a call that failed midway must complete it, and count the sessions that were left.
pub async fn racing_revoke_alls_count_each_session_once(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS {
        let mut sessions = Vec::new();
        for _ in 0..4 {
            sessions.push(inserted(&store, "user").await);
        }
        let mut racers = Vec::new();
        for _ in 0..3 {
            let store = Arc::clone(&store);
            racers.push(racer(
                async move { revoked_by(&store, &logins("user")).await },
            ));
        }
        let (revoker, id) = (Arc::clone(&store), *sessions[3].id());
        racers.push(racer(async move {
            revoker
                .revoke(&id, RevocationReason::LoggedOut.at(now()))
                .await
                .map(u64::from)
                .expect(WORKS)
        }));
        let changed: u64 = race(racers).await.into_iter().sum();
        assert_eq!(
            changed, 4,
            "racing revoke_alls counted a session twice or not at all"
        );
        for session in &sessions {
            assert_eq!(
                row(&store, session.id()).await.parts().revision,
                1,
                "racing revoke_alls changed a session twice"
            );
        }
    }
}

/// After `revoke_all` has returned, no `replace` of its sessions succeeds and no `find` shows one
/// alive, while they are refreshed.
///
/// "Log out everywhere" has to end the session of a thief who refreshes without pause, too.
pub async fn nothing_lives_after_revoke_all(store: Arc<dyn SessionStore>) {
    for round in 0..ROUNDS / 2 {
        let ended = Arc::new(AtomicBool::new(false));
        let won = Arc::new(AtomicU32::new(0));
        let mut racers = Vec::new();
        let mut sessions = Vec::new();
        for _ in 0..3 {
            let session = inserted(&store, "user").await;
            racers.push(racer(refresh_until_ended(
                Arc::clone(&store),
                *session.id(),
                Arc::clone(&ended),
                Arc::clone(&won),
            )));
            sessions.push(session);
        }
        let (ender, done, seen) = (Arc::clone(&store), Arc::clone(&ended), Arc::clone(&won));
        racers.push(racer(async move {
            while seen.load(Ordering::SeqCst) < round % 4 {
                tokio::task::yield_now().await;
            }
            let changed = revoked_by(&ender, &logins("user")).await;
            assert_eq!(changed, 3, "revoke_all lost against a replace");
            done.store(true, Ordering::SeqCst);
        }));
        race(racers).await;
        let mut revisions = 0;
        for session in &sessions {
            revisions += row(&store, session.id()).await.parts().revision;
        }
        let changes = u64::from(won.load(Ordering::SeqCst)) + 3;
        assert_eq!(
            revisions, changes,
            "the revision did not grow by one with each change"
        );
    }
}
