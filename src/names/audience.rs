//! [`Audience`] is the name of a service that tokens are for.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::ConfigError;

/// The service that a token is for, as in the claim `aud` (RFC 7519 section 4.1.3).
///
/// Audiences are compared byte by byte.
///
/// ```
/// use tower_bearer::names::Audience;
///
/// let audience: Audience = "example-api".parse()?;
/// assert_eq!(serde_json::to_string(&audience).unwrap(), r#""example-api""#);
/// assert!("".parse::<Audience>().is_err());
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Audience(Arc<str>);

impl Audience {
    pub(crate) fn new(name: &str) -> Result<Self, ConfigError> {
        if name.is_empty() {
            return Err(ConfigError::from_static(
                "the audience is empty. It names the service that accepts the tokens, as in \
                 example-api",
            ));
        }
        Ok(Self(name.into()))
    }

    /// Returns the name as it is in tokens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Audience({:?})", &*self.0)
    }
}

impl FromStr for Audience {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        Self::new(name)
    }
}

/// Serializes as text.
impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Deserializes from text that is not empty.
impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).map_err(de::Error::custom)
    }
}
