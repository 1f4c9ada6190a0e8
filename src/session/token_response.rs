//! [`TokenResponse`] (RFC 6749 section 5.1).

use serde::Serialize;

use crate::keys::{AccessToken, RefreshToken};
use crate::names::Scope;

/// What a login and a refresh answer (RFC 6749 section 5.1).
///
/// As JSON: `access_token`, `token_type` (`Bearer`), `expires_in` (seconds), `refresh_token`, `refresh_token_expires_in` (seconds until
/// the session ends if it is not refreshed before), and `scope` if one is granted.
///
/// A client throws its old refresh token away when it receives this one.
#[derive(Clone, Debug, Serialize)]
pub struct TokenResponse {
    access_token: AccessToken,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: RefreshToken,
    refresh_token_expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl TokenResponse {
    pub(super) fn new(
        (access_token, expires_in): (AccessToken, u64),
        (refresh_token, refresh_token_expires_in): (RefreshToken, u64),
        scope: &Scope,
    ) -> Self {
        let scope = (!scope.is_empty()).then(|| scope.to_string());
        Self { access_token, token_type: "Bearer", expires_in, refresh_token, refresh_token_expires_in, scope }
    }

    /// The access token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// Seconds until the access token ends.
    #[must_use]
    pub fn expires_in(&self) -> u64 {
        self.expires_in
    }

    /// The refresh token.
    #[must_use]
    pub fn refresh_token(&self) -> &RefreshToken {
        &self.refresh_token
    }

    /// What is granted, separated by spaces. `None`: nothing in particular.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Seconds until the session ends if it is not refreshed before.
    #[must_use]
    pub fn refresh_token_expires_in(&self) -> u64 {
        self.refresh_token_expires_in
    }
}
