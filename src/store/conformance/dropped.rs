//! The promises about a call that is dropped midway: once it is repeated, it has done all.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::support::{WORKS, inserted, logins, now, pull, row, unused_id};
use crate::names::SessionId;
use crate::store::contract::SessionStore;
use crate::store::feed::Cursor;
use crate::store::revocation_reason::RevocationReason;

/// A `revoke` that is dropped midway leaves nothing that a second one does not complete.
///
/// Otherwise a client that hangs up during a logout, and logs out again, leaves access tokens that
/// other processes accept.
pub async fn a_revoke_that_was_dropped_is_completed_by_the_next(store: Arc<dyn SessionStore>) {
    for polls in 1.. {
        let session = inserted(&store, "user").await;
        let cursor = pull(&store, None).await.cursor;
        let revoke = || store.revoke(session.id(), RevocationReason::LoggedOut.at(now()));
        let is_done = completes_within(polls, revoke()).await;
        revoke().await.expect(WORKS);
        assert_ended(&store, session.id(), &cursor).await;
        if is_done {
            return;
        }
    }
}

/// The same is true of `revoke_all`, and of each of its sessions.
pub async fn a_revoke_all_that_was_dropped_is_completed_by_the_next(store: Arc<dyn SessionStore>) {
    for polls in 1.. {
        let sessions = [
            inserted(&store, "user").await,
            inserted(&store, "user").await,
        ];
        let (cursor, selection) = (pull(&store, None).await.cursor, logins("user"));
        let revoke = || store.revoke_all(&selection, RevocationReason::Everywhere.at(now()));
        let is_done = completes_within(polls, revoke()).await;
        revoke().await.expect(WORKS);
        for session in &sessions {
            assert_ended(&store, session.id(), &cursor).await;
        }
        if is_done {
            return;
        }
    }
}

/// The same is true of `assert_revoked`, with a row and without.
pub async fn an_assert_revoked_that_was_dropped_is_completed_by_the_next(
    store: Arc<dyn SessionStore>,
) {
    for polls in 1.. {
        let (known, unknown) = (inserted(&store, "user").await, unused_id());
        let cursor = pull(&store, None).await.cursor;
        let ids = [*known.id(), unknown];
        let assert = || store.assert_revoked(&ids, now());
        let is_done = completes_within(polls, assert()).await;
        assert().await.expect(WORKS);
        assert_ended(&store, known.id(), &cursor).await;
        assert_in_feed(&store, &unknown, &cursor).await;
        if is_done {
            return;
        }
    }
}

/// Polls a call at most so many times, whenever it is woken, and drops it. Returns whether it
/// completed.
async fn completes_within<T>(mut polls: u32, call: impl Future<Output = T>) -> bool {
    let mut call = pin!(call);
    poll_fn(|cx| {
        polls -= 1;
        match call.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if polls == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn assert_ended(store: &Arc<dyn SessionStore>, id: &SessionId, before: &Cursor) {
    let found = row(store, id).await;
    assert!(
        found.revoked().is_some(),
        "a call that was repeated after it was dropped did not end a session"
    );
    assert_in_feed(store, id, before).await;
}

async fn assert_in_feed(store: &Arc<dyn SessionStore>, id: &SessionId, before: &Cursor) {
    for cursor in [None, Some(before)] {
        assert!(
            pull(store, cursor).await.contains(id),
            "a call that was repeated after it was dropped did not enter a session into the feed"
        );
    }
}
