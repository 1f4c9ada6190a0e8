//! The part of a row that a refresh writes.

use crate::error::BoxError;
use crate::store::more::More;
use crate::store::session_owner::SessionOwner;
use crate::store::session_parts::SessionParts;

use super::bytes::{Reader, Writer};

/// Writes the part that changes, with its length before it. The capacity is enough for a session
/// without device and data.
pub(super) fn encode(row: &SessionParts, revision: u64) -> Result<Vec<u8>, BoxError> {
    let mut bytes = Writer(Vec::with_capacity(CAPACITY));
    bytes.number(revision);
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
    if bytes.0.len() > LONGEST {
        return Err(
            "the device and the data of a session are above 16 KiB, the maximum in Redis".into(),
        );
    }
    let mut part = Writer(Vec::with_capacity(bytes.0.len() + 3));
    part.with_length(&bytes.0);
    Ok(part.0)
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

/// Returns the bytes with which this part begins in a row of this revision.
pub(super) fn encode_revision(revision: u64) -> Vec<u8> {
    let mut bytes = Writer::default();
    bytes.number(revision);
    bytes.0
}

/// Reads the part into the row that it belongs to.
pub(super) fn read(part: &[u8], row: &mut SessionParts) -> Result<(), BoxError> {
    let mut part = Reader(part);
    row.revision = part.number()?;
    let flags: u16 = part.number()?.try_into()?;
    if flags > ALL_FLAGS {
        return Err("a row has an unknown flag: a later version of tower-bearer wrote it".into());
    }
    let has = |flag| flags & flag != 0;
    row.confirmed = has(CONFIRMED);
    row.recovered = has(RECOVERED);
    row.receipts = has(RECEIPTS);
    row.until_browser_closes = has(UNTIL_BROWSER_CLOSES);
    row.owner = SessionOwner::from_bytes(part.array()?);
    row.generation = part.number()?.try_into()?;
    row.rotated_at = has(HAS_ROTATED_AT).then(|| part.moment()).transpose()?;
    row.stamp = has(HAS_STAMP).then(|| part.array()).transpose()?;
    row.retry_key = has(HAS_RETRY_KEY).then(|| part.array()).transpose()?;
    row.recoveries = if has(HAS_RECOVERIES) { part.byte()? } else { 0 };
    row.device = has(HAS_DEVICE).then(|| part.text()).transpose()?;
    row.idle_timeout = has(HAS_IDLE_TIMEOUT).then(|| part.duration()).transpose()?;
    row.authenticated_at = has(HAS_AUTHENTICATED_AT)
        .then(|| part.moment())
        .transpose()?;
    row.data = has(HAS_DATA)
        .then(|| part.with_length())
        .transpose()?
        .map(Box::from);
    if has(HAS_MORE) {
        row.more = More::from_bytes(part.with_length()?)?;
    }
    Ok(())
}

const CAPACITY: usize = 80;
/// The maximum length, because a script reads two groups of seven bits.
const LONGEST: usize = (1 << 14) - 1;

// The flags of a plain session fit into one byte.
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
