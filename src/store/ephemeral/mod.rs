//! Short-lived things that processes share: counters of the login throttle, notes, tickets.

mod change;
mod contract;
mod key;
mod lane;
mod memory;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
mod millis;

pub use change::{Charge, Entry, Refund};
pub use contract::EphemeralStore;
pub use key::EphemeralKey;
pub use lane::{Counter, Found, Lane, Rate};
pub(super) use memory::EphemeralParts;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(super) use millis::{lane_millis, refund_millis};
