//! A store that can be told to fail, to lose every race, and to wait.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tower_bearer::clock::Timestamp;
use tower_bearer::names::SessionId;
use tower_bearer::store::{
    Announcements, Charge, Cursor, DeletedSessions, Entry, EphemeralKey, EphemeralStore, Found,
    Receipt, Refund, Revocation, RevocationPage, RevocationRecord, RevokedSessions, SessionOwner,
    SessionSelection, StoreError, async_trait,
};
use tower_bearer::store::{Session, SessionStore};

use crate::Pause;

/// Hands everything on to another store, until it is told otherwise. Clones are the same store.
#[derive(Clone)]
pub struct FailingStore(Arc<Inner>);

struct Inner {
    store: Mutex<Arc<dyn SessionStore>>,
    announced: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    fault: Option<StoreFault>,
    loses_races: bool,
    swaps: usize,
    yields: bool,
    resurrects: bool,
    pause: Option<(Call, Pause)>,
    pause_after: Option<(Call, Pause)>,
    time: Option<Timestamp>,
    age: Duration,
    also_revoked: Vec<SessionId>,
    pages: Option<(usize, Duration)>,
}

/// The calls of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `SessionStore::insert`.
    Insert,
    /// `SessionStore::find`.
    Find,
    /// `SessionStore::replace`.
    Replace,
    /// `SessionStore::confirm` and `confirm_all`.
    Confirm,
    /// `SessionStore::revoke`.
    Revoke,
    /// `SessionStore::revoke_all`.
    RevokeAll,
    /// `SessionStore::list`.
    List,
    /// `SessionStore::count`.
    Count,
    /// `SessionStore::revoked_since`.
    RevokedSince,
    /// `SessionStore::assert_revoked`.
    AssertRevoked,
    /// `SessionStore::announcements`.
    Announcements,
    /// `Announcements::next`.
    NextAnnouncement,
    /// `SessionStore::delete_expired`.
    DeleteExpired,
    /// `SessionStore::rest`.
    Rest,
    /// `SessionStore::erase`.
    Erase,
    /// `EphemeralStore::read`.
    Read,
    /// `EphemeralStore::charge`.
    Charge,
    /// `EphemeralStore::give_back`.
    GiveBack,
    /// `EphemeralStore::note`.
    Note,
    /// `EphemeralStore::put_new`.
    PutNew,
    /// `EphemeralStore::take`.
    Take,
    /// `EphemeralStore::delete_ended`.
    DeleteEnded,
}

/// The calls that fail, and how.
#[derive(Clone, Copy, Debug)]
pub enum StoreFault {
    /// Everything.
    All,
    /// Everything, with an error of this text.
    Saying(&'static str),
    /// One call fails, and does nothing.
    Of(Call),
    /// One call does its work, and the answer is lost.
    AnswerOf(Call),
    /// One call panics.
    Panic(Call),
}

impl FailingStore {
    /// In front of this store.
    pub fn new(store: impl SessionStore) -> Self {
        Self(Arc::new(Inner {
            store: Mutex::new(Arc::new(store)),
            announced: Notify::new(),
            state: Mutex::default(),
        }))
    }

    /// The store behind: it never fails.
    pub fn inner(&self) -> Arc<dyn SessionStore> {
        Arc::clone(&self.0.store.lock().unwrap())
    }

    /// Replaces the inner store with a restored backup.
    pub fn set_back_to(&self, backup: impl SessionStore) {
        *self.0.store.lock().unwrap() = Arc::new(backup);
    }

    /// Wakes the one who listens.
    pub fn announce(&self) {
        self.0.announced.notify_one();
    }

    /// Sets how long all revocations have been in the feed.
    pub fn set_age(&self, age: Duration) {
        self.0.state.lock().unwrap().age = age;
    }

    /// Makes the next page of the feed say that these sessions were revoked too.
    pub fn also_revoked(&self, ids: impl IntoIterator<Item = SessionId>) {
        self.0.state.lock().unwrap().also_revoked.extend(ids);
    }

