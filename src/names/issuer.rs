//! [`Issuer`] is the name of the service that signs a token.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::ConfigError;

/// The service that signed a token, as in the claim `iss` (RFC 7519 section 4.1.1).
///
/// By convention it is the URL of that service. Issuers are compared byte by byte.
///
/// ```
/// use tower_bearer::names::Issuer;
///
/// let issuer: Issuer = "https://id.example.com".parse()?;
/// assert_eq!(serde_json::to_string(&issuer).unwrap(), r#""https://id.example.com""#);
/// assert!("".parse::<Issuer>().is_err());
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Issuer(Arc<str>);

impl Issuer {
    pub(crate) fn new(name: &str) -> Result<Self, ConfigError> {
        if name.is_empty() {
            return Err(ConfigError::from_static(
                "the issuer is empty. It is the URL of the service that signs the tokens, as in \
                 https://id.example.com",
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

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({:?})", &*self.0)
    }
}

impl FromStr for Issuer {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        Self::new(name)
    }
}

/// Serializes as text.
impl Serialize for Issuer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Deserializes from text that is not empty.
impl<'de> Deserialize<'de> for Issuer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).map_err(de::Error::custom)
    }
}
