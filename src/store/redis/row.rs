//! A session as a string of bytes: small, and such that a script needs to know four bytes of it.
//!
//! | bytes | | written by |
//! |---|---|---|
//! | 1 | version of this layout, and why it was revoked | `insert`, `revoke` |
//! | 1 or 2 | length of the part that changes, below 16384 | `replace` |
//! | n | the part that changes: revision, flags, owner (8), generation, and what the flags announce, in their order | `replace` |
//! | n | the part that stays: beginning, lifetime, absolute end if the lifetime does not say it, kind if it is not a login, subject | `insert` |
//! | 8 | when it was revoked, big-endian, if it was | `revoke` |
//!
//! Numbers without a size are in groups of seven bits, lowest first, the high bit saying that more
//! follow (LEB128): none is the beginning of another, so a script compares them as bytes. A revoked
//! row keeps the revision it had before, and counts one more: no script has to add.
//!
//! With a subject of 16 bytes and without what is optional it is 44 bytes at most: as much as Redis
//! keeps in one allocation with its header.

use std::time::Duration;

use crate::error::BoxError;
use crate::names::SessionId;
use crate::store::more::More;
use crate::store::session::Session;
use crate::store::session_kind::SessionKind;
use crate::store::session_owner::SessionOwner;
use crate::store::session_parts::SessionParts;

use super::bytes::{Reader, Writer};
use super::head;

/// The row as `insert` writes it.
pub(super) fn encode(session: &Session) -> Result<Vec<u8>, BoxError> {
    let row = session.parts();
    let (head, revision) = match row.revoked {
        Some(record) => (head::head(record.reason), row.revision.wrapping_sub(1)),
        None => (head::LIVES, row.revision),
    };
    let mut bytes = Writer(vec![head]);
    bytes.extend(&changing(row, revision)?);
    staying(row, &mut bytes);
    if let Some(record) = row.revoked {
        bytes.extend(&record.at.as_millis().to_be_bytes());
    }
    Ok(bytes.0)
}

/// The lifetime is in minutes, where it is a whole number of them. The two lowest bits of that
/// number are flags.
fn staying(row: &SessionParts, bytes: &mut Writer) {
    let lifetime = row
        .expires_at
        .as_millis()
        .checked_sub(row.created_at.as_millis());
    let minutes = lifetime
        .filter(|millis| millis % MINUTE == 0)
        .map(|millis| millis / MINUTE);
    let has_kind = row.kind != SessionKind::LOGIN;
    bytes.moment(row.created_at);
    bytes.number(
        minutes.map_or(HAS_EXPIRES_AT, |minutes| minutes << 2)
            | if has_kind { HAS_KIND } else { 0 },
    );
    if minutes.is_none() {
        bytes.moment(row.expires_at);
    }
    if has_kind {
        bytes.extend(&[row.kind.number()]);
    }
    bytes.extend(row.subject.as_str().as_bytes());
}

/// What a refresh writes: the part that changes, with its length before it.
pub(super) fn encode_changes(session: &Session) -> Result<Vec<u8>, BoxError> {
    changing(session.parts(), session.parts().revision)
}

/// The bytes with which the changing part of a row of this revision begins.
pub(super) fn encode_revision(revision: u64) -> Vec<u8> {
    let mut bytes = Writer::default();
    bytes.number(revision);
    bytes.0
}

fn changing(row: &SessionParts, revision: u64) -> Result<Vec<u8>, BoxError> {
    let mut bytes = Writer(encode_revision(revision));
    bytes.number(flags(row).into());
    bytes.extend(row.owner.as_bytes());
    bytes.number(row.generation.into());
    if let Some(at) = row.rotated_at {
        bytes.moment(at);
    }
    bytes.extend(row.stamp.as_ref().map_or(&[], |stamp| &stamp[..]));
    bytes.extend(row.retry_key.as_ref().map_or(&[], |key| &key[..]));
    if row.recoveries > 0 {
        bytes.extend(&[row.recoveries]);
    }
    if let Some(device) = &row.device {
        bytes.with_length(device.as_bytes());
    }
    if let Some(timeout) = row.idle_timeout {
        bytes.duration(timeout);
    }
    if let Some(at) = row.authenticated_at {
        bytes.moment(at);
    }
    if let Some(data) = &row.data {
        bytes.with_length(data);
    }
    if !row.more.is_empty() {
        bytes.with_length(row.more.as_bytes());
    }
    if bytes.0.len() > LONGEST_CHANGING {
        return Err(
            "device and data of a session are longer than a row in Redis takes: 16 KiB".into(),
        );
    }
    let mut row = Writer::default();
    row.with_length(&bytes.0);
    Ok(row.0)
}

