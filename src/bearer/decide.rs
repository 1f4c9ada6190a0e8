//! How a gate decides about a request: at once where that needs no I/O, otherwise after a wait.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::admission::Admission;
use super::after::After;
use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use super::gate::{Gate, SessionSide};
use super::guard::{check_scope, own_refusal};
use super::presented::{Caller, Presented};
use super::source::TokenSource;
use crate::revocation::ensure_started;
use crate::sensitive::mark_sensitive;
use crate::token::AccessTokenClaims;

/// What happens to a request.
pub(super) enum Decision {
    /// The layer responds itself.
    Respond(Response<Bytes>),
    /// The request goes on at once.
    Admit(After),
    /// Keys, revocations or the user have to be loaded first, or a ticket.
    Wait(Pending),
}

/// A request that waits for keys, revocations, the user or a ticket.
pub(super) struct Pending {
    gate: Arc<Gate>,
    presented: Presented,
    /// The admission of an outer layer.
    outer: Option<Arc<Admission>>,
}

impl Gate {
    /// Decides about a request, without I/O.
    pub(super) fn decide(self: &Arc<Self>, parts: &mut Parts) -> Decision {
        let mut documents = self.resource.iter().chain(&self.documents);
        let document =
            documents.find_map(|document| document.answer(&parts.method, parts.uri.path()));
        if let Some(document) = document {
            self.hints.metadata_was_read();
            return Decision::Respond(document);
        }
        let has_header = mark_sensitive(&mut parts.headers, AUTHORIZATION);
        for source in &self.sources {
            source.mark_sensitive(&mut parts.headers);
        }
        let outer = parts.extensions.get();
        // Where only this header is looked at, its absence is known: no header is looked up again.
        let presented = if !has_header && self.sources.iter().all(TokenSource::is_header) {
            self.without_token(parts, outer)
        } else {
            self.present(parts, outer)
        };
        let presented = match presented {
            Ok(presented) => presented,
            Err(error) => {
                // The application's closure sees the request.
                self.strip(parts);
                return Decision::Respond(self.refuse(error, parts));
            }
        };
        self.strip(parts);
        let outer = parts.extensions.get::<Admission>().cloned().map(Arc::new);
        let caller = match presented {
            Presented::Nothing => None,
            Presented::Caller(caller) if self.need_not_wait() => Some(caller),
            presented => {
                return Decision::Wait(Pending {
                    gate: Arc::clone(self),
                    presented,
                    outer,
                });
            }
        };
        let entered = self
            .admit(caller, outer)
            .and_then(|admission| admission.enter(parts));
        match entered {
            Ok(after) => Decision::Admit(after),
            Err(error) => Decision::Respond(self.refuse(error, parts)),
        }
    }

    /// Takes the tokens out of the request that must not go further.
    fn strip(&self, parts: &mut Parts) {
        for source in self.sources.iter().filter(|source| !source.is_header()) {
            source.strip(parts);
        }
    }

    /// Identifies the caller, for endpoints that act for their user.
    pub(crate) async fn identify(
        self: &Arc<Self>,
        parts: &Parts,
    ) -> Result<Admission, BearerError> {
        let presented = self.present(parts, None)?;
        Pending {
            gate: Arc::clone(self),
            presented,
            outer: None,
        }
        .admit()
        .await
    }

    /// Rejects a request, and logs a hint if the application may be at fault.
    pub(super) fn refuse(&self, error: BearerError, parts: &Parts) -> Response<Bytes> {
        if error.kind() == BearerErrorKind::MissingToken {
            self.hints.of_missing_token(parts, self.sessions.is_some());
            if self.resource.is_some() {
                self.hints.of_unread_metadata();
            }
        }
        self.rejection.refuse(error, parts)
    }

    /// Returns whether [`admit`](Self::admit) may be called at once.
    fn need_not_wait(&self) -> bool {
        let is_current = |sessions: &SessionSide| sessions.revocations.is_current(sessions.max_lag);
        self.loader.is_none() && self.sessions.as_ref().is_none_or(is_current)
    }

