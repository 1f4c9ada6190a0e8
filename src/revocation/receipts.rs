//! [`Receipts`] is the queue between the layer, which sees that an access token came back from its
//! client, and the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::names::SessionClaims;
use crate::names::SessionId;

/// A bounded queue of receipts. It takes each generation of a session once.
///
/// A late or lost receipt only makes the rotation rule lenient once. So a full queue drops
/// receipts, and nothing here ever waits.
#[derive(Clone, Default)]
pub(crate) struct Receipts(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
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
pub(crate) struct Receipt {
    pub(crate) id: SessionId,
    pub(crate) generation: u32,
}

impl Receipt {
    /// Makes a receipt. It is `None` for a session without receipts.
    pub(crate) fn of(session: SessionClaims) -> Option<Self> {
        Some(Self {
            id: session.id,
            generation: session.generation?,
        })
    }
}

impl Receipts {
    /// Queues a receipt, unless it was queued before.
    pub(crate) fn push(&self, receipt: Receipt) {
        let mut state = self.state();
        let known = state
            .recent
            .get(&receipt.id)
            .or_else(|| state.earlier.get(&receipt.id));
        // The receipt of a newer access token covers the older ones.
        if known.is_some_and(|&known| known >= receipt.generation)
            || state.queue.len() >= MAX_QUEUED
        {
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

    /// Takes everything that is queued.
    pub(crate) fn take(&self) -> Vec<Receipt> {
        std::mem::take(&mut self.state().queue)
    }

    /// Forgets a receipt that the store did not get, so that the next access token of that
    /// generation queues it again.
    pub(crate) fn forget(&self, receipt: Receipt) {
        let mut state = self.state();
        state.recent.remove(&receipt.id);
        state.earlier.remove(&receipt.id);
    }

    /// Waits until something is queued.
    pub(crate) async fn arrived(&self) {
        self.0.arrived.notified().await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Receipts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipts")
            .field("queued", &self.state().queue.len())
            .finish()
    }
}

const MAX_QUEUED: usize = 4096;
/// At most twice this many sessions are remembered.
const MAX_REMEMBERED: usize = 65_536;
