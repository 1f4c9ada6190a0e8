//! Writes and reads numbers, moments and texts in the bytes of a row.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::BoxError;

/// The bytes that have been written.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn number(&mut self, mut number: u64) {
        while number > 0x7f {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Writes a moment, with five bytes from 2020 to 2054, and otherwise with nine.
    pub(super) fn moment(&mut self, moment: Timestamp) {
        match moment.as_millis().checked_sub(YEAR_2020) {
            Some(millis) if millis < u64::from(FULL) << 32 => {
                self.extend(&millis.to_be_bytes()[3..]);
            }
            _ => {
                self.extend(&[FULL]);
                self.extend(&moment.as_millis().to_be_bytes());
            }
        }
    }

    pub(super) fn duration(&mut self, duration: Duration) {
        self.number(duration.as_millis().try_into().unwrap_or(u64::MAX));
    }

    /// Writes bytes, with their length before them.
    pub(super) fn with_length(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.extend(bytes);
    }
}

/// The bytes that have not been read yet.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], BoxError> {
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or("a row ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], BoxError> {
        Ok(self.take(N)?.try_into()?)
    }

    pub(super) fn byte(&mut self) -> Result<u8, BoxError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(super) fn number(&mut self) -> Result<u64, BoxError> {
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

    pub(super) fn moment(&mut self) -> Result<Timestamp, BoxError> {
        let first = self.byte()?;
        if first == FULL {
            return Ok(Timestamp::from_millis(u64::from_be_bytes(self.array()?)));
        }
        let [a, b, c, d] = self.array()?;
        Ok(Timestamp::from_millis(
            YEAR_2020 + u64::from_be_bytes([0, 0, 0, first, a, b, c, d]),
        ))
    }

    pub(super) fn duration(&mut self) -> Result<Duration, BoxError> {
        Ok(Duration::from_millis(self.number()?))
    }

    pub(super) fn with_length(&mut self) -> Result<&'a [u8], BoxError> {
        let length = self.number()?.try_into()?;
        self.take(length)
    }

    pub(super) fn text(&mut self) -> Result<String, BoxError> {
        Ok(std::str::from_utf8(self.with_length()?)?.into())
    }

    pub(super) fn last_moment(&mut self) -> Result<Timestamp, BoxError> {
        let (rest, last) = self
            .0
            .split_last_chunk()
            .ok_or("a revoked row has no time")?;
        self.0 = rest;
        Ok(Timestamp::from_millis(u64::from_be_bytes(*last)))
    }
}

/// The beginning of 2020, in milliseconds since the Unix epoch.
const YEAR_2020: u64 = 1_577_836_800_000;
/// The byte before a moment with all eight bytes.
const FULL: u8 = 0xff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_is_read_as_it_was_written() {
        let last_short = YEAR_2020 + (0xff << 32) - 1;
        let short = [YEAR_2020, YEAR_2020 + 1, 1_800_000_000_000, last_short];
        let long = [0, YEAR_2020 - 1, last_short + 1, i64::MAX as u64];
        for (moments, length) in [(short, 5), (long, 9)] {
            for moment in moments.map(Timestamp::from_millis) {
                let mut bytes = Writer::default();
                bytes.moment(moment);
                assert_eq!(bytes.0.len(), length, "{moment:?}");
                assert_eq!(Reader(&bytes.0).moment().unwrap(), moment);
            }
        }
    }

    #[test]
    fn every_number_is_read_as_it_was_written() {
        for (number, length) in [
            (0, 1),
            (127, 1),
            (128, 2),
            (16_383, 2),
            (16_384, 3),
            (u64::MAX, 10),
        ] {
            let mut bytes = Writer::default();
            bytes.number(number);
            assert_eq!(bytes.0.len(), length, "{number}");
            assert_eq!(Reader(&bytes.0).number().unwrap(), number);
        }
        for unending in [&[][..], &[0x80], &[0xff; 10]] {
            assert!(Reader(unending).number().is_err(), "{unending:?} was taken");
        }
    }
}
