//! [`Receipts`] is the queue between the layer, which sees that an access token came back from its
//! client, and the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64 as Counter, Ordering};
use std::sync::{Arc, PoisonError};

use tokio::sync::Notify;

use crate::names::SessionClaims;
use crate::names::SessionId;
use crate::once::DoneIn;
use crate::sync::{AtomicU64, Mutex, MutexGuard};

/// A bounded queue of receipts. It takes each generation of a session once.
///
/// A late or lost receipt only makes the rotation rule lenient once. So a full queue drops
/// receipts, and nothing here ever waits.
///
/// The claims of a token remember that their receipt was queued ([`DoneIn`]). So the requests after
/// the first one do not take the lock, which is the same for all sessions.
#[derive(Clone, Default)]
pub(crate) struct Receipts(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// What claims remember. It changes under the lock, when a receipt is forgotten.
    epoch: AtomicU64,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    queue: Vec<Receipt>,
    /// The last generation that was queued, for the sessions that were seen recently.
    recent: HashMap<SessionId, u32>,
    /// The same, for the sessions that were seen before those.
    earlier: HashMap<SessionId, u32>,
}

/// The background task that writes receipts and pulls revocations. It is started at first use.
pub(crate) trait StartSync: fmt::Debug + Send + Sync {
    /// Returns whether the task runs. This is called at every request.
    fn is_running(&self) -> bool;

    /// Starts the task.
    fn start(self: Arc<Self>);
}

/// Starts the task, unless it is running.
pub(crate) fn ensure_started<S: StartSync + ?Sized>(sync: &Arc<S>) {
    if !sync.is_running() {
        Arc::clone(sync).start();
    }
}

/// The news that an access token of this generation came back from its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The session.
    pub id: SessionId,
    /// The generation of the access token.
    pub generation: u32,
}

impl Receipt {
    /// Makes a receipt. It is for tests of stores.
    #[must_use]
    pub const fn new(id: SessionId, generation: u32) -> Self {
        Self { id, generation }
    }

    /// Makes a receipt. It is `None` for a session without receipts.
    pub(crate) fn of(session: SessionClaims) -> Option<Self> {
        Some(Self {
            id: session.id,
            generation: session.generation?,
        })
    }
}

impl Receipts {
    /// Returns whether the receipt of these claims was queued, by what they remember.
    pub(crate) fn has(&self, queued: &DoneIn) -> bool {
        queued.is(self.0.epoch.load(Ordering::Relaxed))
    }

    /// Queues a receipt, unless it was queued before. `queued` is what its claims remember.
    pub(crate) fn push(&self, receipt: Receipt, queued: &DoneIn) {
        if self.has(queued) {
            return;
        }
        let mut state = self.state();
        let known = state
            .recent
            .get(&receipt.id)
            .or_else(|| state.earlier.get(&receipt.id));
        // The receipt of a newer access token covers the older ones.
        let is_known = known.is_some_and(|&known| known >= receipt.generation);
        if !is_known && state.queue.len() >= MAX_QUEUED {
            return;
        }
        queued.set(self.0.epoch.load(Ordering::Relaxed));
        if is_known {
            return;
        }
        if state.recent.len() >= MAX_REMEMBERED {
            state.earlier = std::mem::take(&mut state.recent);
        }
        state.recent.insert(receipt.id, receipt.generation);
        state.queue.push(receipt);
        drop(state);
        self.0.arrived.notify_one();
    }

    /// Takes everything that is queued, and leaves room in the queue, so that requests do not
    /// allocate.
    pub(crate) fn take(&self) -> Vec<Receipt> {
        let room = Vec::with_capacity(ROOM);
        let mut state = self.state();
        state.recent.reserve(ROOM);
        std::mem::replace(&mut state.queue, room)
    }

    /// Forgets a receipt that the store did not get, so that the next access token of that
    /// generation queues it again.
    pub(crate) fn forget(&self, receipt: Receipt) {
        let mut state = self.state();
        state.recent.remove(&receipt.id);
        state.earlier.remove(&receipt.id);
        self.0.epoch.store(next_epoch(), Ordering::Relaxed);
    }

    /// Waits until something is queued.
    pub(crate) async fn arrived(&self) {
        self.0.arrived.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            epoch: AtomicU64::new(next_epoch()),
            arrived: Notify::new(),
        }
    }
}

/// Returns a number that no queue of this process had before: claims may come to the layers of
/// several.
fn next_epoch() -> u64 {
    static EPOCHS: Counter = Counter::new(1);
    EPOCHS.fetch_add(1, Ordering::Relaxed)
}

impl fmt::Debug for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipts")
            .field("queued", &self.state().queue.len())
            .finish()
    }
}

const MAX_QUEUED: usize = 4096;
/// The receipts for which there is room.
const ROOM: usize = 64;
/// At most twice this many sessions are remembered.
const MAX_REMEMBERED: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        Receipt {
            id: SessionId::from_bytes([7; 16]),
            generation: 3,
        }
    }

    #[test]
    fn claims_whose_receipt_was_queued_need_no_lock() {
        let (receipts, claims) = (Receipts::default(), DoneIn::default());
        receipts.push(receipt(), &claims);
        // Another token of this generation learns that the receipt is known.
        let same = DoneIn::default();
        receipts.push(receipt(), &same);
        let _held = receipts.state();
        for claims in [claims, same] {
            receipts.push(receipt(), &claims);
        }
    }

    #[test]
    fn a_forgotten_receipt_is_queued_again_with_the_same_claims() {
        let (receipts, claims) = (Receipts::default(), DoneIn::default());
        receipts.push(receipt(), &claims);
        assert_eq!(receipts.take(), [receipt()]);
        receipts.push(receipt(), &claims);
        assert_eq!(receipts.take(), []);
        receipts.forget(receipt());
        receipts.push(receipt(), &claims);
        assert_eq!(receipts.take(), [receipt()]);
    }

    #[test]
    fn a_receipt_that_a_full_queue_dropped_is_queued_later() {
        let (receipts, claims) = (Receipts::default(), DoneIn::default());
        for number in 0..MAX_QUEUED as u128 {
            let id = SessionId::from_bytes(number.to_le_bytes());
            let other = Receipt { id, generation: 0 };
            receipts.push(other, &DoneIn::default());
        }
        receipts.push(receipt(), &claims);
        assert!(!receipts.take().contains(&receipt()));
        receipts.push(receipt(), &claims);
        assert_eq!(receipts.take(), [receipt()]);
    }

    #[test]
    fn the_receipts_of_several_sessions_are_queued_once() {
        let receipts = Receipts::default();
        for queued in [3, 0] {
            for number in 1..=3 {
                let id = SessionId::from_bytes([number; 16]);
                let receipt = Receipt { id, generation: 3 };
                receipts.push(receipt, &DoneIn::default());
            }
            assert_eq!(receipts.take().len(), queued);
        }
    }

    #[test]
    fn the_queues_of_two_stores_each_take_the_receipt_of_the_same_claims() {
        let (stores, claims) = (
            [Receipts::default(), Receipts::default()],
            DoneIn::default(),
        );
        for receipts in &stores {
            receipts.push(receipt(), &claims);
            assert_eq!(receipts.take(), [receipt()]);
        }
    }
}