fn flags(row: &SessionParts) -> u16 {
    [
        (row.confirmed, CONFIRMED),
        (row.recovered, RECOVERED),
        (row.receipts, RECEIPTS),
        (row.rotated_at.is_some(), HAS_ROTATED_AT),
        (row.stamp.is_some(), HAS_STAMP),
        (row.retry_key.is_some(), HAS_RETRY_KEY),
        (row.recoveries > 0, HAS_RECOVERIES),
        (row.device.is_some(), HAS_DEVICE),
        (row.until_browser_closes, UNTIL_BROWSER_CLOSES),
        (row.idle_timeout.is_some(), HAS_IDLE_TIMEOUT),
        (row.authenticated_at.is_some(), HAS_AUTHENTICATED_AT),
        (row.data.is_some(), HAS_DATA),
        (!row.more.is_empty(), HAS_MORE),
    ]
    .into_iter()
    .filter(|(is_set, _)| *is_set)
    .fold(0, |flags, (_, flag)| flags | flag)
}

/// Bytes of a key that ours could be are not always ours, and a later version may have another
/// layout: both are errors.
pub(super) fn decode(id: SessionId, row: &[u8]) -> Result<Session, BoxError> {
    let mut row = Reader(row);
    let Some(reason) = head::read(row.byte()?) else {
        return Err("a row has another layout: a later version of tower-bearer wrote it, or another program".into());
    };
    let mut changing = Reader(row.with_length()?);
    let revision = changing.number()?;
    let flags: u16 = changing.number()?.try_into()?;
    if flags > ALL_FLAGS {
        return Err(
            "a row has a flag that is not known: a later version of tower-bearer wrote it".into(),
        );
    }
    let has = |flag| flags & flag != 0;
    let created_at = row.moment()?;
    let lifetime = row.number()?;
    let minutes = || Duration::from_millis((lifetime >> 2).saturating_mul(MINUTE));
    let expires_at = if lifetime & HAS_EXPIRES_AT != 0 {
        row.moment()?
    } else {
        created_at + minutes()
    };
    let kind = if lifetime & HAS_KIND != 0 {
        SessionKind::from_number(row.byte()?)
    } else {
        SessionKind::LOGIN
    };
    let revoked = reason
        .map(|reason| Ok::<_, BoxError>(reason.at(row.last_moment()?)))
        .transpose()?;
    let subject = std::str::from_utf8(row.0)?.into();
    // In the order of the layout.
    let parts = SessionParts {
        confirmed: has(CONFIRMED),
        recovered: has(RECOVERED),
        receipts: has(RECEIPTS),
        until_browser_closes: has(UNTIL_BROWSER_CLOSES),
        owner: SessionOwner::from_bytes(changing.array()?),
        generation: changing.number()?.try_into()?,
        rotated_at: has(HAS_ROTATED_AT).then(|| changing.moment()).transpose()?,
        stamp: has(HAS_STAMP).then(|| changing.array()).transpose()?,
        retry_key: has(HAS_RETRY_KEY).then(|| changing.array()).transpose()?,
        recoveries: if has(HAS_RECOVERIES) {
            changing.byte()?
        } else {
            0
        },
        device: has(HAS_DEVICE).then(|| changing.text()).transpose()?,
        idle_timeout: has(HAS_IDLE_TIMEOUT)
            .then(|| changing.duration())
            .transpose()?,
        authenticated_at: has(HAS_AUTHENTICATED_AT)
            .then(|| changing.moment())
            .transpose()?,
        data: has(HAS_DATA)
            .then(|| changing.with_length())
            .transpose()?
            .map(Box::from),
        more: has(HAS_MORE)
            .then(|| changing.with_length())
            .transpose()?
            .map_or(Ok(More::default()), More::from_bytes)?,
        kind,
        revision: if revoked.is_some() {
            revision.wrapping_add(1)
        } else {
            revision
        },
        revoked,
        ..SessionParts::new(id, subject, created_at, expires_at)
    };
    Ok(Session::from_parts(parts))
}

/// A script reads two groups of seven bits.
const LONGEST_CHANGING: usize = (1 << 14) - 1;

// Those of a plain session fit into one byte.
const CONFIRMED: u16 = 1;
const RECOVERED: u16 = 1 << 1;
const RECEIPTS: u16 = 1 << 2;
const HAS_ROTATED_AT: u16 = 1 << 3;
const HAS_STAMP: u16 = 1 << 4;
const HAS_RETRY_KEY: u16 = 1 << 5;
const HAS_RECOVERIES: u16 = 1 << 6;
const HAS_DEVICE: u16 = 1 << 7;
const UNTIL_BROWSER_CLOSES: u16 = 1 << 8;
const HAS_IDLE_TIMEOUT: u16 = 1 << 9;
const HAS_AUTHENTICATED_AT: u16 = 1 << 10;
const HAS_DATA: u16 = 1 << 11;
const HAS_MORE: u16 = 1 << 12;
const ALL_FLAGS: u16 = (1 << 13) - 1;

