//! A store that is right but for one fault.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tower_bearer::MemoryStore;
use tower_bearer::clock::Timestamp;
use tower_bearer::names::SessionId;
use tower_bearer::store::{
    Announcements, Cursor, DeletedSessions, EphemeralStore, Receipt, Revocation, RevocationPage,
    RevocationReason, RevocationRecord, RevokedSessions, SessionSelection, StoreError, async_trait,
};
use tower_bearer::store::{Session, SessionStore};

use super::ephemeral::{EphemeralFault, FaultyEphemeral};

/// A fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Nothing,
    InsertOverwrites,
    InsertEntersTheIndexLate,
    FindIsCached,
    FindReadsALaggingReplica,
    ReplaceIgnoresTheRevision,
    ReplaceReadsThenWrites,
    ReplaceMovesTheEnd,
    ConfirmAlwaysWrites,
    ConfirmReadsThenWrites,
    ConfirmAllForgetsTheRest,
    RevokeOverwritesTheReason,
    RevokeReadsThenWrites,
    RevokeAllForgetsTheFeed,
    RowsEndBeforeTheFeed,
    RevokeAllMissesTheNewest,
    ListIgnoresCase,
    CountStopsAtOne,
    CountCountsEveryone,
    FeedNumbersBeforeTheCommit,
    FeedBelievesAnyCursor,
    FeedIsNeverComplete,
    FeedIsAlwaysComplete,
    FeedEndsWithItsFirstPage,
    PagesBeginAgain,
    AssertForgetsTheUnknown,
    AssertForgetsWhatLives,
    AnnouncesNothing,
    DeleteForgetsTheRetention,
    EraseDeletesNothing,
    EraseEndsWhatLives,
    EraseForgetsTheFeed,
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
    /// Rows as they were when each was last looked at.
    replica: Mutex<HashMap<SessionId, Session>>,
    ephemeral: FaultyEphemeral,
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Faulty({:?})", self.fault)
    }
}

pub(super) fn faulty(fault: Fault) -> Arc<dyn SessionStore> {
    with_faults(fault, EphemeralFault::Nothing)
}

/// A store whose sessions are right, and whose short-lived things are not.
pub(super) fn faulty_ephemeral(fault: EphemeralFault) -> Arc<dyn SessionStore> {
    with_faults(Nothing, fault)
}

fn with_faults(fault: Fault, ephemeral: EphemeralFault) -> Arc<dyn SessionStore> {
    Arc::new(Faulty {
        fault,
        inner: Mutex::default(),
        ids: Mutex::default(),
        feed: Mutex::default(),
        last: Mutex::default(),
        pulls: AtomicU64::default(),
        cache: Mutex::default(),
        replica: Mutex::default(),
        ephemeral: FaultyEphemeral::new(ephemeral),
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

    /// Ends the row, waits, and enters the session into the feed.
    async fn end_in_two_steps(&self, id: &SessionId, record: RevocationRecord) -> bool {
        let found = self.inner().find(id).await.unwrap();
        if found.is_none_or(|row| row.revoked().is_some()) {
            return false;
        }
        self.changed(id, |row| row.revoked = Some(record)).await;
        tokio::task::yield_now().await;
        let inner = self.inner();
        inner.assert_revoked(&[*id], record.at).await.unwrap();
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
        if self.fault == FindReadsALaggingReplica {
            let mut replica = self.replica.lock().unwrap();
            let before = replica.remove(id);
            replica.extend(found.map(|row| (*id, row)));
            return Ok(before);
        }
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

    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        let forgets = self.fault == ConfirmAllForgetsTheRest;
        let kept = if forgets {
            receipts.len().min(1)
        } else {
            receipts.len()
        };
        for receipt in &receipts[..kept] {
            self.confirm(&receipt.id, receipt.generation).await?;
        }
        Ok(())
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
            RowsEndBeforeTheFeed => Ok(self.end_in_two_steps(id, record).await),
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
        if self.fault == RowsEndBeforeTheFeed {
            let mut ended = 0;
            for session in self.inner().list(selection, record.at).await? {
                ended += u64::from(self.end_in_two_steps(session.id(), record).await);
            }
            return Ok(RevokedSessions::new(ended));
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

    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        match self.fault {
            CountStopsAtOne => Ok(self.inner().count(selection, now).await?.min(1)),
            CountCountsEveryone => Ok(self.ids.lock().unwrap().len()),
            _ => self.inner().count(selection, now).await,
        }
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
            FeedEndsWithItsFirstPage => {
                let mut page = self.inner().revoked_since(cursor).await?;
                page.revoked.truncate(PAGE);
                Ok(page)
            }
            PagesBeginAgain => {
                let mut page = self.inner().revoked_since(cursor).await?;
                if let Some(left) = page.revoked.len().checked_sub(PAGE) {
                    let last: usize = page.cursor.as_str().parse().expect("a number");
                    page.revoked.truncate(PAGE);
                    page.cursor = Cursor::new((last - left).to_string());
                    page.more = left > 0;
                }
                page.complete = true;
                Ok(page)
            }
            EraseForgetsTheFeed => {
                let mut page = self.inner().revoked_since(cursor).await?;
                let mut kept = Vec::new();
                for revocation in page.revoked {
                    let row = self.inner().find(&revocation.id).await?;
                    kept.extend(row.map(|_| revocation));
                }
                page.revoked = kept;
                Ok(page)
            }
            _ => self.inner().revoked_since(cursor).await,
        }
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        for id in ids {
            let known = self.inner().find(id).await?.is_some();
            if known && self.fault == RowsEndBeforeTheFeed {
                let record = RevocationReason::Other.at(now);
                self.end_in_two_steps(id, record).await;
            } else if self.fault
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
                .delete_expired(now + tower_bearer::store::REVOCATION_RETENTION)
                .await;
        }
        self.inner().delete_expired(now).await
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        match self.fault {
            EraseDeletesNothing => Ok(DeletedSessions::new(0)),
            EraseEndsWhatLives => {
                let record = RevocationReason::Other.at(Timestamp::from_secs(1_800_000_000));
                self.inner().revoke_all(selection, record).await?;
                self.inner().erase(selection).await
            }
            _ => self.inner().erase(selection).await,
        }
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        &self.ephemeral
    }
}

struct Silence;

#[async_trait]
impl Announcements for Silence {
    async fn next(&mut self) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

/// The revocations in a page.
const PAGE: usize = 1000;
