//! The primitives of threads in the cache, the set of revoked sessions and the queue of receipts.
//! `.ci/loom` replaces them with those of loom, which tries the orders in which threads may run.

#[cfg(tower_bearer_loom)]
pub(crate) use {
    crate::model::{ArcSwap, ArcSwapOption, Guard},
    loom::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize},
    loom::sync::{Mutex, MutexGuard},
};
#[cfg(not(tower_bearer_loom))]
pub(crate) use {
    arc_swap::{ArcSwap, ArcSwapOption, Guard},
    std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize},
    std::sync::{Mutex, MutexGuard},
};
