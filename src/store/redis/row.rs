//! A session as a string of bytes: small, and such that a script needs to know three bytes of it.
//!
//! | bytes | | written by |
//! |---|---|---|
//! | 1 | version of this layout | `insert` |
//! | 1 | why it was revoked; 0: it lives | `revoke` |
//! | 1 | length of the part that changes | `replace` |
//! | n | the part that changes: revision, flags (1), recoveries (1), generation, rotation time, retry key (16) | `replace` |
//! | n | the part that stays: flags (1), creation, absolute end, stamp (16), device with its length, subject | `insert` |
//! | 8 | when it was revoked, big-endian, if it was | `revoke` |
//!
//! Numbers without a size are in groups of seven bits, lowest first, the high bit saying that more follow (LEB128): none is the beginning of
//! another, so a script compares them as bytes. Flags say what else is there. A revoked row keeps the revision it had before, and counts
//! one more: no script has to add.
//!
//! With a subject of 16 bytes, no stamp and no device it is 44 bytes: as much as Redis keeps in one allocation with its header.

use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::store::revocation_reason::RevocationReason;
use crate::store::session::{Session, SessionParts};

pub(super) fn encode(session: &Session) -> Vec<u8> {
    let parts = session.parts();
    let (because, revision) = match parts.revoked {
        Some(record) => (code(record.reason), parts.revision.wrapping_sub(1)),
        None => (LIVES, parts.revision),
    };
    let mut row = vec![VERSION, because];
    row.extend(changing(parts, revision));
    row.push(flag(parts.receipts, RECEIPTS) | flag(parts.stamp.is_some(), HAS_STAMP) | flag(parts.device.is_some(), HAS_DEVICE));
    put_number(&mut row, parts.created_at.as_millis());
    put_number(&mut row, parts.expires_at.as_millis());
    row.extend(parts.stamp.iter().flatten());
    if let Some(device) = &parts.device {
        put_number(&mut row, device.len() as u64);
        row.extend_from_slice(device.as_bytes());
    }
    row.extend_from_slice(parts.subject.as_str().as_bytes());
    if let Some(record) = parts.revoked {
        row.extend(record.at.as_millis().to_be_bytes());
    }
    row
}

/// What a refresh writes: the part that changes, with its length before it.
pub(super) fn encode_changes(session: &Session) -> Vec<u8> {
    changing(session.parts(), session.parts().revision)
}

/// What a row begins its changing part with at this revision.
pub(super) fn encode_revision(revision: u64) -> Vec<u8> {
    let mut number = Vec::new();
    put_number(&mut number, revision);
    number
}

fn changing(parts: &SessionParts, revision: u64) -> Vec<u8> {
    let mut row = vec![0];
    put_number(&mut row, revision);
    row.push(
        flag(parts.confirmed, CONFIRMED)
            | flag(parts.recovered, RECOVERED)
            | flag(parts.rotated_at.is_some(), HAS_ROTATED_AT)
            | flag(parts.retry_key.is_some(), HAS_RETRY_KEY),
    );
    row.push(parts.recoveries);
    put_number(&mut row, parts.generation.into());
    if let Some(at) = parts.rotated_at {
        put_number(&mut row, at.as_millis());
    }
    row.extend(parts.retry_key.iter().flatten());
    // 43 bytes at most.
    row[0] = (row.len() - 1) as u8;
    row
}

/// Bytes of a key that ours could be are not always ours, and a later version may have another layout: both are errors.
pub(super) fn decode(id: SessionId, row: &[u8]) -> Result<Session, BoxError> {
    let mut row = Reader(row);
    if row.byte()? != VERSION {
        return Err("a row has another version than 1: a later version of tower-bearer wrote it, or something else".into());
    }
    let because = row.byte()?;
    let length = row.byte()?;
    let mut changing = Reader(row.take(length.into())?);
    let revision = changing.number()?;
    let flags = changing.byte()?;
    let recoveries = changing.byte()?;
    let generation = changing.number()?.try_into()?;
    let rotated_at = (flags & HAS_ROTATED_AT != 0).then(|| changing.moment()).transpose()?;
    let retry_key = (flags & HAS_RETRY_KEY != 0).then(|| changing.array()).transpose()?;
    let (confirmed, recovered) = (flags & CONFIRMED != 0, flags & RECOVERED != 0);

    let flags = row.byte()?;
    let (created_at, expires_at) = (row.moment()?, row.moment()?);
    let stamp = (flags & HAS_STAMP != 0).then(|| row.array()).transpose()?;
    let device = (flags & HAS_DEVICE != 0).then(|| row.text()).transpose()?;
    let revoked = if because == LIVES { None } else { Some(reason(because).at(row.last_moment()?)) };
    Ok(Session::from_parts(SessionParts {
        id,
        subject: std::str::from_utf8(row.0)?.into(),
        device,
        created_at,
        expires_at,
        stamp,
        receipts: flags & RECEIPTS != 0,
        generation,
        rotated_at,
        confirmed,
        recoveries,
        recovered,
        retry_key,
        revision: if revoked.is_some() { revision.wrapping_add(1) } else { revision },
        revoked,
    }))
}

