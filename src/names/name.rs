//! Who a token is about, who made it, and for whom: [`Subject`], [`Issuer`], [`Audience`].

use std::fmt;
use std::sync::Arc;

use crate::error::ConfigError;

/// The user a token is about: the claim `sub` (RFC 7519 section 4.1.2).
///
/// It is the application's own key of the user. It should never be given to another user later (RFC 9068 section 5), and it is readable by
/// everybody who holds a token: no mail addresses.
///
/// ```
/// use tower_bearer::Subject;
///
/// let from_text = Subject::from("42");
/// let from_number = Subject::from(42_u64);
/// assert_eq!(from_text, from_number);
/// assert_eq!(from_number.as_str(), "42");
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(Arc<str>);

impl Subject {
    /// The subject as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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

/// Who made a token: the claim `iss` (RFC 7519 section 4.1.1), an address by convention. Compared byte by byte.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Issuer(Arc<str>);

/// Whom a token is for: the claim `aud` (RFC 7519 section 4.1.3). Compared byte by byte.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Audience(Arc<str>);

macro_rules! configured_name {
    ($name:ident, $what:literal) => {
        impl $name {
            pub(crate) fn new(name: &str) -> Result<Self, ConfigError> {
                if name.is_empty() {
                    return Err(ConfigError::new(concat!("the ", $what, " is empty. A token that names nobody passes nowhere")));
                }
                Ok(Self(name.into()))
            }

            /// The name as it stands in tokens.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &*self.0)
            }
        }
    };
}

configured_name!(Issuer, "issuer");
configured_name!(Audience, "audience");
