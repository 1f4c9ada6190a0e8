//! [`Issuer`] is the name of the service that signs a token.

use std::fmt;
use std::sync::Arc;

use crate::error::ConfigError;

/// The service that signed a token, as in the claim `iss` (RFC 7519 section 4.1.1).
///
/// By convention it is the URL of that service. Issuers are compared byte by byte.
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