const HAS_KIND: u64 = 1;
const HAS_EXPIRES_AT: u64 = 2;
/// In milliseconds.
const MINUTE: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::store::revocation_reason::RevocationReason;

    const ID: SessionId = SessionId::from_bytes([7; 16]);

    fn session() -> SessionParts {
        let created_at = Timestamp::from_secs(1_800_000_000);
        let end = created_at + Duration::from_secs(90 * 24 * 3600);
        SessionParts::new(ID, "0123456789abcdef".into(), created_at, end)
    }

    fn full() -> SessionParts {
        SessionParts {
            kind: SessionKind::from_number(u8::MAX),
            owner: SessionOwner::from_bytes([0xff; 8]),
            device: Some("Ada's 📱".into()),
            idle_timeout: Some(Duration::from_millis(u64::MAX)),
            until_browser_closes: true,
            authenticated_at: Some(Timestamp::from_millis(0)),
            data: Some([0xff; SessionParts::MAX_DATA_BYTES].into()),
            more: More::from_bytes([&[0, 9, 3, 252][..], &[0xff; 1020]].concat()).unwrap(),
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
        let revoked_at_once = SessionParts {
            revoked: Some(RevocationReason::Other.at(Timestamp::from_millis(0))),
            ..session()
        };
        let live = SessionParts {
            revoked: None,
            ..full()
        };
        let (start, odd) = (session().created_at, Duration::from_millis(7_776_000_001));
        let of_no_whole_minutes = SessionParts {
            expires_at: start + odd,
            ..session()
        };
        let ended_before_it_began = SessionParts {
            created_at: start + odd,
            expires_at: start,
            ..session()
        };
        let for_ever = SessionParts {
            expires_at: Timestamp::from_millis(u64::MAX),
            ..session()
        };
        let odd = [of_no_whole_minutes, ended_before_it_began, for_ever];
        for parts in [session(), full(), revoked_at_once, live]
            .into_iter()
            .chain(odd)
        {
            let session = Session::from_parts(parts);
            assert_eq!(decode(ID, &encode(&session).unwrap()).unwrap(), session);
        }
    }

    #[test]
    fn a_plain_session_that_was_often_refreshed_fits_into_one_allocation() {
        let parts = session();
        let rotated_at = Some(parts.created_at + Duration::from_secs(80 * 24 * 3600));
        let often = SessionParts {
            generation: 4320,
            revision: 8640,
            rotated_at,
            confirmed: true,
            ..parts
        };
        assert_eq!(encode(&Session::from_parts(often)).unwrap().len(), 44);
    }

    #[test]
    fn a_script_finds_the_revision_where_it_looks() {
        let row = encode(&Session::from_parts(SessionParts {
            revision: 300,
            ..session()
        }))
        .unwrap();
        assert_eq!(row[..2], [head::LIVES, row[1] & 0x7f]);
        assert!(row[2..].starts_with(&encode_revision(300)));
        let row = encode(&Session::from_parts(SessionParts {
            revision: 300,
            revoked: None,
            ..full()
        }))
        .unwrap();
        assert!(
            row[1] > 0x7f && row[2] <= 0x7f,
            "a long length is not in two bytes"
        );
        assert!(row[3..].starts_with(&encode_revision(300)));
    }

    /// Any bytes under the key are an error or a session, never a panic.
    #[test]
    fn garbage_in_a_row_is_an_error() {
        let row = encode(&Session::from_parts(full())).unwrap();
        for length in 0..row.len() - 16 - 8 {
            assert!(
                decode(ID, &row[..length]).is_err(),
                "a row of {length} bytes was taken"
            );
        }
        for place in 0..row.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff] {
                let mut garbage = row.clone();
                garbage[place] = byte;
                let _ = decode(ID, &garbage);
            }
        }
        for garbage in [
            &b"hello"[..],
            &[0xff; 64],
            &[head::LIVES; 2],
            &[head::LIVES, 255, 0xff],
            &[0x20; 60],
        ] {
            assert!(decode(ID, garbage).is_err());
        }
    }

    #[test]
    fn a_flag_that_a_later_version_wrote_is_an_error() {
        let mut row = encode(&Session::from_parts(SessionParts {
            until_browser_closes: true,
            ..session()
        }))
        .unwrap();
        // After the head, a length and a revision of one byte each: the flags in two groups.
        assert_eq!(
            row[3..5],
            [RECEIPTS as u8 | 0x80, (UNTIL_BROWSER_CLOSES >> 7) as u8]
        );
        row[4] |= 1 << 6;
        assert!(decode(ID, &row).is_err());
    }

    #[test]
    fn a_row_that_a_script_could_not_read_is_not_written() {
        for (length, fits) in [(16_300, true), (16_384, false), (1 << 20, false)] {
            let session = Session::from_parts(SessionParts {
                device: Some("d".repeat(length)),
                ..session()
            });
            assert_eq!(encode(&session).is_ok(), fits, "{length}");
            assert_eq!(encode_changes(&session).is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn a_reason_that_a_later_version_wrote_is_a_reason() {
        let mut row = encode(&Session::from_parts(full())).unwrap();
        row[0] = head::LIVES | 9;
        assert_eq!(
            decode(ID, &row)
                .unwrap()
                .revoked()
                .map(|record| record.reason),
            Some(RevocationReason::Other)
        );
    }
}
