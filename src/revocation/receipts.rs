//! [`Receipts`]: the news that an access token came back from its client, on its way from the layer
//! to the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::names::SessionClaims;
use crate::names::SessionId;

/// A bounded queue of receipts, each generation of a session once.
///
/// Late or lost, a receipt only makes the rotation rule lenient once: so a full queue drops, and
/// nothing here ever waits.
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
    /// The last generation that was queued, for the sessions seen lately and for those seen before
    /// them.
    recent: HashMap<SessionId, u32>,
    earlier: HashMap<SessionId, u32>,
}

/// What writes receipts and pulls revocations. It starts at first use.
pub(crate) trait StartSync: fmt::Debug + Send + Sync {
    /// Asked at every request.
    fn is_running(&self) -> bool;

    fn start(self: Arc<Self>);
}

/// Starts it, unless it runs.
pub(crate) fn ensure_started<S: StartSync + ?Sized>(sync: &Arc<S>) {
    if !sync.is_running() {
        Arc::clone(sync).start();
    }
}

/// An access token of this generation came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) id: SessionId,
    pub(crate) generation: u32,
}

impl Receipt {
    /// `None` for a session without receipts.
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
        // An older access token says nothing that a newer one did not.
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

    /// The store did not get it: the next access token of that generation queues it again.
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
/// Twice this many sessions are remembered at most.
const MAX_REMEMBERED: usize = 65_536;
