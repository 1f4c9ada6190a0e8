//! [`Gate`]: what a layer knows, and how it judges a request.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;

use super::admission::{Admission, LoadedUser};
use super::challenge::{BearerError, BearerErrorKind};
use super::credentials::bearer_token;
use super::refusal::Refusal;
use crate::error::BoxError;
use crate::token::{AccessTokenClaims, AccessTokenVerifier, Receipt, Receipts, Revocations, Scope, StartSync, ensure_started};
use crate::user::LoadUser;

/// Everything that decides about a request, shared by all services that a layer makes.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(super) verifier: AccessTokenVerifier,
    pub(super) sessions: Option<SessionSide>,
    pub(super) needed: Scope,
    pub(super) without_token: WithoutToken,
    pub(super) loader: Option<Arc<dyn Loader>>,
    pub(super) refusal: Refusal,
}

/// Where the two flows meet: what the request flow asks the sessions of this process, and tells them.
#[derive(Clone, Debug)]
pub(crate) struct SessionSide {
    pub(crate) revocations: Revocations,
    /// How old they may be.
    pub(crate) max_lag: Option<Duration>,
    pub(crate) receipts: Receipts,
    /// Keeps the background task alive, and starts it.
    pub(crate) sync: Arc<dyn StartSync>,
}

/// What becomes of a request that bears no token.
#[derive(Clone, Copy, Debug)]
pub(super) enum WithoutToken {
    Refuse,
    Admit,
}

impl Gate {
    /// What can be said without waiting: whose token it is, if there is one.
    pub(crate) fn verify(&self, headers: &HeaderMap) -> Result<Option<AccessTokenClaims>, BearerError> {
        match (bearer_token(headers)?, self.without_token) {
            (Some(token), _) => Ok(Some(self.verifier.verify(token)?)),
            (None, WithoutToken::Admit) => Ok(None),
            (None, WithoutToken::Refuse) => Err(BearerError::new(BearerErrorKind::TokenMissing)),
        }
    }

    /// Whether [`admit_at_once`](Self::admit_at_once) may be asked.
    pub(super) fn need_not_wait(&self) -> bool {
        self.loader.is_none() && self.sessions.as_ref().is_none_or(|sessions| sessions.revocations.is_current(sessions.max_lag))
    }

    pub(super) fn admit_at_once(&self, claims: Option<AccessTokenClaims>) -> Result<Admission, BearerError> {
        if let Some(claims) = &claims {
            if let Some(sessions) = &self.sessions {
                ensure_started(&sessions.sync);
            }
            self.judge(claims)?;
        }
        Ok(Admission { claims, user: None, refusal: self.refusal.clone() })
    }

    /// Loads revocations and user where need be.
    pub(crate) async fn admit(self: Arc<Self>, claims: Option<AccessTokenClaims>) -> Result<Admission, BearerError> {
        if let (Some(sessions), Some(_)) = (&self.sessions, &claims) {
            sessions.revocations.load(sessions.max_lag).await.map_err(BearerError::unavailable)?;
        }
        let mut admission = self.admit_at_once(claims)?;
        if let (Some(loader), Some(claims)) = (&self.loader, &admission.claims) {
            let user = Arc::clone(loader).load(claims.clone()).await.map_err(BearerError::unavailable)?;
            admission.user = Some(user.ok_or_else(|| BearerError::new(BearerErrorKind::UserGone))?);
        }
        Ok(admission)
    }

    /// The receipt to write when the handler has answered.
    pub(super) fn receipt(&self, claims: Option<&AccessTokenClaims>) -> Option<PendingReceipt> {
        let sessions = self.sessions.as_ref()?;
        let receipt = Receipt::of(claims?.session()?)?;
        Some(PendingReceipt { receipts: sessions.receipts.clone(), receipt })
    }

    pub(crate) fn refusal(&self) -> &Refusal {
        &self.refusal
    }

    fn judge(&self, claims: &AccessTokenClaims) -> Result<(), BearerError> {
        if let (Some(sessions), Some(id)) = (&self.sessions, claims.session_id())
            && sessions.revocations.contains(id)
        {
            return Err(BearerError::new(BearerErrorKind::SessionRevoked));
        }
        if !self.needed.is_subset_of(claims.scope()) {
            return Err(BearerError::scope_missing(&self.needed));
        }
        Ok(())
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("verifier", &self.verifier)
            .field("sessions", &self.sessions)
            .field("needed", &self.needed)
            .field("without_token", &self.without_token)
            .field("loads_user", &self.loader.is_some())
            .field("refusal", &self.refusal)
            .finish()
    }
}

/// A receipt that counts once the inner service has answered.
#[derive(Debug)]
pub(super) struct PendingReceipt {
    receipts: Receipts,
    receipt: Receipt,
}

impl PendingReceipt {
    pub(super) fn write(self) {
        self.receipts.push(self.receipt);
    }
}

/// A [`LoadUser`] whose type has been forgotten.
pub(super) trait Loader: Send + Sync {
    fn load(self: Arc<Self>, claims: AccessTokenClaims) -> LoadFuture;
}

type LoadFuture = Pin<Box<dyn Future<Output = Result<Option<LoadedUser>, BoxError>> + Send>>;

impl<L: LoadUser> Loader for L {
    fn load(self: Arc<Self>, claims: AccessTokenClaims) -> LoadFuture {
        Box::pin(async move {
            let user = self.load_user(&claims).await.map_err(Into::into)?;
            Ok(user.map(LoadedUser::new))
        })
    }
}
