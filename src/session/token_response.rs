//! [`TokenResponse`] is the response of a login or a refresh (RFC 6749 section 5.1).

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use super::policy::Ends;
use crate::clock::Timestamp;
use crate::keys::{AccessToken, RefreshToken};
use crate::names::{Scope, SessionId};
use crate::store::Session;
use crate::throttle::DeviceMark;
use crate::token::AccessTokenClaims;

/// The response of a login or a refresh (RFC 6749 section 5.1).
///
/// Its JSON has `access_token`, `token_type` (`Bearer`), `expires_in` (seconds), `refresh_token`,
/// `refresh_token_expires_in` (seconds until the session ends if it is not refreshed before),
/// `scope` if one is granted or was asked for, `device_mark` after a login with a password,
/// `until_browser_closes` (`true`, or absent), and the members of
/// [`Identity::with_response`](crate::Identity::with_response).
///
/// It also has the members of a draft, [OAuth 2.0 Refresh Token and Authorization
/// Expiration](https://datatracker.ietf.org/doc/draft-ietf-oauth-refresh-token-expiration/):
/// `refresh_token_timeout`, which is the same as `refresh_token_expires_in`, and
/// `authorization_expires_in` (seconds until the session ends, however often it is refreshed).
///
/// A client discards its old refresh token when it receives a new one. To read such a response, a
/// client uses [`ReceivedTokens`](crate::session::ReceivedTokens).
#[derive(Clone, Debug)]
pub struct TokenResponse {
    access_token: AccessToken,
    refresh_token: Option<RefreshToken>,
    claims: AccessTokenClaims,
    session_id: SessionId,
    issued_at: Timestamp,
    ends: Ends,
    until_browser_closes: bool,
    /// Whether the request asked for a scope, so that the response says what is granted of it.
    says_scope: bool,
    extra: Map<String, Value>,
    device_mark: Option<DeviceMark>,
}

impl TokenResponse {
    pub(super) fn new(
        session: &Session,
        access_token: AccessToken,
        claims: AccessTokenClaims,
        refresh_token: Option<RefreshToken>,
        issued_at: Timestamp,
        ends: Ends,
    ) -> Self {
        Self {
            access_token,
            refresh_token,
            claims,
            session_id: *session.id(),
            issued_at,
            ends,
            until_browser_closes: session.until_browser_closes(),
            says_scope: false,
            extra: Map::new(),
            device_mark: None,
        }
    }

    /// Notes the scope that the request asked for. An empty one asks for everything.
    pub(super) fn asked_for(mut self, scope: &Scope) -> Self {
        self.says_scope = !scope.is_empty();
        self
    }

    pub(super) fn with_extra(mut self, extra: Map<String, Value>) -> Self {
        self.extra = extra;
        self
    }

    pub(super) fn with_device_mark(mut self, mark: Option<DeviceMark>) -> Self {
        self.device_mark = mark;
        self
    }

    /// Returns the access token.
    #[must_use]
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// Returns the type of the access token, which is `Bearer` (RFC 6750).
    #[must_use]
    pub fn token_type(&self) -> &'static str {
        "Bearer"
    }

    /// Returns the refresh token, or `None` after a
    /// [re-authentication](crate::Sessions::reauthenticate), which leaves the client the one that
    /// it has.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    /// Returns the claims of the access token.
    #[must_use]
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.claims
    }

    /// Returns the id of the session.
    #[must_use]
    pub fn session_id(&self) -> &SessionId {
        &self.session_id
    }

    /// Returns the scope that is granted. It is empty if none is.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        self.claims.scope()
    }

    /// Returns when the access token expires.
    #[must_use]
    pub fn access_token_expires_at(&self) -> Timestamp {
        self.ends.access_token
    }

    /// Returns when the session ends if it is not refreshed before.
    #[must_use]
    pub fn refresh_token_expires_at(&self) -> Timestamp {
        self.ends.refresh_token
    }

    /// Returns when the session ends, however often it is refreshed. The user has to log in then.
    #[must_use]
    pub fn session_expires_at(&self) -> Timestamp {
        self.ends.session
    }

    /// Returns the seconds until the access token expires.
    #[must_use]
    pub fn expires_in(&self) -> u64 {
        self.seconds_to(self.ends.access_token)
    }

    /// Returns the seconds until the session ends if it is not refreshed before.
    #[must_use]
    pub fn refresh_token_expires_in(&self) -> u64 {
        self.seconds_to(self.ends.refresh_token)
    }

    /// Returns the seconds until the session ends, however often it is refreshed.
    #[must_use]
    pub fn authorization_expires_in(&self) -> u64 {
        self.seconds_to(self.ends.session)
    }

    /// Returns the members that [`Identity::with_response`](crate::Identity::with_response) added.
    #[must_use]
    pub fn extra(&self) -> &Map<String, Value> {
        &self.extra
    }

    /// Returns the marks that the device presents at its next login, as the parameter
    /// `device_mark`, so that strangers do not use up its attempts. A refresh has none.
    #[must_use]
    pub fn device_mark(&self) -> Option<&DeviceMark> {
        self.device_mark.as_ref()
    }

    /// Returns whether its cookies are forgotten when the browser closes.
    #[must_use]
    pub fn is_until_browser_closes(&self) -> bool {
        self.until_browser_closes
    }

    /// Removes the refresh token and the mark, for a page that has them in cookies.
    #[cfg(feature = "cookie")]
    pub(crate) fn without_refresh_token(mut self) -> Self {
        self.refresh_token = None;
        self.device_mark = None;
        self
    }

    #[cfg(feature = "cookie")]
    pub(crate) fn with_access_token(mut self, access_token: AccessToken) -> Self {
        self.access_token = access_token;
        self
    }

    fn seconds_to(&self, end: Timestamp) -> u64 {
        end.as_secs().saturating_sub(self.issued_at.as_secs())
    }
}

impl Serialize for TokenResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const OURS: [&str; 10] = [
            "access_token",
            "token_type",
            "expires_in",
            "refresh_token",
            "refresh_token_expires_in",
            "refresh_token_timeout",
            "authorization_expires_in",
            "scope",
            "device_mark",
            "until_browser_closes",
        ];
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("access_token", &self.access_token)?;
        map.serialize_entry("token_type", self.token_type())?;
        map.serialize_entry("expires_in", &self.expires_in())?;
        if let Some(refresh_token) = &self.refresh_token {
            map.serialize_entry("refresh_token", refresh_token)?;
        }
        map.serialize_entry("refresh_token_expires_in", &self.refresh_token_expires_in())?;
        map.serialize_entry("refresh_token_timeout", &self.refresh_token_expires_in())?;
        map.serialize_entry("authorization_expires_in", &self.authorization_expires_in())?;
        // It is required where it differs from what was asked for (RFC 6749 section 5.1).
        if self.says_scope || !self.scope().is_empty() {
            map.serialize_entry("scope", self.scope().as_str())?;
        }
        if let Some(mark) = &self.device_mark {
            map.serialize_entry("device_mark", mark.secret())?;
        }
        // A page that stores the access token has to forget it with the cookies.
        if self.until_browser_closes {
            map.serialize_entry("until_browser_closes", &true)?;
        }
        for (name, value) in self
            .extra
            .iter()
            .filter(|(name, _)| !OURS.contains(&name.as_str()))
        {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
