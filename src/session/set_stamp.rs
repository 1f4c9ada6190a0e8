//! What becomes of a user's sessions after a new password.

use super::ended::Ended;
use super::error::SessionError;
use super::sessions::Sessions;
use super::to_the_end::to_the_end;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::store::SessionParts;
use crate::token::{AccessTokenClaims, Stamp};

impl Sessions {
    /// Ends all sessions of the user but the current one, after their password changed, and returns
    /// how many. In one call it is [`set_stamp`](Self::set_stamp),
    /// [`log_out_others`](Self::log_out_others) and [`forget_devices`](Self::forget_devices).
    /// `stamp` is what `authorize` grants from now on. This device is forgotten too: send it
    /// another [mark](Self::device_mark), or its user is a stranger on it at the next login.
    ///
    /// Commit the new password first. A login that is in progress with the old one is ended by its
    /// stamp. Where there are no stamps, call `log_out_others`. If the future is dropped, what is
    /// left may happen some seconds later; if the credentials change again meanwhile, it is left to
    /// that call.
    ///
    /// ```
    /// # use tower_bearer::{AccessTokenClaims, SessionError, Sessions, throttle::DeviceMark};
    /// # async fn commit(_: &str) -> i64 { 8 }
    /// async fn change_password(
    ///     sessions: &Sessions,
    ///     claims: &AccessTokenClaims,
    ///     username: &str,
    ///     password: &str,
    /// ) -> Result<Option<DeviceMark>, SessionError> {
    ///     let version: i64 = commit(password).await;
    ///     sessions.credentials_changed(claims, version).await?;
    ///     Ok(sessions.device_mark(username, claims.subject(), None))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the three. The other sessions are ended even if the current one is over.
    pub async fn credentials_changed(
        &self,
        claims: &AccessTokenClaims,
        stamp: impl Into<Stamp>,
    ) -> Result<Ended, SessionError> {
        let stamp = Some(stamp.into().to_bytes());
        let row = with_timeout(REFRESH_DEADLINE, self.live_row(claims)).await;
        let before = row.map(|row| row.parts().stamp);
        let (sessions, claims) = (self.clone(), claims.clone());
        to_the_end(&self.0.unattended, async move {
            let write = |row: &mut SessionParts, before| {
                let is_next = row.stamp == before || row.stamp == stamp;
                row.stamp = stamp;
                is_next
            };
            let stamped = match before {
                Ok(before) => sessions.change_row(&claims, |row| write(row, before)).await,
                Err(error) => Err(error.logged()),
            };
            // The credentials have changed once more, and that call does the rest.
            if matches!(stamped, Ok(false)) {
                return Ok(Ended::sessions(0));
            }
            let ended = sessions.log_out_others(&claims).await?;
            let forgotten = sessions.forget_devices(claims.subject()).await;
            forgotten.map_err(SessionError::logged)?;
            stamped.map(|_| ended)
        })
        .await
    }

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
        let write = |row: &mut SessionParts| {
            row.stamp = Some(stamp);
            true
        };
        self.change_row(claims, write).await.map(drop)
    }
}
