//! The conformance suite notices what a store gets wrong: each store here breaks one promise, and
//! the function for it panics.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower_bearer::store::{
    Announcements, Cursor, DeletedSessions, Revocation, RevocationPage, RevocationRecord,
    RevokedSessions, SessionSelection, StoreError, async_trait, conformance,
};
use tower_bearer::{MemoryStore, Session, SessionId, SessionStore, Timestamp};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Nothing,
    InsertOverwrites,
    InsertEntersTheIndexLate,
    FindIsCached,
    ReplaceIgnoresTheRevision,
    ReplaceReadsThenWrites,
    ReplaceMovesTheEnd,
    ConfirmAlwaysWrites,
    ConfirmReadsThenWrites,
    RevokeOverwritesTheReason,
    RevokeReadsThenWrites,
    RevokeAllForgetsTheFeed,
    RevokeAllMissesTheNewest,
    ListIgnoresCase,
    FeedNumbersBeforeTheCommit,
    FeedBelievesAnyCursor,
    FeedIsNeverComplete,
    FeedIsAlwaysComplete,
    AssertForgetsTheUnknown,
    AssertForgetsWhatLives,
    AnnouncesNothing,
    DeleteForgetsTheRetention,
}

use Fault::*;

/// Rows in a `MemoryStore`, and the fault around it. A row is overwritten by moving all the others
/// to a new store.
struct Faulty {
    fault: Fault,
    inner: Mutex<MemoryStore>,
    ids: Mutex<Vec<SessionId>>,
    /// Sequence numbers and ids, as they were committed.
    feed: Mutex<Vec<(u64, SessionId)>>,
    last: Mutex<u64>,
    pulls: AtomicU64,
    cache: Mutex<Vec<Session>>,
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({:?})", self.fault)
    }
}

fn faulty(fault: Fault) -> Arc<dyn SessionStore> {
    Arc::new(Faulty {
        fault,
        inner: Mutex::default(),
        ids: Mutex::default(),
        feed: Mutex::default(),
        last: Mutex::default(),
        pulls: AtomicU64::default(),
        cache: Mutex::default(),
    })
}

impl Faulty {
    fn inner(&self) -> MemoryStore {
        self.inner.lock().unwrap().clone()
    }

    /// Writes a row whatever is there.
    async fn overwrite(&self, session: &Session) {
        let (old, new) = (self.inner(), MemoryStore::new());
        let ids: HashSet<SessionId> = self.ids.lock().unwrap().iter().copied().collect();
        for id in ids.iter().filter(|id| *id != session.id()) {
            if let Some(other) = old.find(id).await.unwrap() {
                new.insert(&other).await.unwrap();
            }
        }
        new.insert(session).await.unwrap();
        *self.inner.lock().unwrap() = new;
    }

    async fn changed(
        &self,
        id: &SessionId,
        change: impl FnOnce(&mut tower_bearer::store::SessionParts),
    ) -> bool {
        let Some(session) = self.inner().find(id).await.unwrap() else {
            return false;
        };
        let mut parts = session.into_parts();
        change(&mut parts);
        self.overwrite(&Session::from_parts(parts)).await;
        true
    }
}

