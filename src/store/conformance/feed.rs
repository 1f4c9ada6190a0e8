//! The promises of `revoked_since`.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::support::{
    DAY, HOUR, WORKS, earlier, inserted, logins, now, pull, race, racer, revoked_by, unused_id,
};
use crate::clock::Timestamp;
use crate::names::SessionId;
use crate::store::contract::SessionStore;
use crate::store::feed::Cursor;
use crate::store::revocation_reason::RevocationReason;

async fn revoked(store: &Arc<dyn SessionStore>, at: Timestamp) -> SessionId {
    let session = inserted(store, "user").await;
    assert!(
        store
            .revoke(session.id(), RevocationReason::LoggedOut.at(at))
            .await
            .expect(WORKS),
        "revoke of a live session returned false"
    );
    *session.id()
}

/// Without a cursor the feed has every revocation, as soon as `revoke` has returned, and no live
/// session.
///
/// A process reads it before it accepts its first token.
pub async fn the_feed_without_a_cursor_has_every_revocation(store: Arc<dyn SessionStore>) {
    let live = inserted(&store, "user").await;
    let mut ended = Vec::new();
    for _ in 0..5 {
        ended.push(revoked(&store, now()).await);
        let page = pull(&store, None).await;
        assert!(
            ended.iter().all(|id| page.contains(id)),
            "the feed without a cursor misses a revocation"
        );
        assert!(!page.contains(live.id()), "a live session is in the feed");
    }
}

/// With a cursor the feed has every revocation that came after the call which returned the cursor,
/// and the cursor may be used again.
///
/// A missing session stays logged in on every other machine until its access token expires.
pub async fn the_feed_with_a_cursor_has_what_came_after(store: Arc<dyn SessionStore>) {
    // The cursor of an empty feed counts too.
    let mut cursors = vec![pull(&store, None).await.cursor];
    let mut ended: Vec<SessionId> = Vec::new();
    for _ in 0..4 {
        ended.push(revoked(&store, now()).await);
        for (seen, cursor) in cursors.iter().enumerate() {
            let page = pull(&store, Some(cursor)).await;
            assert!(
                ended[seen..].iter().all(|id| page.contains(id)),
                "the feed misses what came after the cursor"
            );
        }
        let last = cursors.last().expect("there is one");
        cursors.push(pull(&store, Some(last)).await.cursor);
    }
}

/// The feed has every page of some thousand revocations, with a cursor and without.
///
/// A process that stops after the first page accepts the access tokens of all other sessions. The
/// stores of this crate have larger pages, and tests of their own.
pub async fn the_feed_has_every_page(store: Arc<dyn SessionStore>) {
    let cursor = pull(&store, None).await.cursor;
    let ended: Vec<_> = (0..MANY).map(|_| unused_id()).collect();
    for ids in ended.chunks(MANY / 5) {
        store.assert_revoked(ids, now()).await.expect(WORKS);
    }
    for cursor in [None, Some(&cursor)] {
        let found = pull(&store, cursor).await.revoked;
        let found: HashSet<_> = found.iter().map(|revocation| revocation.id).collect();
        assert!(
            ended.iter().all(|id| found.contains(id)),
            "the feed misses revocations after its first page"
        );
    }
}

/// More than a page of a store whose database returns a thousand rows at once.
const MANY: usize = 2500;

/// The feed finds revocations after the cursor even if the clock went back, or was ahead.
///
/// Machines disagree about the time: a cursor that is a timestamp loses revocations with the time
/// of a slower clock.
pub async fn the_feed_does_not_follow_the_clock(store: Arc<dyn SessionStore>) {
    let start = now();
    let mut cursor = pull(&store, None).await.cursor;
    for at in [
        start,
        start + DAY,
        earlier(start, HOUR),
        start,
        earlier(start, DAY),
    ] {
        let id = revoked(&store, at).await;
        let page = pull(&store, Some(&cursor)).await;
        assert!(
            page.contains(&id),
            "the feed loses a revocation when clocks disagree"
        );
        cursor = page.cursor;
    }
}

/// A reader that follows the cursors during many revocations has seen every revocation in the end.
///
/// With a number or a time that is taken before the commit, a slow writer could write behind the
/// cursor, and no process would ever learn of it.
pub async fn the_feed_has_no_gaps_while_many_revoke(store: Arc<dyn SessionStore>) {
    const WRITERS: usize = 5;
    let running = Arc::new(AtomicUsize::new(WRITERS));
    let mut racers = Vec::new();
    for writer in 0..WRITERS {
        let mut sessions = Vec::new();
        for _ in 0..10 {
            sessions.push(inserted(&store, &format!("user {writer}")).await);
        }
        let (store, running) = (Arc::clone(&store), Arc::clone(&running));
        racers.push(racer(async move {
            // One of the tasks ends all its sessions at once.
            if writer == 0 {
                revoked_by(&store, &logins(sessions[0].subject().as_str())).await;
            }
            for session in &sessions {
                store
                    .revoke(
                        session.id(),
                        RevocationReason::LoggedOut.at(earlier(now(), HOUR * writer as u32)),
                    )
                    .await
                    .expect(WORKS);
            }
            running.fetch_sub(1, Ordering::SeqCst);
            sessions
                .iter()
                .map(|session| *session.id())
                .collect::<HashSet<_>>()
        }));
    }
    for _ in 0..2 {
        let (store, running) = (Arc::clone(&store), Arc::clone(&running));
        racers.push(racer(async move {
            let (mut seen, mut cursor) = (HashSet::new(), None);
            loop {
                let last = running.load(Ordering::SeqCst) == 0;
                let page = pull(&store, cursor.as_ref()).await;
                seen.extend(page.ids());
                cursor = Some(page.cursor);
                if last {
                    return seen;
                }
                tokio::task::yield_now().await;
            }
        }));
    }
    let mut answers = race(racers).await;
    let pullers = answers.split_off(WRITERS);
    for seen in pullers {
        let missed = answers
            .iter()
            .flatten()
            .filter(|id| !seen.contains(id))
            .count();
        assert_eq!(
            missed, 0,
            "the feed has gaps: a reader who followed the cursors missed {missed} revocations"
        );
    }
}

