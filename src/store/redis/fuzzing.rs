//! Reads and writes what this store keeps without a server, for `fuzz/`. It exists only where
//! `cfg(fuzzing)` is set, as cargo-fuzz does.

use redis::Value;

use super::{ephemeral, feed, row};
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::revocation::Revocation;
use crate::store::ephemeral::Found;
use crate::store::session::Session;

/// Reads the bytes that are at the key of a session.
///
/// # Errors
///
/// The bytes are not a row, or that of a later version.
pub fn read_row(id: SessionId, bytes: &[u8]) -> Result<Session, BoxError> {
    row::decode(id, bytes)
}

/// Returns the bytes that `insert` writes.
///
/// # Errors
///
/// The row is too large.
pub fn write_row(session: &Session) -> Result<Vec<u8>, BoxError> {
    row::encode(session)
}

/// Reads the answers to the commands that read the feed. Returns the revocations.
///
/// # Errors
///
/// The answers are others than these commands have.
pub fn read_feed(answers: Vec<Value>) -> Result<Vec<Revocation>, BoxError> {
    let reading = feed::reading(answers)?;
    let entries = reading.entries.iter().flatten();
    Ok(entries.filter_map(feed::Entry::revocation).collect())
}

/// Reads the answers to the commands that read a short-lived thing.
///
/// # Errors
///
/// The answers are others than these commands have.
pub fn read_ephemeral(
    clock: Value,
    found: Value,
    now: Timestamp,
) -> Result<Option<Found>, BoxError> {
    ephemeral::read(clock, found, now)
}
