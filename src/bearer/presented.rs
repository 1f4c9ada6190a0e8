//! [`Presented`] is the caller that the token of a request names.
//!
//! The verifier checks the token alone. This file and the gate check what belongs to the request,
//! at every request: how and where the token is presented, and whether it is still valid.

use http::request::Parts;
use zeroize::Zeroizing;

use super::admission::Admission;
use super::credentials::{Malformed, bearer_credentials};
use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use super::gate::{Gate, WithoutToken};
use super::preflight::is_preflight;
use super::source::{Credential, Scheme, Tickets, Token};
use crate::keys::{AccessToken, KeysFuture};
use crate::token::{AccessTokenClaims, Unknown, VerifyErrorKind};

/// The caller that the token of a request names.
pub(super) enum Presented {
    /// There is no token, and the request may go on.
    Nothing,
    Caller(Caller),
    /// The ticket has to be taken out of its store.
    Ticket {
        tickets: Box<Tickets>,
        ticket: Zeroizing<String>,
    },
    /// The token may be valid with newer keys, which can be loaded.
    Later {
        token: AccessToken,
        newer_keys: KeysFuture,
    },
}

/// The caller that a token names.
pub(super) struct Caller {
    pub(super) claims: AccessTokenClaims,
    /// Whether the request presents no token to this layer, and a layer further out knows the
    /// caller.
    pub(super) is_of_outer: bool,
}

impl From<AccessTokenClaims> for Caller {
    fn from(claims: AccessTokenClaims) -> Self {
        Self {
            claims,
            is_of_outer: false,
        }
    }
}

impl Gate {
    /// Returns the caller of a request. `outer` is the admission of a layer further out.
    pub(super) fn present(
        &self,
        parts: &Parts,
        outer: Option<&Admission>,
    ) -> Result<Presented, BearerError> {
        // Most layers look at one header. Then there is no choice, and no credential is moved.
        if let [source] = self.sources.as_slice()
            && source.is_header()
        {
            return match bearer_credentials(&parts.headers)? {
                Some(token) => self.recall(&Token::InHeader(token)),
                None => self.without_token(parts, outer),
            };
        }
        let Some(credential) = self.credential(parts)? else {
            return self.without_token(parts, outer);
        };
        let token = &credential.token;
        match credential.scheme {
            Scheme::Bearer => self.recall(token),
            Scheme::Ticket(tickets) => Ok(Presented::Ticket {
                tickets: Box::new(tickets.clone()),
                ticket: Zeroizing::new(token.as_str()?.to_owned()),
            }),
        }
    }

    /// Returns the caller of a token that is remembered, or verifies it.
    #[inline]
    fn recall(&self, token: &Token<'_>) -> Result<Presented, BearerError> {
        match self.verifiers.recall(token.as_bytes()) {
            Ok(claims) => Ok(Presented::Caller(claims.into())),
            Err(unknown) => self.verify(token, unknown),
        }
    }

    /// Verifies a token that is not remembered.
    fn verify(&self, token: &Token<'_>, unknown: Unknown) -> Result<Presented, BearerError> {
        let unverified = match self.verifiers.verify_unknown(token.as_bytes(), unknown) {
            Ok(claims) => return Ok(Presented::Caller(claims.into())),
            Err(unverified) => unverified,
        };
        // A malformed header asks for no keys.
        let newer_keys = unverified.newer_keys.filter(|_| token.as_str().is_ok());
        match newer_keys.and_then(|keys| keys.ask()) {
            Some(newer_keys) => Ok(Presented::Later {
                token: AccessToken::new(token.as_str()?),
                newer_keys,
            }),
            None => {
                // A token that passes needs no look at each character, since its parts have been
                // decoded. Nor does a forged one: nothing reads its payload. In any other token a
                // foreign character is a malformed header.
                if unverified.error.kind() != VerifyErrorKind::BadSignature {
                    token.as_str()?;
                }
                Err(unverified.error.into())
            }
        }
    }

    /// Returns the credential of a request. More than one token that the client itself chose to
    /// send is an error (RFC 6750 section 2). A cookie counts only if there is no other token.
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

    /// Returns the caller that a ticket was issued for. Another layer has verified their token.
    pub(super) async fn redeem(
        &self,
        tickets: &Tickets,
        ticket: &str,
    ) -> Result<Caller, BearerError> {
        let claims = tickets.redeem(ticket).await?;
        if self.verifiers.would_accept(&claims) {
            self.check_expiry(&claims)?;
            return Ok(claims.into());
        }
        Err(BearerError::invalid_token().with_cause(format!(
            "the ticket is for a token that this layer does not accept, of the issuer `{}` for the \
             audience `{}`",
            claims.issuer(),
            claims.audience()
        )))
    }

    /// Returns the caller of a request that presents no token to this layer.
    pub(super) fn without_token(
        &self,
        parts: &Parts,
        outer: Option<&Admission>,
    ) -> Result<Presented, BearerError> {
        match self.without_token {
            WithoutToken::Admit => {
                let claims = outer.and_then(|outer| outer.claims.as_ref());
                // A caller from another issuer, or for another audience, is not known here.
                let claims = claims.filter(|claims| self.verifiers.would_accept(claims));
                let Some(claims) = claims else {
                    return Ok(Presented::Nothing);
                };
                // The leeway of the other layer may be longer.
                self.check_expiry(claims)?;
                Ok(Presented::Caller(Caller {
                    claims: claims.clone(),
                    is_of_outer: true,
                }))
            }
            WithoutToken::Refuse if self.admits_preflights && is_preflight(parts) => {
                Ok(Presented::Nothing)
            }
            WithoutToken::Refuse => Err(BearerErrorKind::MissingToken.into()),
        }
    }
}
