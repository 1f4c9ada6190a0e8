//! A session that survives a new password.

use super::error::{SessionError, SessionErrorKind};
use super::own_row::check_understood;
use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::store::Session;
use crate::token::{AccessTokenClaims, Stamp};

impl Sessions {
    /// Gives the current session another [stamp](crate::Identity::with_stamp), so that the device
    /// on which the user changed their password stays logged in.
    ///
    /// Commit the new password first, then call this with the stamp that `authorize` grants from
    /// now on, then [`log_out_others`](Self::log_out_others):
    ///
    /// ```
    /// # use tower_bearer::{AccessTokenClaims, Sessions};
    /// # async fn example(sessions: Sessions, claims: AccessTokenClaims, version: i64)
    /// #     -> Result<(), tower_bearer::SessionError> {
    /// sessions.set_stamp(&claims, version).await?;
    /// sessions.log_out_others(&claims).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Without it this session ends at its next refresh, like all others. So does a session that is
    /// refreshed between the commit and this call.
    ///
    /// # Errors
    ///
    /// `InvalidToken`: the claims do not belong to a session of this application. `SessionRevoked`
    /// and `SessionExpired`: the session has ended. `Unavailable`: try again.
    pub async fn set_stamp(
        &self,
        claims: &AccessTokenClaims,
        stamp: impl Into<Stamp>,
    ) -> Result<(), SessionError> {
        let stamp = stamp.into().to_bytes();
        with_timeout(REFRESH_DEADLINE, self.write_stamp(claims, stamp))
            .await
            .map_err(SessionError::logged)
    }

    async fn write_stamp(
        &self,
        claims: &AccessTokenClaims,
        stamp: [u8; 16],
    ) -> Result<(), SessionError> {
        let id = claims
            .session_id()
            .ok_or(SessionError::new(SessionErrorKind::InvalidToken))?;
        for _ in 0..MAX_RACES {
            let session = self.own_row(id).await?;
            if session.subject() != claims.subject() {
                return Err(SessionError::new(SessionErrorKind::InvalidToken));
            }
            if session.revoked().is_some() || self.sync().revocations().contains(id) {
                return Err(SessionError::new(SessionErrorKind::SessionRevoked));
            }
            if self.now() >= self.policy().end(&session) {
                return Err(SessionError::new(SessionErrorKind::SessionExpired));
            }
            check_understood(&session)?;
            let mut next = session.into_parts();
            next.stamp = Some(stamp);
            next.revision += 1;
            if self.0.store.replace(&Session::from_parts(next)).await? {
                return Ok(());
            }
        }
        Err(SessionError::unavailable(
            "refreshes of this session were quicker each time",
        ))
    }
}

/// How many times the stamp is written in all, if refreshes are quicker each time.
const MAX_RACES: usize = 8;
