//! [`Members`] are those of an object that is being read.

use std::borrow::Cow;
use std::iter::once_with;

use super::{FEW, Json, Object};

/// The members of one object that have been read.
pub(super) struct Members<'t> {
    read: Vec<(Cow<'t, str>, Json<'t>)>,
    names: Names,
    /// The byte behind us: the quotation mark of another name, or the bracket at the end.
    pub(super) next: u8,
}

impl<'t> Members<'t> {
    pub(super) fn before(next: u8) -> Self {
        Self {
            read: Vec::new(),
            names: Names::default(),
            next,
        }
    }

    /// Makes room for the claims of most tokens.
    pub(super) fn reserve(&mut self) {
        self.read.reserve(FEW);
    }

    /// Adds a member whose value comes next.
    #[inline]
    pub(super) fn add(&mut self, name: Cow<'t, str>) {
        self.names.add(&name);
        // `push` would make the member on the stack first, and then copy it.
        self.read.extend(once_with(|| (name, Json::Null)));
    }

    /// Returns the member that was added last.
    pub(super) fn last(&self) -> Option<(&str, &Json<'t>)> {
        let (name, value) = self.read.last()?;
        Some((name, value))
    }

    /// Returns the place of the last value.
    #[inline]
    pub(super) fn last_value(&mut self) -> Option<&mut Json<'t>> {
        self.read.last_mut().map(|(_, value)| value)
    }

    pub(super) fn into_object(self) -> Option<Object<'t>> {
        let object = Object(self.read);
        (self.names.all_differ || !object.has_repeated_name()).then_some(object)
    }
}

/// Names of one object, which are put into 256 places. If each has a place of its own, none is
/// repeated. Comparing each with each takes six times as long.
struct Names {
    places: [u64; 4],
    all_differ: bool,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            places: [0; 4],
            all_differ: true,
        }
    }
}

impl Names {
    #[inline]
    fn add(&mut self, name: &str) {
        let ends = name.as_bytes().first().zip(name.as_bytes().last());
        let (first, last) = ends.map_or((0, 0), |(first, last)| (*first, *last));
        let place = first.wrapping_mul(7)
            ^ last
                .wrapping_mul(29)
                .wrapping_add(name.len().to_le_bytes()[0]);
        let (word, bit) = (usize::from(place >> 6), 1 << (place & 63));
        self.all_differ &= self.places[word] & bit == 0;
        self.places[word] |= bit;
    }
}