/// `revoke_all` enters every session that it ends into the feed.
///
/// "Log out everywhere" has to reach the access tokens as well.
pub async fn revoke_all_enters_the_feed(store: Arc<dyn SessionStore>) {
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(inserted(&store, "user").await);
    }
    let other = inserted(&store, "other").await;
    let cursor = pull(&store, None).await.cursor;
    revoked_by(&store, &logins("user")).await;
    for cursor in [None, Some(&cursor)] {
        let page = pull(&store, cursor).await;
        assert!(
            sessions.iter().all(|session| page.contains(session.id())),
            "revoke_all did not enter the feed"
        );
        assert!(
            !page.contains(other.id()),
            "revoke_all entered the session of another subject into the feed"
        );
    }
}

/// A cursor that the store did not make counts as no cursor, and the cursor of that page continues
/// from there.
///
/// After a restore the cursors of running processes may be ahead of the feed. An error, or an empty
/// page, would hide every logout from them.
pub async fn an_unknown_cursor_is_answered_as_none(store: Arc<dyn SessionStore>) {
    let before = revoked(&store, now()).await;
    for place in [
        "",
        "no cursor at all",
        "-1",
        "9223372036854775807",
        "18446744073709551615",
        "99999999999999999999999-0",
        "💥",
    ] {
        let page = pull(&store, Some(&Cursor::new(place))).await;
        assert!(
            page.contains(&before),
            "the unknown cursor {place:?} was not answered as none"
        );
        let after = revoked(&store, now()).await;
        let page = pull(&store, Some(&page.cursor)).await;
        assert!(
            page.contains(&after),
            "the feed does not go on after the unknown cursor {place:?}"
        );
    }
}

/// A page that lacks a revocation within the retention never says that it is complete, and a page
/// without a cursor does.
///
/// Processes compare a complete page with the revocations that they know, and enter missing ones
/// again. Without a complete page they never notice that the store was set back. A wrong one makes
/// them write everything again.
pub async fn a_complete_page_says_so(store: Arc<dyn SessionStore>) {
    assert!(
        pull(&store, None).await.complete,
        "the page without a cursor is not complete"
    );
    let mut ended = vec![revoked(&store, now()).await];
    let mut cursor = pull(&store, None).await.cursor;
    for _ in 0..3 {
        ended.push(revoked(&store, now()).await);
        let unknown = pull(&store, Some(&Cursor::new("no cursor at all"))).await;
        let pages = [
            pull(&store, None).await,
            unknown,
            pull(&store, Some(&cursor)).await,
        ];
        assert!(
            pages[..2].iter().all(|page| page.complete),
            "a page without a cursor that the store knows is not complete"
        );
        for page in pages.iter().filter(|page| page.complete) {
            assert!(
                ended.iter().all(|id| page.contains(id)),
                "a page that lacks a revocation says that it is complete"
            );
        }
        let [.., page] = pages;
        cursor = page.cursor;
    }
}

/// Every page has the time of the store, if the store has a clock of its own.
///
/// This shows when the clock of a machine is wrong. The suite allows a difference of one hour.
pub async fn the_feed_tells_the_time(store: Arc<dyn SessionStore>) {
    for _ in 0..2 {
        let (page, here) = (pull(&store, None).await, now());
        let Some(there) = page.store_time else { return };
        let apart = there
            .saturating_since(here)
            .max(here.saturating_since(there));
        assert!(
            apart < HOUR,
            "the time of the store is {apart:?} from the time here"
        );
        revoked(&store, here).await;
    }
}

/// A session that has just been revoked or asserted is new in the feed, whatever clock was used.
///
/// Processes forget a session whose entry is as old as the retention. If an entry looks older than
/// it is, the access tokens of its session would be accepted again.
pub async fn the_feed_tells_how_long_ago(store: Arc<dyn SessionStore>) {
    let start = now();
    let mut ended = vec![unused_id()];
    store
        .assert_revoked(&ended, earlier(start, 2 * DAY))
        .await
        .expect(WORKS);
    for at in [start, earlier(start, 2 * DAY), start + 2 * DAY] {
        ended.push(revoked(&store, at).await);
    }
    for revocation in pull(&store, None).await.revoked {
        assert!(
            ended.contains(&revocation.id),
            "the feed has a session that was not revoked"
        );
        assert!(
            revocation.age < HOUR,
            "a session that was just revoked looks {:?} old",
            revocation.age
        );
    }
}
