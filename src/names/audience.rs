//! [`Audience`] is the name of a service that tokens are for.

use std::fmt;
use std::sync::Arc;

use crate::error::ConfigError;

/// The service that a token is for, as in the claim `aud` (RFC 7519 section 4.1.3).
///
/// Audiences are compared byte by byte.
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
