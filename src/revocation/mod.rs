//! What this process knows about sessions: which were revoked, and which responses arrived.

mod receipts;
mod set;
mod usage;

pub use set::Revocation;

pub(crate) use receipts::{Receipt, Receipts, StartSync, ensure_started};
pub(crate) use set::{RevocationSource, Revocations, Watching};
