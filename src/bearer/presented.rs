//! Whose token a request presents.
//!
//! The verifier judges the token alone. What belongs to the request is judged here and by the gate,
//! at every request: how and where the token was presented, and whether it still counts.

use http::request::Parts;

use super::admission::Admission;
use super::credentials::Malformed;
use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use super::gate::{Gate, WithoutToken};
use super::preflight::is_preflight;
use super::source::{Credential, Scheme};
use crate::keys::{AccessToken, KeysFuture};
use crate::token::{AccessTokenClaims, Unverified, Verifiers};

/// Whose token a request presents.
pub(super) enum Presented {
    /// No token, and the request may go on.
    Nothing,
    Caller(Caller),
    /// The token may be good by keys that are on their way.
    Later {
        token: AccessToken,
        newer_keys: KeysFuture,
    },
}

/// The caller whom a token names.
pub(super) struct Caller {
    pub(super) claims: AccessTokenClaims,
    /// The request presents nothing to this layer: a layer further out knows the caller.
    pub(super) is_of_outer: bool,
}

impl From<AccessTokenClaims> for Presented {
    fn from(claims: AccessTokenClaims) -> Self {
        Self::Caller(Caller {
            claims,
            is_of_outer: false,
        })
    }
}

impl Gate {
    /// Whose token it is. `outer`: what a layer further out has left.
    pub(super) fn present(
        &self,
        parts: &Parts,
        outer: Option<&Admission>,
    ) -> Result<Presented, BearerError> {
        let Some(credential) = self.credential(parts)? else {
            return self.without_token(parts, outer);
        };
        let token = credential.token.as_str();
        match credential.scheme {
            Scheme::Bearer => verify(&self.verifiers, token),
            Scheme::Ticket(tickets) => Ok(tickets.redeem(token)?.into()),
        }
    }

    /// The one credential that counts. More than one token that the client itself chose to send is
    /// an error (RFC 6750 section 2). A cookie counts where there is no other.
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

    fn without_token(
        &self,
        parts: &Parts,
        outer: Option<&Admission>,
    ) -> Result<Presented, BearerError> {
        match self.without_token {
            WithoutToken::Admit => {
                let claims = outer.and_then(|outer| outer.claims.as_ref());
                // Another issuer's caller, or one for another audience, is a stranger here.
                let claims = claims.filter(|claims| self.verifiers.would_accept(claims));
                Ok(claims.map_or(Presented::Nothing, |claims| {
                    Presented::Caller(Caller {
                        claims: claims.clone(),
                        is_of_outer: true,
                    })
                }))
            }
            WithoutToken::Refuse if self.admits_preflights && is_preflight(parts) => {
                Ok(Presented::Nothing)
            }
            WithoutToken::Refuse => Err(BearerErrorKind::MissingToken.into()),
        }
    }
}

fn verify(verifiers: &Verifiers, token: &str) -> Result<Presented, BearerError> {
    match verifiers.verify(token) {
        Ok(claims) => Ok(claims.into()),
        Err(Unverified { error, newer_keys }) => match newer_keys.and_then(|keys| keys.ask()) {
            Some(newer_keys) => Ok(Presented::Later {
                token: AccessToken::new(token),
                newer_keys,
            }),
            None => Err(error.into()),
        },
    }
}
