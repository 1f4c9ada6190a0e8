//! What this process knows about sessions: which were revoked, and which responses arrived.

mod entry;
#[cfg(tower_bearer_loom)]
mod model;
mod part;
mod pulse;
mod receipts;
mod revocations;
mod set;
mod usage;
mod watched;

pub use entry::Revocation;
pub use receipts::Receipt;

pub(crate) use receipts::{Receipts, StartSync, ensure_started};
pub(crate) use revocations::{Pull, RevocationSource, Revocations, Watching};
pub(crate) use set::Comparison;