#[async_trait]
impl SessionStore for Faulty {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        self.ids.lock().unwrap().push(*session.id());
        if self.fault == InsertOverwrites {
            self.overwrite(session).await;
            return Ok(());
        }
        self.inner().insert(session).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        if self.fault == FindIsCached {
            let cached = self
                .cache
                .lock()
                .unwrap()
                .iter()
                .find(|session| session.id() == id)
                .cloned();
            if cached.is_some() {
                return Ok(cached);
            }
        }
        let found = self.inner().find(id).await?;
        self.cache.lock().unwrap().extend(found.clone());
        Ok(found)
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        let found = self.inner().find(next.id()).await?;
        let may = found.as_ref().is_some_and(|row| row.revoked().is_none());
        let follows = found.is_some_and(|row| row.parts().revision + 1 == next.parts().revision);
        match self.fault {
            ReplaceIgnoresTheRevision if may => Ok(self
                .changed(next.id(), |row| row.generation = next.parts().generation)
                .await),
            ReplaceMovesTheEnd if may && follows => Ok(self
                .changed(next.id(), |row| *row = Session::into_parts(next.clone()))
                .await),
            ReplaceReadsThenWrites if may && follows => {
                tokio::task::yield_now().await;
                let inner = self.inner();
                let again = inner.find(next.id()).await?.unwrap();
                let mut parts = next.clone().into_parts();
                parts.revision = again.parts().revision + 1;
                inner.replace(&Session::from_parts(parts)).await
            }
            _ => self.inner().replace(next).await,
        }
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        if self.fault == ConfirmAlwaysWrites {
            self.changed(id, |row| {
                row.confirmed |= row.generation == generation;
                row.revision += 1;
            })
            .await;
            return Ok(());
        }
        if self.fault == ConfirmReadsThenWrites {
            let read = self.inner().find(id).await?.unwrap();
            tokio::task::yield_now().await;
            self.changed(id, |row| {
                *row = read.into_parts();
                row.confirmed = true;
                row.revision += 1;
            })
            .await;
            return Ok(());
        }
        self.inner().confirm(id, generation).await
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        match self.fault {
            RevokeOverwritesTheReason => {
                Ok(self.changed(id, |row| row.revoked = Some(record)).await)
            }
            RevokeReadsThenWrites => {
                let found = self.inner().find(id).await?;
                tokio::task::yield_now().await;
                self.inner().revoke(id, record).await?;
                Ok(found.is_some_and(|row| row.revoked().is_none()))
            }
            FeedNumbersBeforeTheCommit => {
                let number = {
                    let mut last = self.last.lock().unwrap();
                    *last += 1;
                    *last
                };
                // It stalls until a reader is past its number. There may be no reader, so it does
                // not wait for ever.
                let pulls = self.pulls.load(Ordering::SeqCst);
                for _ in 0..1000 {
                    if self.pulls.load(Ordering::SeqCst) == pulls {
                        tokio::task::yield_now().await;
                    }
                }
                let ended = self.inner().revoke(id, record).await?;
                self.feed.lock().unwrap().push((number, *id));
                Ok(ended)
            }
            _ => self.inner().revoke(id, record).await,
        }
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        if self.fault == RevokeAllForgetsTheFeed {
            let sessions = self.inner().list(selection, record.at).await?;
            for session in &sessions {
                self.changed(session.id(), |row| row.revoked = Some(record))
                    .await;
            }
            return Ok(RevokedSessions::new(sessions.len() as u64));
        }
        if self.fault == RevokeAllMissesTheNewest {
            let mut changed = 0;
            for session in self
                .inner()
                .list(selection, record.at)
                .await?
                .iter()
                .skip(1)
            {
                changed += u64::from(self.inner().revoke(session.id(), record).await?);
            }
            return Ok(RevokedSessions::new(changed));
        }
        self.inner().revoke_all(selection, record).await
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let mut sessions = self.inner().list(selection, now).await?;
        if self.fault == ListIgnoresCase {
            let other = SessionSelection::new(
                selection.subject().as_str().to_uppercase(),
                selection.owners(),
            );
            sessions.extend(self.inner().list(&other, now).await?);
        }
        if self.fault == InsertEntersTheIndexLate {
            sessions.pop();
        }
        Ok(sessions)
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        match self.fault {
            FeedNumbersBeforeTheCommit => {
                let seen: u64 = cursor
                    .and_then(|cursor| cursor.as_str().parse().ok())
                    .unwrap_or(0);
                let last = *self.last.lock().unwrap();
                let revoked = self
                    .feed
                    .lock()
                    .unwrap()
                    .iter()
                    .filter(|(number, _)| *number > seen)
                    .map(|(_, id)| Revocation::new(*id, Duration::ZERO))
                    .collect();
                self.pulls.fetch_add(1, Ordering::SeqCst);
                let mut page = RevocationPage::new(revoked, Cursor::new(last.to_string()));
                page.complete = seen == 0;
                Ok(page)
            }
            FeedBelievesAnyCursor => {
                let known = cursor
                    .as_ref()
                    .is_none_or(|cursor| cursor.as_str().len() < 10);
                let mut page = self.inner().revoked_since(cursor).await?;
                if !known {
                    page.revoked.clear();
                }
                Ok(page)
            }
            FeedIsNeverComplete | FeedIsAlwaysComplete => {
                let mut page = self.inner().revoked_since(cursor).await?;
                page.complete = self.fault == FeedIsAlwaysComplete;
                Ok(page)
            }
            _ => self.inner().revoked_since(cursor).await,
        }
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        for id in ids {
            let known = self.inner().find(id).await?.is_some();
            if self.fault
                != if known {
                    AssertForgetsWhatLives
                } else {
                    AssertForgetsTheUnknown
                }
            {
                self.inner().assert_revoked(&[*id], now).await?;
            }
        }
        Ok(())
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        let silent = (self.fault == AnnouncesNothing).then_some(Silence);
        Ok(silent.map(|silence| Box::new(silence) as Box<dyn Announcements>))
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        if self.fault == DeleteForgetsTheRetention {
            return self
                .inner()
                .delete_expired(now + tower_bearer::REVOCATION_RETENTION)
                .await;
        }
        self.inner().delete_expired(now).await
    }
}

