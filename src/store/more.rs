//! [`More`] is the data that a later version of this crate keeps in a row.

use std::fmt;

/// The data that later versions of this crate keep in a row, besides the fields that this version
/// knows. It has at most [1 KiB](More::MAX_BYTES).
///
/// A store keeps the [bytes](More::as_bytes) and returns them. This version writes none, and keeps
/// those of later versions without reading them.
///
/// # Encoding
///
/// Entries, one after another, in the order of their numbers, each number once:
///
/// | bytes | |
/// |---|---|
/// | 2 | the number, big-endian, below 32768; the highest bit is set if it must be understood |
/// | 2 | the length, big-endian |
/// | length | the entry |
///
/// A version that does not know the number of an entry which must be understood must not use the
/// row.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct More(Box<[u8]>);

impl More {
    /// The maximum number of bytes.
    pub const MAX_BYTES: usize = 1024;

    /// Takes the bytes that a row kept. It is for stores.
    ///
    /// # Errors
    ///
    /// The bytes are more than [`MAX_BYTES`](Self::MAX_BYTES), or not entries as described
    /// [above](Self#encoding).
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Result<Self, InvalidMore> {
        let more = Self(bytes.into());
        if more.0.len() > Self::MAX_BYTES {
            return Err(InvalidMore);
        }
        let (mut last, mut rest) = (None, &*more.0);
        while !rest.is_empty() {
            let entry;
            (entry, rest) = Entry::first(rest).ok_or(InvalidMore)?;
            if last.is_some_and(|last| entry.number <= last) {
                return Err(InvalidMore);
            }
            last = Some(entry.number);
        }
        Ok(more)
    }

    /// Returns the bytes to keep. It is for stores.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns whether there is nothing to keep.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether this version may use the row, which is so if it knows the number of every
    /// entry that must be understood. This version knows no number.
    #[must_use]
    pub fn is_understood(&self) -> bool {
        let mut rest = &*self.0;
        while let Some((entry, after)) = Entry::first(rest) {
            if entry.must_be_understood && !KNOWN.contains(&entry.number) {
                return false;
            }
            rest = after;
        }
        true
    }
}

/// An entry without its bytes, because this version does not read them.
struct Entry {
    number: u16,
    must_be_understood: bool,
}

impl Entry {
    /// Returns the first entry, and the bytes after it. It is `None` if these are not entries.
    fn first(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (&number, rest) = bytes.split_first_chunk()?;
        let (&length, rest) = rest.split_first_chunk()?;
        let number = u16::from_be_bytes(number);
        let (_, rest) = rest.split_at_checked(u16::from_be_bytes(length).into())?;
        Some((
            Self {
                number: number & !MUST_BE_UNDERSTOOD,
                must_be_understood: number & MUST_BE_UNDERSTOOD != 0,
            },
            rest,
        ))
    }
}

/// Shows the number of bytes, and not the bytes.
impl fmt::Debug for More {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "More({} bytes)", self.0.len())
    }
}

/// The bytes are not a [`More`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMore;

impl fmt::Display for InvalidMore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the data of later versions in a row are longer than 1 KiB, or do not consist of \
             entries with ascending numbers",
        )
    }
}

impl std::error::Error for InvalidMore {}

const MUST_BE_UNDERSTOOD: u16 = 0x8000;
/// The numbers that this version knows.
const KNOWN: [u16; 0] = [];

#[cfg(test)]
mod tests {
    use super::*;

    fn more(bytes: &[u8]) -> Result<More, InvalidMore> {
        More::from_bytes(bytes)
    }

    #[test]
    fn entries_come_back_as_they_were() {
        let longest = [&[0, 9, 3, 252][..], &[0xff; 1020]].concat();
        for bytes in [
            &[][..],
            &[0, 0, 0, 0],
            &[0, 1, 0, 2, 7, 8, 0x80, 2, 0, 0],
            &longest,
        ] {
            assert_eq!(more(bytes).unwrap().as_bytes(), bytes);
        }
        assert_eq!(longest.len(), More::MAX_BYTES);
    }

    #[test]
    fn what_is_cut_short_too_long_or_out_of_order_is_an_error() {
        let too_long = [&[0, 9, 3, 253][..], &[0xff; 1021]].concat();
        let good = [0, 1, 0, 2, 7, 8, 0, 2, 0, 1, 9];
        for length in (1..good.len()).filter(|length| *length != 6) {
            assert_eq!(
                more(&good[..length]),
                Err(InvalidMore),
                "{length} bytes were taken"
            );
        }
        let twice = [0, 1, 0, 0, 0, 1, 0, 0];
        let twice_in_two_ways = [0, 1, 0, 0, 0x80, 1, 0, 0];
        let descending = [0, 2, 0, 0, 0, 1, 0, 0];
        for bytes in [
            &too_long[..],
            &twice,
            &twice_in_two_ways,
            &descending,
            &[0; 3],
            &[0, 0, 0xff, 0xff],
        ] {
            assert_eq!(more(bytes), Err(InvalidMore), "{bytes:?} was taken");
        }
    }

    #[test]
    fn an_entry_of_a_later_version_is_understood_unless_it_must_be() {
        for understood in [&[][..], &[0, 0, 0, 0], &[0x7f, 0xff, 0, 1, 0x80]] {
            assert!(more(understood).unwrap().is_understood(), "{understood:?}");
        }
        for unknown in [
            &[0x80, 0, 0, 0][..],
            &[0xff, 0xff, 0, 0],
            &[0, 1, 0, 1, 5, 0x80, 2, 0, 0],
            &[0x80, 1, 0, 0, 0, 2, 0, 0],
        ] {
            assert!(!more(unknown).unwrap().is_understood(), "{unknown:?}");
        }
    }

    #[test]
    fn what_it_holds_is_not_shown() {
        assert_eq!(
            format!("{:?}", more(&[0, 1, 0, 1, 42]).unwrap()),
            "More(5 bytes)"
        );
    }
}
