//! What this process knows of its sessions: which were revoked, and which answers arrived.

mod receipts;
mod set;

pub use set::Revocation;

pub(crate) use receipts::{Receipt, Receipts, StartSync, ensure_started};
pub(crate) use set::{RevocationSource, Revocations};
