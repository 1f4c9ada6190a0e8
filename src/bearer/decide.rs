//! What a gate makes of a request: pure, as far as that needs no I/O, and then what it has to wait for.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::request::Parts;
use http::{Method, Response};

use super::admission::Admission;
use super::after::After;
use super::challenge::{BearerError, BearerErrorKind};
use super::credentials::Malformed;
use super::gate::{Gate, WithoutToken};
use super::source::Credential;
use crate::keys::{AccessToken, KeysFuture};
use crate::revocation::ensure_started;
use crate::token::{AccessTokenClaims, Unverified, Verifiers};

/// What becomes of a request.
pub(super) enum Decision {
    /// The answer is ours.
    Respond(Response<Bytes>),
    /// It goes on at once.
    Admit(Admission, After),
    /// Keys, revocations or the user have to be loaded first.
    Wait(Pending),
}

/// A request that waits.
pub(super) struct Pending {
    gate: Arc<Gate>,
    presented: Presented,
}

/// What a request presents.
enum Presented {
    /// No token, and it may go on.
    Nothing,
    Claims(AccessTokenClaims),
    /// The token may be good by keys that are on their way.
    Later {
        token: AccessToken,
        newer_keys: KeysFuture,
    },
}

impl Gate {
    /// Decides without waiting.
    pub(super) fn decide(self: &Arc<Self>, parts: &mut Parts) -> Decision {
        if let Some(metadata) = self.resource.as_ref().and_then(|resource| resource.answer(&parts.method, parts.uri.path())) {
            return Decision::Respond(metadata);
        }
        let presented = match self.presented(parts) {
            Ok(presented) => presented,
            Err(error) => return Decision::Respond(self.rejection.refuse(error, parts)),
        };
        for source in &self.sources {
            source.strip(parts);
        }
        let claims = match presented {
            Presented::Nothing => None,
            Presented::Claims(claims) if self.need_not_wait() => Some(claims),
            presented => return Decision::Wait(Pending { gate: Arc::clone(self), presented }),
        };
        match self.admit(claims) {
            Ok(admission) => {
                let after = self.after(&admission);
                Decision::Admit(admission, after)
            }
            Err(error) => Decision::Respond(self.rejection.refuse(error, parts)),
        }
    }

    /// Who sends this request: for endpoints that act for their user.
    pub(crate) async fn identify(self: &Arc<Self>, parts: &Parts) -> Result<Admission, BearerError> {
        let presented = self.presented(parts)?;
        Pending { gate: Arc::clone(self), presented }.admit().await
    }

    /// What is left to do when the inner service has answered.
    pub(super) fn after(&self, admission: &Admission) -> After {
        After::of(self.sessions.as_ref(), admission.claims.as_ref())
    }

    /// Whose token it is, if there is one.
    fn presented(&self, parts: &Parts) -> Result<Presented, BearerError> {
        let made;
        let token = match (self.credential(parts)?, self.without_token) {
            (Some(Credential::Token(token)), _) => token,
            (Some(Credential::Made(token)), _) => {
                made = token;
                made.secret()
            }
            (Some(Credential::Ticket(ticket, tickets)), _) => return Ok(Presented::Claims(tickets.redeem(ticket)?)),
            (None, WithoutToken::Admit) => return Ok(Presented::Nothing),
            (None, WithoutToken::Refuse) if self.admits_preflights && is_preflight(parts) => return Ok(Presented::Nothing),
            (None, WithoutToken::Refuse) => return Err(BearerError::new(BearerErrorKind::MissingToken)),
        };
        verify(&self.verifiers, token)
    }

    /// More than one token that the client sends by itself is an error (RFC 6750 section 2). A cookie counts where there is no other.
    fn credential<'r>(&'r self, parts: &'r Parts) -> Result<Option<Credential<'r>>, Malformed> {
        let mut found = None;
        for source in self.sources.iter().filter(|source| !source.is_ambient()) {
            if let Some(credential) = source.find(parts, &self.edge)?
                && found.replace(credential).is_some()
            {
                return Err(Malformed::SeveralTokens);
            }
        }
        for source in self.sources.iter().filter(|source| source.is_ambient()) {
            if found.is_none() {
                found = source.find(parts, &self.edge)?;
            }
        }
        Ok(found)
    }

    /// Whether [`admit`](Self::admit) may be asked at once.
    fn need_not_wait(&self) -> bool {
        self.loader.is_none() && self.sessions.as_ref().is_none_or(|sessions| sessions.revocations.is_current(sessions.max_lag))
    }

    fn admit(self: &Arc<Self>, claims: Option<AccessTokenClaims>) -> Result<Admission, BearerError> {
        if let Some(claims) = &claims {
            if let Some(sessions) = &self.sessions {
                ensure_started(&sessions.sync);
            }
            self.check(claims)?;
        }
        Ok(Admission { claims, user: None, gate: Arc::clone(self) })
    }

    fn check(&self, claims: &AccessTokenClaims) -> Result<(), BearerError> {
        if let (Some(sessions), Some(id)) = (&self.sessions, claims.session_id())
            && sessions.revocations.contains(id)
        {
            return Err(BearerError::new(BearerErrorKind::SessionRevoked));
        }
        if !self.needed.is_subset_of(claims.scope()) {
            return Err(BearerError::insufficient_scope(&self.needed));
        }
        Ok(())
    }
}

fn verify(verifiers: &Verifiers, token: &str) -> Result<Presented, BearerError> {
    match verifiers.verify(token) {
        Ok(claims) => Ok(Presented::Claims(claims)),
        Err(Unverified { error, newer_keys }) => match newer_keys.and_then(|keys| keys.ask()) {
            Some(newer_keys) => Ok(Presented::Later { token: AccessToken::new(token), newer_keys }),
            None => Err(error.into()),
        },
    }
}

impl Pending {
    /// Waits for keys, loads revocations and the user, where need be.
    pub(super) async fn admit(self) -> Result<Admission, BearerError> {
        let gate = self.gate;
        let claims = match self.presented {
            Presented::Nothing => None,
            Presented::Claims(claims) => Some(claims),
            Presented::Later { token, newer_keys } => {
                newer_keys.await.map_err(BearerError::unavailable)?;
                // The keys were just renewed, so a refusal is final.
                Some(gate.verifiers.verify(token.secret()).map_err(|refused| BearerError::from(refused.error))?)
            }
        };
        if let (Some(sessions), Some(_)) = (&gate.sessions, &claims) {
            sessions.revocations.load(sessions.max_lag).await.map_err(BearerError::unavailable)?;
        }
        let mut admission = gate.admit(claims)?;
        if let (Some(loader), Some(claims)) = (&gate.loader, &admission.claims) {
            let user = Arc::clone(loader).load(claims.clone()).await.map_err(BearerError::unavailable)?;
            admission.user = Some(user.ok_or_else(|| BearerError::new(BearerErrorKind::UserGone))?);
        }
        Ok(admission)
    }
}

/// A browser asks whether a page of another origin may send the request that it wants to send (Fetch standard, CORS protocol). A preflight
/// has no token, and does nothing.
fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}
