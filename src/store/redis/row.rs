//! Encodes a session as a short string of bytes, of which a script needs to know only four.
//!
//! | bytes | | written by |
//! |---|---|---|
//! | 1 | version of this layout, and the reason of a revocation | `insert`, `revoke` |
//! | 1 or 2 | length of the part that changes, below 16384 | `replace` |
//! | n | the part that changes (see below) | `replace` |
//! | n | the part that stays (see below) | `insert` |
//! | 8 | the time of the revocation, big-endian, if there was one | `revoke` |
//!
//! The part that changes has the revision, flags, owner (8), generation, and the fields that the
//! flags announce, in their order. The part that stays has `created_at`, the lifetime, `expires_at`
//! if it does not follow from the lifetime, the kind if it is not a login, and the subject.
//!
//! Numbers without a size are in groups of seven bits, lowest first, where the high bit says that
//! more follow (LEB128). None is the beginning of another, so a script compares them as bytes. A
//! revoked row keeps the bytes of its last revision, and its revision is one more than these say,
//! so that no script has to add.
//!
//! A row with a subject of 16 bytes and without optional fields has at most 44 bytes, which Redis
//! keeps in one allocation together with its header.

use std::time::Duration;

use crate::error::BoxError;
use crate::names::SessionId;
use crate::store::session::Session;
use crate::store::session_kind::SessionKind;
use crate::store::session_parts::SessionParts;

use super::bytes::{Reader, Writer};
use super::{changes, head};

/// Encodes the row as `insert` writes it.
pub(super) fn encode(session: &Session) -> Result<Vec<u8>, BoxError> {
    let row = session.parts();
    let (head, revision) = match row.revoked {
        Some(record) => (head::head(record.reason), row.revision.wrapping_sub(1)),
        None => (head::LIVES, row.revision),
    };
    let mut bytes = Writer(vec![head]);
    bytes.extend(&changes::encode(row, revision)?);
    staying(row, &mut bytes);
    if let Some(record) = row.revoked {
        bytes.extend(&record.at.as_millis().to_be_bytes());
    }
    Ok(bytes.0)
}

/// Writes the part that stays. The lifetime is in minutes, if it is a whole number of them. The two
/// lowest bits of that number are flags.
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

/// Decodes a row. Another program may have written the key, and a later version may have another
/// layout: both are errors.
pub(super) fn decode(id: SessionId, row: &[u8]) -> Result<Session, BoxError> {
    let mut row = Reader(row);
    let Some(reason) = head::read(row.byte()?) else {
        return Err("a row has another layout: \
            a later version of tower-bearer wrote it, or another program"
            .into());
    };
    let changes = row.with_length()?;
    let created_at = row.moment()?;
    let lifetime = row.number()?;
    let expires_at = if lifetime & HAS_EXPIRES_AT != 0 {
        row.moment()?
    } else {
        created_at + Duration::from_millis((lifetime >> 2).saturating_mul(MINUTE))
    };
    let has_kind = lifetime & HAS_KIND != 0;
    let kind = if has_kind {
        row.byte()?
    } else {
        SessionKind::LOGIN.number()
    };
    let revoked = reason
        .map(|reason| Ok::<_, BoxError>(reason.at(row.last_moment()?)))
        .transpose()?;
    let subject = std::str::from_utf8(row.0)?.into();
    let mut parts = SessionParts::new(id, subject, created_at, expires_at);
    parts.kind = SessionKind::from_number(kind);
    changes::read(changes, &mut parts)?;
    if revoked.is_some() {
        parts.revoked = revoked;
        parts.revision = parts.revision.wrapping_add(1);
    }
    Ok(Session::from_parts(parts))
}

const HAS_KIND: u64 = 1;
const HAS_EXPIRES_AT: u64 = 2;
/// One minute, in milliseconds.
const MINUTE: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::store::more::More;
    use crate::store::revocation_reason::RevocationReason;
    use crate::store::session_owner::SessionOwner;

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
        assert!(row[2..].starts_with(&changes::encode_revision(300)));
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
        assert!(row[3..].starts_with(&changes::encode_revision(300)));
    }

    /// Any bytes in the row are an error or a session, and never cause a panic.
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
        // After the head come a length and a revision of one byte each, and the flags in two
        // groups.
        assert_eq!(row[3..5], [0b100 | 0x80, 0b10]);
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
            assert_eq!(
                changes::encode(session.parts(), 0).is_ok(),
                fits,
                "{length}"
            );
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
