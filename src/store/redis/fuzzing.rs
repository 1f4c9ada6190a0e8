//! Reads and writes the rows of this store without a server, for `fuzz/`. It exists only where
//! `cfg(fuzzing)` is set, as cargo-fuzz does.

use super::row;
use crate::error::BoxError;
use crate::names::SessionId;
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
