//! axess 0.14: the functions of `axess-core` that issue and rotate refresh tokens, strict or with a
//! reuse grace.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axess_core::session::refresh::{
    DeviceTokenRevocation, IssueRequest, Refresh, RefreshError, RefreshToken, RefreshTokenConfig,
    RefreshTokenId, RefreshTokenStore, RotationOutcome, TokenFamilyId, issue_refresh_token,
};
use axess_core::{
    Clock as _, DeviceId, MemoryRefreshTokenStore, MockClock, SystemRng, TenantId, UserId,
};
use axess_identity::testing::{tenant, user};

use super::wait::wait;
use crate::rule::{Millis, Reply, Rule, Tokens};

pub struct Axess {
    store: Watched,
    config: RefreshTokenConfig,
    clock: MockClock,
    now: Millis,
}

impl Axess {
    pub fn new(config: RefreshTokenConfig) -> Self {
        let clock = MockClock::now();
        let inner = MemoryRefreshTokenStore::new().with_clock(Arc::new(clock.clone()));
        let store = Watched {
            inner,
            is_noticed: Arc::new(AtomicBool::new(false)),
        };
        Self {
            store,
            config,
            clock,
            now: 0,
        }
    }

    fn move_to(&mut self, now: Millis) {
        let by = i64::try_from(now - self.now).expect("thirty days");
        self.clock.advance(chrono::Duration::milliseconds(by));
        self.now = now;
    }
}

impl Rule for Axess {
    fn log_in(&mut self, now: Millis) -> Tokens {
        self.move_to(now);
        self.store.is_noticed.store(false, Ordering::Relaxed);
        let request = IssueRequest {
            user_id: &user("alice"),
            tenant_id: &tenant("main"),
            device_info: None,
            family_id: None,
            device_id: None,
        };
        let now = self.clock.now();
        let issued = issue_refresh_token(request, &self.config, &self.store, &SystemRng, now);
        let (token, _) = wait(issued).expect("the store is in memory");
        tokens(token)
    }

    fn refresh(&mut self, refresh: &str, _: Option<u64>, now: Millis) -> Reply {
        self.move_to(now);
        let (tenant, now) = (tenant("main"), self.clock.now());
        let refreshed = Refresh::new(refresh, |_| async { true })
            .in_tenant(&tenant)
            .run(&self.store, &self.config, &SystemRng, now);
        match wait(refreshed) {
            Ok((_, new)) => Reply::Tokens(tokens(new.expect("rotation is on").0)),
            Err(RefreshError::ConcurrentRefresh) => Reply::NotNow,
            Err(_) if self.store.is_noticed.load(Ordering::Relaxed) => Reply::Ended,
            Err(_) => Reply::Rejected,
        }
    }

    /// The session cookie of a request is another thing, and says nothing about refresh tokens.
    fn accept(&mut self, _: &str, _: Millis) {}
}

fn tokens(token: String) -> Tokens {
    Tokens {
        access: String::new(),
        refresh: token,
    }
}

/// The store in memory, with a hook that hears of a compromise.
struct Watched {
    inner: MemoryRefreshTokenStore,
    is_noticed: Arc<AtomicBool>,
}

impl RefreshTokenStore for Watched {
    type Error = Infallible;

    async fn on_token_compromise(&self, _: &UserId, _: &TokenFamilyId, _: &[(TenantId, DeviceId)]) {
        self.is_noticed.store(true, Ordering::Relaxed);
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
