//! What this process knows of its sessions: which were revoked, and which answers arrived.

mod receipts;
mod set;

pub use set::{REVOCATION_RETENTION, Revocation};

pub(crate) use receipts::{Receipt, Receipts, StartSync, ensure_started};
pub(crate) use set::{MAX_ACCESS_TOKEN_LIFETIME, PULL_DEADLINE, REFRESH_DEADLINE, RevocationSource, Revocations};