    fn admit(
        self: &Arc<Self>,
        caller: Option<Caller>,
        outer: Option<Arc<Admission>>,
    ) -> Result<Admission, BearerError> {
        let gate = Arc::clone(self);
        let Some(Caller {
            claims,
            is_of_outer,
            taken,
        }) = caller
        else {
            return Ok(Admission {
                claims: None,
                typed_claims: None,
                user: None,
                gate,
                taken: None,
                outer,
            });
        };
        if let Some(sessions) = &self.sessions {
            ensure_started(&sessions.sync);
        }
        self.check_session(&claims)
            .and_then(|()| self.check_guards(&claims))
            .map_err(|error| self.of(error, &claims))?;
        let is_known = |outer: &&Arc<Admission>| is_of_outer || self.has_read_alike(outer, &claims);
        let known = outer.as_ref().filter(is_known);
        let user = known.and_then(|outer| outer.user.clone());
        let typed_claims = match self.parse_claims {
            Some(parse) => Some(parse(&claims).map_err(|error| self.of(error, &claims))?),
            None => known.and_then(|outer| outer.typed_claims.clone()),
        };
        Ok(Admission {
            claims: Some(claims),
            typed_claims,
            user,
            gate,
            taken,
            outer,
        })
    }

    /// Returns whether a layer further out has read the same token as this layer would.
    fn has_read_alike(&self, outer: &Admission, claims: &AccessTokenClaims) -> bool {
        let known = outer.claims.as_ref();
        known.is_some_and(|known| {
            known.is_of_same_token(claims) && self.verifiers.would_accept(known)
        })
    }

    /// Adds whose token was refused, where that is told.
    pub(super) fn of(&self, mut error: BearerError, claims: &AccessTokenClaims) -> BearerError {
        if self.rejection.on_refusal.is_some() {
            error.claims = Some(claims.clone());
        }
        error
    }

    /// Checks claims that this layer has not verified just now.
    pub(super) fn check_expiry(&self, claims: &AccessTokenClaims) -> Result<(), BearerError> {
        if self.verifiers.is_expired(claims) {
            return Err(self.of(BearerErrorKind::TokenExpired.into(), claims));
        }
        Ok(())
    }

    fn check_session(&self, claims: &AccessTokenClaims) -> Result<(), BearerError> {
        match (&self.sessions, claims.session_id()) {
            (Some(sessions), Some(id)) if sessions.revocations.contains(id) => {
                Err(BearerErrorKind::SessionRevoked.into())
            }
            _ => Ok(()),
        }
    }

    fn check_guards(&self, claims: &AccessTokenClaims) -> Result<(), BearerError> {
        check_scope(&self.needed, claims)?;
        self.guards
            .iter()
            .try_for_each(|guard| guard.check(claims, &self.verifiers))
    }

    async fn load_revocations(&self) -> Result<(), BearerError> {
        let Some(sessions) = &self.sessions else {
            return Ok(());
        };
        let loaded = sessions.revocations.load(sessions.max_lag).await;
        loaded.map_err(BearerError::unavailable)?;
        ensure_started(&sessions.sync);
        Ok(())
    }
}

impl Pending {
    /// Waits for keys, and loads revocations and the user, where that is necessary.
    pub(super) async fn admit(self) -> Result<Admission, BearerError> {
        let gate = self.gate;
        let caller = match self.presented {
            Presented::Nothing => return gate.admit(None, self.outer),
            Presented::Caller(caller) => caller,
            Presented::Ticket { tickets, ticket } => gate.redeem(&tickets, &ticket).await?,
            Presented::Later {
                token,
                newer_keys,
                taken,
            } => {
                let renewed = newer_keys.await;
                // One source may have brought the key although another one failed.
                let claims = match (gate.verifiers.verify(token.secret()), renewed) {
                    (Ok(claims), _) => claims,
                    // The key may be one of those that could not be fetched.
                    (Err(unverified), Err(cause)) if unverified.newer_keys.is_some() => {
                        return Err(BearerError::keys_unavailable(cause));
                    }
                    // The keys were just renewed, so this refusal is final.
                    (Err(unverified), _) => return Err(unverified.error.into()),
                };
                Caller::new(claims, taken)
            }
        };
        let claims = caller.claims.clone();
        gate.load_revocations().await?;
        // The token may have expired in the meantime.
        gate.check_expiry(&claims)?;
        let mut admission = gate.admit(Some(caller), self.outer)?;
        if let Some(loader) = &gate.loader {
            let user = Arc::clone(loader).load(claims.clone()).await;
            let user = user
                .map_err(|cause| own_refusal(cause).unwrap_or_else(BearerError::unavailable))
                .and_then(|user| user.ok_or_else(|| BearerErrorKind::UserGone.into()));
            admission.user = Some(user.map_err(|error| gate.of(error, &claims))?);
            // The loader may have taken long.
            gate.load_revocations().await?;
            gate.check_expiry(&claims)?;
            gate.check_session(&claims)
                .map_err(|error| gate.of(error, &claims))?;
        }
        Ok(admission)
    }
}