struct Silence;

#[async_trait]
impl Announcements for Silence {
    async fn next(&mut self) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

/// For each fault the promises that it breaks.
macro_rules! noticed {
    ($($test:ident: $fault:ident => $($promise:ident),+;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $test() {
            $(
                let judged = tokio::spawn(conformance::$promise(faulty($fault)));
                assert!(judged.await.is_err(), "{} did not notice {:?}", stringify!($promise), $fault);
            )+
        })+
    };
}

noticed! {
    an_insert_that_overwrites_is_noticed: InsertOverwrites =>
        insert_refuses_a_known_id, of_racing_inserts_of_one_id_one_succeeds;
    an_index_that_lags_is_noticed: InsertEntersTheIndexLate =>
        insert_makes_a_row_that_every_method_sees, list_never_misses_what_was_just_inserted;
    a_find_from_a_cache_is_noticed: FindIsCached =>
        find_never_shows_half_a_change, nothing_lives_after_revoke;
    a_replace_that_ignores_the_revision_is_noticed: ReplaceIgnoresTheRevision =>
        replace_refuses_a_wrong_revision, of_racing_replaces_one_wins, racing_refreshes_lose_no_update;
    a_replace_that_reads_and_then_writes_is_noticed: ReplaceReadsThenWrites =>
        of_racing_replaces_one_wins;
    a_replace_that_moves_the_end_is_noticed: ReplaceMovesTheEnd =>
        replace_writes_nothing_else;
    a_confirm_that_always_writes_is_noticed: ConfirmAlwaysWrites =>
        confirm_writes_once, confirm_ignores_another_generation, confirm_ignores_an_unknown_or_revoked_session,
        racing_confirms_write_once;
    a_confirm_that_reads_and_then_writes_is_noticed: ConfirmReadsThenWrites =>
        confirm_and_replace_never_both_write_over_one_revision, revoke_and_confirm_each_count_once;
    a_revoke_that_overwrites_the_reason_is_noticed: RevokeOverwritesTheReason =>
        revoke_keeps_the_first_reason, of_racing_revokes_one_says_true;
    a_revoke_that_reads_and_then_writes_is_noticed: RevokeReadsThenWrites =>
        of_racing_revokes_one_says_true;
    a_revoke_all_that_misses_the_newest_is_noticed: RevokeAllMissesTheNewest =>
        insert_makes_a_row_that_every_method_sees, revoke_all_ends_the_sessions_of_one_subject,
        revoke_all_counts_only_what_it_changed, revoke_all_reaches_every_session_inserted_before,
        racing_revoke_alls_count_each_session_once, nothing_lives_after_revoke_all;
    a_revoke_all_outside_the_feed_is_noticed: RevokeAllForgetsTheFeed =>
        revoke_all_enters_the_feed;
    a_list_that_ignores_case_is_noticed: ListIgnoresCase =>
        list_is_exact_about_the_subject;
    a_feed_that_numbers_before_the_commit_is_noticed: FeedNumbersBeforeTheCommit =>
        the_feed_has_no_gaps_while_many_revoke;
    a_feed_that_believes_any_cursor_is_noticed: FeedBelievesAnyCursor =>
        an_unknown_cursor_is_answered_as_none;
    a_feed_that_is_never_complete_is_noticed: FeedIsNeverComplete =>
        a_complete_page_says_so;
    a_feed_that_is_always_complete_is_noticed: FeedIsAlwaysComplete =>
        a_complete_page_says_so;
    an_assertion_that_forgets_the_unknown_is_noticed: AssertForgetsTheUnknown =>
        assert_revoked_enters_what_is_unknown;
    an_assertion_that_forgets_what_lives_is_noticed: AssertForgetsWhatLives =>
        assert_revoked_ends_what_lives;
    a_store_that_announces_nothing_is_noticed: AnnouncesNothing =>
        every_revocation_is_announced;
    a_deletion_that_forgets_the_retention_is_noticed: DeleteForgetsTheRetention =>
        delete_expired_keeps_what_lives_or_ended_lately, revocations_stay_for_the_retention, delete_expired_leaves_refreshes_alone;
}

/// The wrapper itself breaks nothing: what the tests above notice is the fault.
mod without_a_fault {
    use super::*;

    tower_bearer::store_conformance!(async || faulty(Fault::Nothing));
}