/// Why a session was revoked, as the byte in its row.
pub(super) const fn code(because: RevocationReason) -> u8 {
    match because {
        RevocationReason::LoggedOut => 1,
        RevocationReason::Everywhere => 2,
        RevocationReason::Reused => 3,
        RevocationReason::UserGone => 4,
        RevocationReason::Replaced => 5,
        RevocationReason::Other => u8::MAX,
    }
}

fn reason(byte: u8) -> RevocationReason {
    [
        RevocationReason::LoggedOut,
        RevocationReason::Everywhere,
        RevocationReason::Reused,
        RevocationReason::UserGone,
        RevocationReason::Replaced,
    ]
    .into_iter()
    .find(|reason| code(*reason) == byte)
    .unwrap_or(RevocationReason::Other)
}

const fn flag(is_set: bool, flag: u8) -> u8 {
    if is_set { flag } else { 0 }
}

fn put_number(row: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        row.push(number as u8 | 0x80);
        number >>= 7;
    }
    row.push(number as u8);
}

/// The bytes that have not been read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], BoxError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("a row ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BoxError> {
        Ok(self.take(N)?.try_into()?)
    }

    fn byte(&mut self) -> Result<u8, BoxError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    fn number(&mut self) -> Result<u64, BoxError> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number in a row does not end".into())
    }

    fn moment(&mut self) -> Result<Timestamp, BoxError> {
        Ok(Timestamp::from_millis(self.number()?))
    }

    fn text(&mut self) -> Result<String, BoxError> {
        let length = self.number()?.try_into()?;
        Ok(std::str::from_utf8(self.take(length)?)?.into())
    }

    fn last_moment(&mut self) -> Result<Timestamp, BoxError> {
        let (rest, last) = self.0.split_last_chunk().ok_or("a revoked row has no time")?;
        self.0 = rest;
        Ok(Timestamp::from_millis(u64::from_be_bytes(*last)))
    }
}

const VERSION: u8 = 1;
const LIVES: u8 = 0;

const CONFIRMED: u8 = 1;
const RECOVERED: u8 = 2;
const HAS_ROTATED_AT: u8 = 4;
const HAS_RETRY_KEY: u8 = 8;

const RECEIPTS: u8 = 1;
const HAS_STAMP: u8 = 2;
const HAS_DEVICE: u8 = 4;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ID: SessionId = SessionId::from_bytes([7; 16]);

    fn session() -> SessionParts {
        let created_at = Timestamp::from_secs(1_800_000_000);
        let end = created_at + Duration::from_secs(90 * 24 * 3600);
        SessionParts::new(ID, "0123456789abcdef".into(), created_at, end)
    }

    fn full() -> SessionParts {
        SessionParts {
            device: Some("Ada's 📱".into()),
            stamp: Some([0xff; 16]),
            receipts: false,
            generation: u32::MAX,
            rotated_at: Some(Timestamp::from_millis(u64::MAX)),
            confirmed: true,
            recoveries: u8::MAX,
            recovered: true,
            retry_key: Some([0; 16]),
            revision: u64::MAX,
            revoked: Some(RevocationReason::Reused.at(Timestamp::from_millis(u64::MAX))),
            ..session()
        }
    }

    #[test]
    fn every_row_is_read_as_it_was_written() {
        let revoked_at_once = SessionParts { revoked: Some(RevocationReason::Other.at(Timestamp::from_millis(0))), ..session() };
        let live = SessionParts { revoked: None, ..full() };
        for parts in [session(), full(), revoked_at_once, live] {
            let session = Session::from_parts(parts);
            assert_eq!(decode(ID, &encode(&session)).unwrap(), session);
        }
    }

    #[test]
    fn a_plain_session_that_was_often_refreshed_fits_into_one_allocation() {
        let parts = session();
        let rotated_at = Some(parts.created_at + Duration::from_secs(80 * 24 * 3600));
        let often = SessionParts { generation: 4320, revision: 8640, rotated_at, confirmed: true, ..parts };
        assert_eq!(encode(&Session::from_parts(often)).len(), 44);
    }

    #[test]
    fn a_script_finds_the_revision_where_it_looks() {
        let row = encode(&Session::from_parts(SessionParts { revision: 300, ..session() }));
        assert!(row[3..].starts_with(&encode_revision(300)));
        assert_eq!(row[..3], [VERSION, LIVES, row[2]]);
    }

    /// Whatever stands under the key, it is an error or a session, never a panic.
    #[test]
    fn garbage_in_a_row_is_an_error() {
        let row = encode(&Session::from_parts(full()));
        for length in 0..row.len() - 16 - 8 {
            assert!(decode(ID, &row[..length]).is_err(), "a row of {length} bytes was taken");
        }
        for place in 0..row.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut garbage = row.clone();
                garbage[place] = byte;
                let _ = decode(ID, &garbage);
            }
        }
        for garbage in [&b"hello"[..], &[0xff; 64], &[VERSION; 2], &[VERSION, 0, 255, 0xff], &[2; 60]] {
            assert!(decode(ID, garbage).is_err());
        }
    }

    #[test]
    fn a_reason_that_a_later_version_wrote_is_a_reason() {
        let mut row = encode(&Session::from_parts(full()));
        row[1] = 77;
        assert_eq!(decode(ID, &row).unwrap().revoked().map(|record| record.reason), Some(RevocationReason::Other));
    }
}
