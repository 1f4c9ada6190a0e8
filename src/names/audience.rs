//! [`Audience`] is the name of a service that tokens are for.

use std::sync::Arc;

use super::service_name::service_name;
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
}

service_name!(Audience);
