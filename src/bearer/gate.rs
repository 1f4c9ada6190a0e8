//! [`Gate`]: what a layer knows, and how it judges a request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::request::Parts;
use http::{Method, Response};

use super::admission::Admission;
use super::challenge::{BearerError, BearerErrorKind, Protection};
use super::credentials::Malformed;
use super::rejection::Refusal;
use super::resource::ProtectedResource;
use super::source::{Credential, TokenSource};
use super::user_loader::Loader;
use crate::keys::{AccessToken, KeysFuture};
use crate::names::Scope;
use crate::revocation::{Receipt, Receipts, Revocations, StartSync, ensure_started};
use crate::token::{AccessTokenClaims, Refused, Verifiers};

/// Everything that decides about a request, shared by all services that a layer makes.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(super) verifiers: Verifiers,
    pub(super) sources: Vec<TokenSource>,
    pub(super) sessions: Option<SessionSide>,
    pub(super) needed: Scope,
    pub(super) without_token: WithoutToken,
    pub(super) admits_preflights: bool,
    pub(super) loader: Option<Arc<dyn Loader>>,
    pub(super) refusal: Refusal,
    pub(super) resource: Option<ProtectedResource>,
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

/// What can be said of a request without waiting.
pub(crate) enum Verified {
    /// It bears no token, and may go on.
    Nobody,
    Claims(AccessTokenClaims),
    /// The token may be good by keys that are on their way.
    Later {
        token: AccessToken,
        newer_keys: KeysFuture,
    },
}

impl Gate {
    /// Whose token it is, if there is one.
    pub(crate) fn verify(&self, parts: &Parts) -> Result<Verified, BearerError> {
        let made;
        let token = match (self.credential(parts)?, self.without_token) {
            (Some(Credential::Token(token)), _) => token,
            (Some(Credential::Made(token)), _) => {
                made = token;
                made.secret()
            }
            (Some(Credential::Ticket(ticket, tickets)), _) => return Ok(Verified::Claims(tickets.redeem(ticket)?)),
            (None, WithoutToken::Admit) => return Ok(Verified::Nobody),
            (None, WithoutToken::Refuse) if self.admits_preflights && is_preflight(parts) => return Ok(Verified::Nobody),
            (None, WithoutToken::Refuse) => return Err(BearerError::new(BearerErrorKind::TokenMissing)),
        };
        match self.verifiers.verify(token) {
            Ok(claims) => Ok(Verified::Claims(claims)),
            Err(Refused { error, newer_keys }) => match newer_keys.and_then(|keys| keys.ask()) {
                Some(newer_keys) => Ok(Verified::Later { token: AccessToken::new(token), newer_keys }),
                None => Err(error.into()),
            },
        }
    }

    /// Two that a client bears are one too many (RFC 6750 section 2). What the browser sends by itself counts where there is no other.
    fn credential<'r>(&'r self, parts: &'r Parts) -> Result<Option<Credential<'r>>, Malformed> {
        let mut found = None;
        for source in self.sources.iter().filter(|source| !source.is_ambient()) {
            if let Some(credential) = source.find(parts)?
                && found.replace(credential).is_some()
            {
                return Err(Malformed::SeveralTokens);
            }
        }
        for source in self.sources.iter().filter(|source| source.is_ambient()) {
            if found.is_none() {
                found = source.find(parts)?;
            }
        }
        Ok(found)
    }

    /// Takes out of a request what the handler must not see.
    pub(super) fn strip(&self, parts: &mut Parts) {
        for source in &self.sources {
            source.strip(parts);
        }
    }

    /// The metadata of the protected resource, if that is what this request is for.
    pub(super) fn metadata(&self, method: &Method, path: &str) -> Option<Response<Bytes>> {
        self.resource.as_ref()?.answer(method, path)
    }

    /// Whether [`admit_at_once`](Self::admit_at_once) may be asked.
    pub(super) fn need_not_wait(&self) -> bool {
        self.loader.is_none() && self.sessions.as_ref().is_none_or(|sessions| sessions.revocations.is_current(sessions.max_lag))
    }

    pub(super) fn admit_at_once(self: &Arc<Self>, claims: Option<AccessTokenClaims>) -> Result<Admission, BearerError> {
        if let Some(claims) = &claims {
            if let Some(sessions) = &self.sessions {
                ensure_started(&sessions.sync);
            }
            self.judge(claims)?;
        }
        Ok(Admission { claims, user: None, gate: Arc::clone(self) })
    }

    /// Waits for keys, loads revocations and user, where need be.
    pub(crate) async fn admit(self: Arc<Self>, verified: Verified) -> Result<Admission, BearerError> {
        let claims = match verified {
            Verified::Nobody => None,
            Verified::Claims(claims) => Some(claims),
            Verified::Later { token, newer_keys } => {
                newer_keys.await.map_err(BearerError::unavailable)?;
                // Whoever still does not know the key has said his last word.
                Some(self.verifiers.verify(token.secret()).map_err(|refused| BearerError::from(refused.error))?)
            }
        };
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

    /// Every request needs this scope too. Clients of a protected resource are told beforehand.
    pub(super) fn demand(&mut self, scope: &Scope) {
        self.needed = self.needed.union(scope);
        let told = Some(self.needed.clone()).filter(|needed| self.resource.is_some() && !needed.is_empty());
        self.protection().scope = told;
    }

    /// What its challenges say.
    pub(super) fn protection(&mut self) -> &mut Protection {
        Arc::make_mut(&mut self.refusal.protection)
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

/// A browser asks whether a page of another origin may send the request that it wants to send (Fetch standard, CORS protocol). It bears no token, and
/// does nothing.
fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("verifiers", &self.verifiers)
            .field("sources", &self.sources)
            .field("sessions", &self.sessions)
            .field("needed", &self.needed)
            .field("without_token", &self.without_token)
            .field("loads_user", &self.loader.is_some())
            .field("refusal", &self.refusal)
            .field("resource", &self.resource)
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
