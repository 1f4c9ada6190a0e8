//! [`JwksEndpoint`] publishes the keys that verify access tokens.

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::error::EndpointError;
use super::request::reads_only;
use super::service::serve_at_once;
use crate::bearer::public_json;
use crate::keys::KeySource;
use crate::session::{SessionError, SessionErrorKind};

/// `GET /.well-known/jwks.json`: the public keys of our access tokens (RFC 7517 section 5), for
/// services that verify them.
///
/// HMAC keys are never in the response: with HS256 the list is empty. The response may be cached
/// for five minutes.
///
/// ```
/// # fn example(sessions: tower_bearer::Sessions) -> axum::Router {
/// use tower_bearer::endpoint::JwksEndpoint;
///
/// axum::Router::new().route_service("/.well-known/jwks.json", JwksEndpoint::new(sessions.keys()))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JwksEndpoint {
    keys: KeySource,
}

impl JwksEndpoint {
    /// Publishes the public keys of `keys`. Each response has the keys of that moment.
    #[must_use]
    pub fn new(keys: impl Into<KeySource>) -> Self {
        Self { keys: keys.into() }
    }

    fn answer(&self, parts: &Parts) -> Result<Response<Bytes>, EndpointError> {
        let read = || match self.keys.key_set() {
            Some(keys) => Ok(keys.to_public_jwk_set().into()),
            // The source of the keys logs it.
            None => Err(SessionError::new(SessionErrorKind::Unavailable).into()),
        };
        public_json(&parts.method, read).ok_or_else(reads_only)?
    }
}

serve_at_once!(JwksEndpoint);
