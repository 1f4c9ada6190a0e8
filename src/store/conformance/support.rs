//! Sessions, moments and races that the promises share.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::clock::{Clock, SystemClock, Timestamp};
use crate::names::SessionId;
use crate::store::contract::SessionStore;
use crate::store::feed::{Cursor, RevocationPage};
use crate::store::more::More;
use crate::store::revocation_reason::RevocationReason;
use crate::store::selection::SessionSelection;
use crate::store::session::Session;
use crate::store::session_owner::SessionOwner;
use crate::store::session_parts::SessionParts;

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
/// The absolute lifetime of the sessions.
pub(super) const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

/// The owner of the sessions, unless a promise is about owners.
pub(super) const OWNER: SessionOwner = SessionOwner::from_bytes([1, 2, 3, 4, 5, 6, 7, 8]);

/// The message where a call fails that has to succeed.
pub(super) const WORKS: &str = "a call that should succeed failed";

/// The number of rounds. It is large enough to catch a store that reads and then writes, and small
/// enough for a store that syncs a disk.
pub(super) const ROUNDS: u32 = 12;
pub(super) const RACERS: usize = 6;

/// The suite tells stores the real time, because a store may compare with its own.
pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

pub(super) fn earlier(moment: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millis(moment.as_millis().saturating_sub(by.as_millis() as u64))
}

/// Makes a random id, so that no two calls share one.
pub(super) fn unused_id() -> SessionId {
    let mut id = [0; 16];
    getrandom::fill(&mut id).expect("the system has randomness");
    SessionId::from_bytes(id)
}

/// A session that has just begun.
pub(super) fn session(subject: &str) -> Session {
    let created_at = now();
    Session::from_parts(SessionParts {
        owner: OWNER,
        device: Some("Firefox".into()),
        stamp: Some([7; 16]),
        ..SessionParts::new(
            unused_id(),
            subject.into(),
            created_at,
            created_at + LIFETIME,
        )
    })
}

/// The logins of a subject, whose owner is [`OWNER`].
pub(super) fn logins(subject: &str) -> SessionSelection {
    SessionSelection::new(subject, [OWNER])
}

/// One entry of a later version, with so many bytes of its own.
pub(super) fn more(length: usize) -> More {
    let entry = [
        &[0x80, 7][..],
        &(length as u16).to_be_bytes(),
        &vec![0xfe; length],
    ]
    .concat();
    More::from_bytes(entry).expect("it is one entry, and short enough")
}

/// Returns the session with changes.
pub(super) fn with(session: &Session, change: impl FnOnce(&mut SessionParts)) -> Session {
    let mut parts = session.clone().into_parts();
    change(&mut parts);
    Session::from_parts(parts)
}

/// Returns the row after a refresh.
pub(super) fn rotated(row: &Session) -> Session {
    with(row, |next| {
        next.generation += 1;
        next.rotated_at = Some(next.created_at + Duration::from_millis(next.revision));
        next.confirmed = false;
        next.revision += 1;
    })
}

/// A session that has just begun, inserted.
pub(super) async fn inserted(store: &Arc<dyn SessionStore>, subject: &str) -> Session {
    let session = session(subject);
    store.insert(&session).await.expect(WORKS);
    session
}

/// The row, which is there.
pub(super) async fn row(store: &Arc<dyn SessionStore>, id: &SessionId) -> Session {
    store
        .find(id)
        .await
        .expect(WORKS)
        .expect("find did not find a session that was inserted and not deleted")
}

/// Asserts that every field of the row is right.
#[track_caller]
pub(super) fn assert_row(found: &Session, expected: &Session, promise: &str) {
    assert_eq!(found.parts(), expected.parts(), "{promise}");
}

pub(super) async fn pull(store: &Arc<dyn SessionStore>, cursor: Option<&Cursor>) -> RevocationPage {
    let mut all = store.revoked_since(cursor.cloned()).await.expect(WORKS);
    while all.more {
        let next = store.revoked_since(Some(all.cursor)).await.expect(WORKS);
        assert!(
            !next.complete,
            "a page after the first one says that it begins again, and the store was not set back"
        );
        all.revoked.extend(next.revoked);
        (all.cursor, all.more) = (next.cursor, next.more);
    }
    all
}

pub(super) async fn listed(store: &Arc<dyn SessionStore>, subject: &str) -> Vec<SessionId> {
    listed_by(store, &logins(subject)).await
}

/// The ids of the selected sessions, in the order of the list.
pub(super) async fn listed_by(
    store: &Arc<dyn SessionStore>,
    selection: &SessionSelection,
) -> Vec<SessionId> {
    let sessions = store.list(selection, now()).await.expect(WORKS);
    sessions.iter().map(|session| *session.id()).collect()
}

/// Revokes the selected sessions now, and counts them.
pub(super) async fn revoked_by(store: &Arc<dyn SessionStore>, selection: &SessionSelection) -> u64 {
    store
        .revoke_all(selection, RevocationReason::Everywhere.at(now()))
        .await
        .expect(WORKS)
        .count()
}

/// Deletes what has ended by this moment, and counts the rows.
pub(super) async fn deleted_by(store: &Arc<dyn SessionStore>, by: Timestamp) -> u64 {
    store.delete_expired(by).await.expect(WORKS).count()
}

/// One of the tasks of a [`race`].
pub(super) type Racer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(super) fn racer<T>(run: impl Future<Output = T> + Send + 'static) -> Racer<T> {
    Box::pin(run)
}

/// Starts all tasks at the same moment, and returns their results in order.
///
/// If one panics, the promise panics. That ends the other tasks, so tasks that wait in a loop have
/// to yield.
pub(super) async fn race<T: Send + 'static>(racers: Vec<Racer<T>>) -> Vec<T> {
    let start = Arc::new(Barrier::new(racers.len()));
    let mut tasks = JoinSet::new();
    for (place, racer) in racers.into_iter().enumerate() {
        let start = Arc::clone(&start);
        tasks.spawn(async move {
            start.wait().await;
            (place, racer.await)
        });
    }
    let mut answers = Vec::with_capacity(tasks.len());
    while let Some(ended) = tasks.join_next().await {
        answers.push(ended.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic())));
    }
    answers.sort_unstable_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Subjects that a sloppy comparison, escape or encoding would take for each other.
pub(super) fn lookalikes() -> Vec<String> {
    let alike = [
        "user",
        "User",
        "USER",
        "user ",
        " user",
        "use",
        "user1",
        "user%",
        "us_r",
        "user*",
        "us?r",
        "{user}",
        "user:1",
        "user' OR '1'='1",
        "\"user\"",
        "us\\er",
        "user\n",
        "us\ter",
        "us\u{200b}er",
        "us\u{435}r",
        "u\u{17f}er",
        "usér",
        "use\u{301}r",
        "пользователь",
        "使用者",
        "🦀",
    ];
    let long = ["a", "b"].map(|last| "long".repeat(250) + last);
    alike.into_iter().map(String::from).chain(long).collect()
}