    /// Makes pages of the feed of at most so many revocations, which take so long. The store behind
    /// is a `MemoryStore`, which numbers its entries without gaps.
    pub fn in_pages(&self, of: usize, each: Duration) {
        self.0.state.lock().unwrap().pages = Some((of, each));
    }

    /// Sets the time at the store.
    pub fn set_time(&self, time: Timestamp) {
        self.0.state.lock().unwrap().time = Some(time);
    }

    /// Sets what fails, until it is `None` again.
    pub fn set_fault(&self, fault: Option<StoreFault>) {
        self.0.state.lock().unwrap().fault = fault;
    }

    /// Makes `replace` answer that another request was quicker.
    pub fn lose_races(&self, loses: bool) {
        self.0.state.lock().unwrap().loses_races = loses;
    }

    /// Rows come without their revocation, as from a backup that was restored.
    pub fn resurrect(&self) {
        self.0.state.lock().unwrap().resurrects = true;
    }

    /// Every method waits once before and once after its work.
    pub fn yield_everywhere(&self) {
        self.0.state.lock().unwrap().yields = true;
    }

    /// The next such call stops before its work.
    pub fn pause_at(&self, call: Call) -> Pause {
        let pause = Pause::new();
        self.0.state.lock().unwrap().pause = Some((call, pause.clone()));
        pause
    }

    /// The next such call stops after its work, before it answers.
    pub fn pause_after(&self, call: Call) -> Pause {
        let pause = Pause::new();
        self.0.state.lock().unwrap().pause_after = Some((call, pause.clone()));
        pause
    }

    /// The number of calls of `replace` that succeeded.
    pub fn swaps(&self) -> usize {
        self.0.state.lock().unwrap().swaps
    }

    /// The number of times that a call was made.
    pub fn calls_of(&self, call: Call) -> usize {
        self.0
            .state
            .lock()
            .unwrap()
            .calls
            .iter()
            .filter(|made| **made == call)
            .count()
    }

    /// The calls that were made since the last time.
    pub fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.0.state.lock().unwrap().calls)
    }

    async fn through<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let failed = |text: &'static str| StoreError::new("test", text);
        let (fault, yields, pause) = {
            let mut state = self.0.state.lock().unwrap();
            state.calls.push(call);
            (
                state.fault,
                state.yields,
                state.pause.take_if(|(stops, _)| *stops == call),
            )
        };
        if let Some((_, pause)) = pause {
            pause.stop().await;
        }
        match fault {
            Some(StoreFault::All) => return Err(failed("down")),
            Some(StoreFault::Saying(text)) => return Err(failed(text)),
            Some(StoreFault::Of(down)) if down == call => return Err(failed("down")),
            Some(StoreFault::Panic(broken)) if broken == call => {
                panic!("{call:?} panics, as the test wants")
            }
            _ => {}
        }
        if yields {
            tokio::task::yield_now().await;
        }
        let answer = work.await?;
        let paused = |state: &mut State| state.pause_after.take_if(|(stops, _)| *stops == call);
        let pause = paused(&mut self.0.state.lock().unwrap());
        if let Some((_, pause)) = pause {
            pause.stop().await;
        }
        if yields {
            tokio::task::yield_now().await;
        }
        match fault {
            Some(StoreFault::AnswerOf(lost)) if lost == call => Err(failed("the answer is lost")),
            _ => Ok(answer),
        }
    }
}

impl fmt::Debug for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailingStore")
    }
}

