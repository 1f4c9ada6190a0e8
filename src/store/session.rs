//! [`Session`] is a session as a store keeps it, in one row however often it is refreshed.

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
/// It has no secrets: no token can be made from a leaked database. Stores read it with
/// [`parts`](Self::parts), and build it with [`from_parts`](Self::from_parts).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session(Box<SessionParts>);

impl Session {
    /// Makes a session from a row. It is for stores.
    #[must_use]
    pub fn from_parts(parts: SessionParts) -> Self {
        Self(Box::new(parts))
    }

    /// Returns everything that a row keeps. It is for stores.
    #[must_use]
    pub fn parts(&self) -> &SessionParts {
        &self.0
    }

    /// Changes the row in place, without moving it to another allocation.
    pub(crate) fn parts_mut(&mut self) -> &mut SessionParts {
        &mut self.0
    }

    /// Turns the session into a row that can be changed. It is for stores.
    #[must_use]
    pub fn into_parts(self) -> SessionParts {
        *self.0
    }

    /// Returns the id of the session, which is the claim `sid` of its access tokens.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        &self.0.id
    }

    /// Returns the user of the session.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.0.subject
    }

    /// Returns what the session is for.
    #[must_use]
    pub fn kind(&self) -> SessionKind {
        self.0.kind
    }

    /// Returns a name by which the user may recognise the session.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }

    /// Returns when the session began.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// Returns when the user authenticated, which is when the session began unless the row says
    /// otherwise.
    #[must_use]
    pub fn authenticated_at(&self) -> Timestamp {
        self.0.authenticated_at.unwrap_or(self.0.created_at)
    }

    /// Returns when the absolute lifetime ends, which no refresh changes (OWASP ASVS 7.3.2).
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// Returns how long this session may be idle, or `None` if the application's policy decides.
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        self.0.idle_timeout
    }

    /// Returns whether its cookies are forgotten when the browser closes.
    #[must_use]
    pub fn until_browser_closes(&self) -> bool {
        self.0.until_browser_closes
    }

    /// Returns when the session was last refreshed, or when it began if it was not refreshed. The
    /// time is exact to the overlap.
    #[must_use]
    pub fn last_used_at(&self) -> Timestamp {
        self.0.rotated_at.unwrap_or(self.0.created_at)
    }

    /// Returns whether this version may refresh the session. A later version may have written data
    /// that this version does not know.
    pub(crate) fn is_understood(&self) -> bool {
        self.0.kind == SessionKind::LOGIN && self.0.more.is_understood()
    }

    /// Returns why and when the session was revoked, or `None` if it was not.
    #[must_use]
    pub fn revoked(&self) -> Option<RevocationRecord> {
        self.0.revoked
    }

    /// Reads the data that the application gave this session, or `None` if it gave none.
    ///
    /// # Errors
    ///
    /// The session has data, but the data is not a `T`.
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

/// The data of a session does not have the type that was asked for. The error names that type, and
/// never shows the data.
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
            "the data of the session is not a `{wanted}` \
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
