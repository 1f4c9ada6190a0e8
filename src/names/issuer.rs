//! [`Issuer`] is the name of the service that signs a token.

use std::sync::Arc;

use super::service_name::service_name;
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
}

service_name!(Issuer);
