//! [`Session`]: one row a session, whatever the number of refreshes.

use std::any::type_name;
use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::revocation_reason::RevocationRecord;
use super::session_kind::SessionKind;
use super::session_parts::SessionParts;
use crate::clock::Timestamp;
use crate::names::{SessionId, Subject};

/// A session, as a store keeps it: one row for each login.
///
/// It holds nothing that opens anything: a leaked database makes no token. Stores read it with
/// [`parts`](Self::parts), and build it with [`from_parts`](Self::from_parts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session(Box<SessionParts>);

impl Session {
    /// For stores: a row as it was kept.
    #[must_use]
    pub fn from_parts(parts: SessionParts) -> Self {
        Self(Box::new(parts))
    }

    /// For stores: all that is to be kept.
    #[must_use]
    pub fn parts(&self) -> &SessionParts {
        &self.0
    }

    /// For stores: the row, to be changed.
    #[must_use]
    pub fn into_parts(self) -> SessionParts {
        *self.0
    }

    /// The name of the session: the claim `sid` of its access tokens.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.0.id
    }

    /// Whose session it is.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// What the session is for.
    #[must_use]
    pub fn kind(&self) -> SessionKind {
        self.0.kind
    }

    /// What the user may recognise the session by.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }

    /// When the session began.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When the user last proved who they are. Unless that was later, it is when the session began.
    #[must_use]
    pub fn authenticated_at(&self) -> Timestamp {
        self.0.authenticated_at.unwrap_or(self.0.created_at)
    }

    /// The absolute end: no refresh moves it (OWASP ASVS 7.3.2).
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// How long this session may be unused. `None`: as long as the application's policy says.
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.0.idle_timeout
    }

    /// Whether the session ends when the browser closes.
    #[must_use]
    pub fn until_browser_closes(&self) -> bool {
        self.0.until_browser_closes
    }

    /// When the session was last refreshed, to the overlap; before that, when it began.
    #[must_use]
    pub fn last_used_at(&self) -> Timestamp {
        self.0.rotated_at.unwrap_or(self.0.created_at)
    }

    /// Whether this version may refresh it: a later one may have written what this one does not
    /// know.
    pub(crate) fn is_understood(&self) -> bool {
        self.0.kind == SessionKind::LOGIN && self.0.more.is_understood()
    }

    /// Why and when the session was revoked.
    #[must_use]
    pub fn revoked(&self) -> Option<RevocationRecord> {
        self.0.revoked
    }

    /// The data that the application gave this session. `None`: it gave none.
    ///
    /// # Errors
    ///
    /// There are data, and they are not a `T`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<Option<T>, SessionDataError> {
        let Some(data) = &self.0.data else {
            return Ok(None);
        };
        serde_json::from_slice(data)
            .map(Some)
            .map_err(|error| SessionDataError {
                wanted: type_name::<T>(),
                line: error.line(),
                column: error.column(),
            })
    }
}

/// The data of a session are not of the type that was asked for. It names that type, and never what
/// the session holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionDataError {
    wanted: &'static str,
    line: usize,
    column: usize,
}

impl fmt::Display for SessionDataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            wanted,
            line,
            column,
        } = self;
        write!(
            f,
            "the data of the session are not a `{wanted}` \
             (line {line}, column {column} of its JSON)"
        )
    }
}

impl std::error::Error for SessionDataError {}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Facts {
        tenant: u32,
    }

    fn with_data(data: Option<&str>) -> Session {
        let now = Timestamp::from_secs(1_800_000_000);
        let mut parts = SessionParts::new(SessionId::from_bytes([7; 16]), "alice".into(), now, now);
        parts.data = data.map(|data| data.as_bytes().into());
        Session::from_parts(parts)
    }

    #[test]
    fn data_come_back_in_their_type() {
        assert_eq!(
            with_data(Some(r#"{"tenant":7}"#)).data(),
            Ok(Some(Facts { tenant: 7 }))
        );
        assert_eq!(with_data(None).data::<Facts>(), Ok(None));
    }

    #[test]
    fn data_of_another_type_are_an_error_that_names_the_type_and_not_the_value() {
        for data in [
            r#"{"tenant":"the-secret"}"#,
            r#"{"the-secret":1}"#,
            "the-secret",
            "",
            "{",
        ] {
            let session = with_data(Some(data));
            let error = session.data::<Facts>().unwrap_err();
            let shown = format!("{error} {error:?} {session:?}");
            assert!(shown.contains("Facts`"), "{shown}");
            assert!(!shown.contains("secret"), "{shown}");
        }
    }

    #[test]
    fn a_user_authenticated_when_the_session_began_unless_the_row_says_later() {
        let mut parts = with_data(None).into_parts();
        assert_eq!(
            Session::from_parts(parts.clone()).authenticated_at(),
            parts.created_at
        );
        parts.authenticated_at = Some(Timestamp::from_secs(1_900_000_000));
        assert_eq!(
            Session::from_parts(parts).authenticated_at(),
            Timestamp::from_secs(1_900_000_000)
        );
    }
}
