//! [`Usage`] says whether this process uses its revocations, so that one without requests leaves
//! its store alone.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use tokio::sync::watch;

/// Whether the set of revocations was used lately, and whether it is kept up to date.
///
/// A request costs one load of an atomic number, except the first one after a pull.
pub(super) struct Usage {
    state: AtomicU8,
    /// The number of connections that outlive their request.
    watches: AtomicUsize,
    /// Whether the state is [`RESTING`], for those that wait for a change.
    resting: watch::Sender<bool>,
}

impl Default for Usage {
    fn default() -> Self {
        Self {
            state: AtomicU8::new(UNUSED),
            watches: AtomicUsize::new(0),
            resting: watch::Sender::new(false),
        }
    }
}

impl Usage {
    /// Notes a use, and returns whether the set is kept up to date.
    pub(super) fn note(&self) -> bool {
        match self.state.load(Ordering::Acquire) {
            USED => true,
            UNUSED => self.swap(UNUSED, USED) || self.state.load(Ordering::Acquire) != RESTING,
            _ => false,
        }
    }

    /// Returns whether the set was used since the last call, or is watched.
    pub(super) fn take(&self) -> bool {
        self.swap(USED, UNUSED) || self.watches.load(Ordering::Relaxed) > 0
    }

    /// Says that the set is no longer kept up to date, and returns whether that is so: it is not if
    /// the set was used in the meantime, or is watched.
    pub(super) fn rest(&self) -> bool {
        self.swap(UNUSED, RESTING);
        // A watch that began before the swap has not seen it.
        if self.watches.load(Ordering::SeqCst) > 0 {
            self.swap(RESTING, UNUSED);
        }
        self.tell();
        self.state.load(Ordering::Acquire) == RESTING
    }

    /// Says that the set was used and is up to date.
    pub(super) fn wake(&self) {
        self.state.store(USED, Ordering::Release);
        self.tell();
    }

    /// Returns whether the set rests, for those that wait for a change.
    pub(super) fn resting(&self) -> watch::Receiver<bool> {
        self.resting.subscribe()
    }

    /// Counts as a use until [`unwatch`](Self::unwatch).
    pub(super) fn watch(&self) {
        self.watches.fetch_add(1, Ordering::SeqCst);
        // The request was long ago.
        if self.swap(RESTING, UNUSED) {
            self.tell();
        }
    }

    pub(super) fn unwatch(&self) {
        self.watches.fetch_sub(1, Ordering::Relaxed);
    }

    fn swap(&self, from: u8, to: u8) -> bool {
        self.state
            .compare_exchange(from, to, Ordering::SeqCst, Ordering::Relaxed)
            .is_ok()
    }

    /// Of two calls at once, the later one tells the state that stays.
    fn tell(&self) {
        self.resting.send_if_modified(|resting| {
            let now = self.state.load(Ordering::Acquire) == RESTING;
            std::mem::replace(resting, now) != now
        });
    }
}

const UNUSED: u8 = 0;
const USED: u8 = 1;
const RESTING: u8 = 2;
