//! What this process knows of revoked sessions, and whether an access token is still good.

use super::error::SessionError;
use super::sessions::Sessions;
use crate::token::AccessTokenVerifier;
#[cfg(feature = "cookie")]
use crate::{revocation::ensure_started, token::AccessTokenClaims};

impl Sessions {
    /// Returns the verifiers of all access tokens of these sessions, that of the current names
    /// first.
    pub(super) fn verifiers(&self) -> impl Iterator<Item = &AccessTokenVerifier> {
        self.0.verifiers.all()
    }

    /// Waits until this process knows which sessions were revoked.
    pub(super) async fn load_revocations(&self) -> Result<(), SessionError> {
        let revocations = self.sync().revocations();
        let loaded = revocations.load(self.0.outage.max_lag()).await;
        loaded.map_err(SessionError::unavailable)
    }

    /// Returns the claims of an access token of these sessions. Revocation is not checked.
    #[cfg(feature = "cookie")]
    pub(crate) fn verified(&self, token: &str) -> Option<AccessTokenClaims> {
        self.0.verifiers.verify(token).ok()
    }

    /// Returns whether the session of these claims was revoked, as far as this process knows.
    #[cfg(feature = "cookie")]
    pub(crate) fn knows_revoked(&self, claims: &AccessTokenClaims) -> bool {
        let id = claims.session_id();
        id.is_some_and(|id| self.sync().revocations().contains(id))
    }

    /// Returns whether it was, or `None` if the store has to be asked.
    #[cfg(feature = "cookie")]
    pub(crate) fn is_revoked(&self, claims: &AccessTokenClaims) -> Option<bool> {
        let revocations = self.sync().revocations();
        let is_current = revocations.is_current(self.0.outage.max_lag());
        is_current.then(|| self.knows_revoked(claims))
    }

    /// Returns whether it was, and asks the store if that is necessary.
    ///
    /// # Errors
    ///
    /// The store cannot be asked.
    #[cfg(feature = "cookie")]
    pub(crate) async fn was_revoked(
        &self,
        claims: &AccessTokenClaims,
    ) -> Result<bool, SessionError> {
        ensure_started(self.sync());
        self.load_revocations().await?;
        Ok(self.knows_revoked(claims))
    }
}
