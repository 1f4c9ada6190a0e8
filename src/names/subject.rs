//! [`Subject`] is the user that a token is about.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::shown::Shown;

/// The user that a token is about, as in the claim `sub` (RFC 7519 section 4.1.2).
///
/// A subject is the application's key of the user. It should never be reused for another user (RFC
/// 9068 section 5). Everyone who has a token can read it, so it should not be an email address.
///
/// ```
/// use tower_bearer::Subject;
///
/// let from_text = Subject::from("42");
/// let from_number = Subject::from(42_u64);
/// assert_eq!(from_text, from_number);
///
/// // Back to the key in the application's database.
/// assert_eq!(from_number.as_str(), "42");
/// assert_eq!(from_number.parse::<u64>()?, 42);
/// # Ok::<(), std::num::ParseIntError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Arc<str>);

impl Subject {
    /// Returns the subject as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the subject for a line of the log, escaped and cut: an application may take a name
    /// that a user has chosen.
    pub(crate) fn shown(&self) -> impl fmt::Display {
        Shown(&self.0)
    }

    /// Parses the subject back into the key that it was made from, as in `subject.parse::<i64>()?`
    /// or `subject.parse::<Uuid>()?`.
    ///
    /// # Errors
    ///
    /// The subject does not parse as a `T`. Subjects of another issuer may have any form.
    pub fn parse<T: FromStr>(&self) -> Result<T, T::Err> {
        self.0.parse()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subject({:?})", &*self.0)
    }
}

impl FromStr for Subject {
    type Err = Infallible;

    fn from_str(subject: &str) -> Result<Self, Infallible> {
        Ok(subject.into())
    }
}

impl From<&str> for Subject {
    fn from(subject: &str) -> Self {
        Self(subject.into())
    }
}

impl From<&Subject> for Subject {
    fn from(subject: &Subject) -> Self {
        subject.clone()
    }
}

impl From<String> for Subject {
    fn from(subject: String) -> Self {
        Self(subject.into())
    }
}

macro_rules! subject_from {
    ($($type:ty),*) => {
        $(impl From<$type> for Subject {
            fn from(subject: $type) -> Self {
                Self(subject.to_string().into())
            }
        })*
    };
}

subject_from!(i32, i64, i128, u32, u64, u128);
#[cfg(feature = "uuid")]
subject_from!(uuid::Uuid);

/// Serializes as text.
impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Deserializes from text.
impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