#[async_trait]
impl SessionStore for FailingStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        self.through(Call::Insert, self.inner().insert(session))
            .await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let found = self.through(Call::Find, self.inner().find(id)).await?;
        let mut found = found.map(Session::into_parts);
        if self.0.state.lock().unwrap().resurrects {
            found.as_mut().map(|row| row.revoked.take());
        }
        Ok(found.map(Session::from_parts))
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        if self.0.state.lock().unwrap().loses_races {
            return self.through(Call::Replace, async { Ok(false) }).await;
        }
        let swapped = self
            .through(Call::Replace, self.inner().replace(next))
            .await?;
        self.0.state.lock().unwrap().swaps += usize::from(swapped);
        Ok(swapped)
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        self.through(Call::Confirm, self.inner().confirm(id, generation))
            .await
    }

    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        self.through(Call::Confirm, self.inner().confirm_all(receipts))
            .await
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        self.through(Call::Revoke, self.inner().revoke(id, record))
            .await
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        self.through(Call::RevokeAll, self.inner().revoke_all(selection, record))
            .await
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.through(Call::List, self.inner().list(selection, now))
            .await
    }

    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.through(Call::Count, self.inner().count(selection, now))
            .await
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        let mut page = self
            .through(Call::RevokedSince, async {
                // After a pause it is the store of then.
                self.inner().revoked_since(cursor).await
            })
            .await?;
        let pages = self.0.state.lock().unwrap().pages;
        if let Some((of, each)) = pages {
            tokio::time::sleep(each).await;
            if let Some(left) = page.revoked.len().checked_sub(of).filter(|left| *left > 0) {
                let last: usize = page.cursor.as_str().parse().expect("a number");
                page.revoked.truncate(of);
                page.cursor = Cursor::new((last - left).to_string());
                page.more = true;
            }
        }
        let mut state = self.0.state.lock().unwrap();
        let also = std::mem::take(&mut state.also_revoked).into_iter();
        page.revoked
            .extend(also.map(|id| Revocation::new(id, Duration::ZERO)));
        for revocation in &mut page.revoked {
            revocation.age = state.age;
        }
        page.store_time = state.time;
        Ok(page)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        self.through(Call::AssertRevoked, self.inner().assert_revoked(ids, now))
            .await
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        self.through(Call::Announcements, async {
            Ok(Some(
                Box::new(Announced(self.clone())) as Box<dyn Announcements>
            ))
        })
        .await
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        self.through(Call::DeleteExpired, self.inner().delete_expired(now))
            .await
    }

    fn clean_up_interval(&self) -> Duration {
        self.inner().clean_up_interval()
    }

    async fn rest(&self) {
        self.0.state.lock().unwrap().calls.push(Call::Rest);
        self.inner().rest().await;
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        self.through(Call::Erase, self.inner().erase(selection))
            .await
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self
    }
}

#[async_trait]
impl EphemeralStore for FailingStore {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let inner = self.inner();
        self.through(Call::Read, inner.ephemeral().read(keys, now))
            .await
    }

    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        let inner = self.inner();
        self.through(Call::Charge, inner.ephemeral().charge(charges, now))
            .await
    }

    async fn give_back(&self, refunds: &[Refund], now: Timestamp) -> Result<(), StoreError> {
        let inner = self.inner();
        self.through(Call::GiveBack, inner.ephemeral().give_back(refunds, now))
            .await
    }

    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
        let inner = self.inner();
        self.through(Call::Note, inner.ephemeral().note(entry, now))
            .await
    }

    async fn put_new(&self, entry: Entry<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let inner = self.inner();
        self.through(Call::PutNew, inner.ephemeral().put_new(entry, now))
            .await
    }

    async fn take(&self, key: EphemeralKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let inner = self.inner();
        self.through(Call::Take, inner.ephemeral().take(key, now))
            .await
    }

    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError> {
        let inner = self.inner();
        self.through(Call::DeleteEnded, inner.ephemeral().delete_ended(now))
            .await
    }
}

/// The announcements that [`FailingStore::announce`] makes.
struct Announced(FailingStore);

#[async_trait]
impl Announcements for Announced {
    async fn next(&mut self) -> Result<(), StoreError> {
        let FailingStore(inner) = &self.0;
        inner.announced.notified().await;
        self.0
            .through(Call::NextAnnouncement, async { Ok(()) })
            .await
    }
}

/// The logins of a subject whose rows have no owner.
pub fn logins(subject: &str) -> SessionSelection {
    SessionSelection::new(subject, [SessionOwner::default()])
}
