//! axess's store of refresh tokens in memory, with a compromise hook.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axess::authn::{DeviceId, TenantId, UserId};
use axess::backends::memory::{self, SessionRegistry};
use axess::session::{
    DeviceTokenRevocation, RefreshToken, RefreshTokenId, RefreshTokenStore, RotationOutcome,
    TokenFamilyId,
};
use axess::{SessionId, SessionRegistry as _};

#[derive(Clone)]
pub struct Watched {
    pub inner: memory::RefreshTokenStore,
    pub noticed: Arc<AtomicBool>,
    /// The sessions that the hook ends. Without it, the hook only takes note.
    pub registry: Option<SessionRegistry>,
}

impl Watched {
    pub async fn register(&self, user: &UserId, session: &SessionId) {
        if let Some(registry) = &self.registry {
            let Ok(()) = registry.register(user, session).await;
        }
    }
}

impl RefreshTokenStore for Watched {
    type Error = Infallible;

    async fn on_token_compromise(
        &self,
        user: &UserId,
        _: &TokenFamilyId,
        _: &[(TenantId, DeviceId)],
    ) {
        self.noticed.store(true, Ordering::Relaxed);
        if let Some(registry) = &self.registry {
            let Ok(()) = registry.invalidate_user(user).await;
        }
    }

    async fn store_token(&self, token: &RefreshToken) -> Result<(), Infallible> {
        self.inner.store_token(token).await
    }

    async fn find_token(&self, hash: &str) -> Result<Option<RefreshToken>, Infallible> {
        self.inner.find_token(hash).await
    }

    async fn revoke_token(&self, id: &RefreshTokenId) -> Result<(), Infallible> {
        self.inner.revoke_token(id).await
    }

    async fn revoke_user_tokens(&self, user: &UserId) -> Result<(), Infallible> {
        self.inner.revoke_user_tokens(user).await
    }

    async fn revoke_device_tokens(
        &self,
        tenant: &TenantId,
        device: &DeviceId,
    ) -> Result<DeviceTokenRevocation, Infallible> {
        self.inner.revoke_device_tokens(tenant, device).await
    }

    async fn active_tokens(&self, user: &UserId) -> Result<Vec<RefreshToken>, Infallible> {
        self.inner.active_tokens(user).await
    }

    async fn revoke_family(&self, user: &UserId, family: &TokenFamilyId) -> Result<(), Infallible> {
        self.inner.revoke_family(user, family).await
    }

    async fn issue_capped(&self, new: &RefreshToken, most: usize) -> Result<(), Infallible> {
        self.inner.issue_capped(new, most).await
    }

    async fn rotate_token(
        &self,
        parent: &RefreshTokenId,
        new: &RefreshToken,
    ) -> Result<RotationOutcome, Infallible> {
        self.inner.rotate_token(parent, new).await
    }
}
