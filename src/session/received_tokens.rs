//! [`ReceivedTokens`] is the response of a login or a refresh, as a client reads it.

use serde::Deserialize;

use crate::keys::{AccessToken, RefreshToken};

/// The response of a login or a refresh, as a client in Rust reads it (RFC 6749 section 5.1).
///
/// Unknown members are ignored. The tokens are not verified, so there are no claims.
///
/// ```
/// use tower_bearer::session::ReceivedTokens;
///
/// let json = r#"{
///     "access_token": "eyJ…", "token_type": "Bearer", "expires_in": 1800,
///     "refresh_token": "rt1_…"
/// }"#;
/// let tokens: ReceivedTokens = serde_json::from_str(json)?;
/// assert_eq!(tokens.expires_in(), Some(1800));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
pub struct ReceivedTokens {
    access_token: AccessToken,
    token_type: String,
    expires_in: Option<u64>,
    refresh_token: Option<RefreshToken>,
    refresh_token_expires_in: Option<u64>,
    refresh_token_timeout: Option<u64>,
    authorization_expires_in: Option<u64>,
    scope: Option<String>,
}

impl ReceivedTokens {
    /// Returns the access token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// Returns how the access token is used: `Bearer`. A client that does not know the type must
    /// not use the token (RFC 6749 section 7.1).
    #[must_use]
    pub fn token_type(&self) -> &str {
        &self.token_type
    }

    /// Returns the seconds until the access token expires.
    #[must_use]
    pub fn expires_in(&self) -> Option<u64> {
        self.expires_in
    }

    /// Returns the refresh token. It is `None` if the token is a cookie, or the session cannot be
    /// refreshed.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    /// Returns the seconds until the session ends, unless it is refreshed before that:
    /// `refresh_token_expires_in`, or `refresh_token_timeout` where a server sends only that.
    #[must_use]
    pub fn refresh_token_expires_in(&self) -> Option<u64> {
        self.refresh_token_expires_in.or(self.refresh_token_timeout)
    }

    /// Returns the seconds until the user has to log in, however often the session is refreshed.
    #[must_use]
    pub fn authorization_expires_in(&self) -> Option<u64> {
        self.authorization_expires_in
    }

    /// Returns the granted scope, as words separated by spaces. `None` means that it is the
    /// requested scope.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }
}
