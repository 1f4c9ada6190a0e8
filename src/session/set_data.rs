//! The data of a session changes, as when the user chooses another tenant.

use serde::Serialize;

use super::error::SessionError;
use super::sessions::Sessions;
use crate::store::SessionParts;
use crate::token::{AccessTokenClaims, session_data};

impl Sessions {
    /// Replaces the [data](crate::Identity::with_data) of the current session, such as the active
    /// tenant. It replaces all of the data: keep what `authorize` needs, such as who acts as the
    /// user.
    ///
    /// `authorize` reads it at the next refresh. Until then the access token keeps the claims that
    /// it has, so let the client refresh. Of two calls at the same moment the last one counts.
    ///
    /// ```
    /// # use tower_bearer::{AccessTokenClaims, BoxError, Sessions};
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Facts {
    ///     tenant: Option<i64>,
    ///     /// The administrator who acts as the user: `authorize` grants it as a claim.
    ///     admin: Option<i64>,
    /// }
    ///
    /// /// Make sure before that the user belongs to the tenant.
    /// async fn switch(
    ///     sessions: &Sessions,
    ///     claims: &AccessTokenClaims,
    ///     tenant: i64,
    /// ) -> Result<(), BoxError> {
    ///     let admin = claims.claim("impersonator")?;
    ///     let facts = Facts { tenant: Some(tenant), admin };
    ///     Ok(sessions.set_data(claims, &facts).await?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// `Misconfigured`: the data does not fit JSON, or is above 4 KiB as JSON. The others are those
    /// of [`set_stamp`](Self::set_stamp).
    pub async fn set_data<T: Serialize + Sync + ?Sized>(
        &self,
        claims: &AccessTokenClaims,
        data: &T,
    ) -> Result<(), SessionError> {
        let data = session_data(data).map_err(|error| SessionError::from(error).logged())?;
        let write = |row: &mut SessionParts| {
            row.data = Some(data.clone());
            true
        };
        self.change_row(claims, write).await.map(drop)
    }
}
