//! [`Presented`] is the caller that the token of a request names.
//!
//! The verifier checks the token alone. This file and the gate check what belongs to the request,
//! at every request: how and where the token is presented, and whether it is still valid.

use http::request::Parts;
use http::{HeaderMap, Method};
use zeroize::Zeroizing;

use super::admission::Admission;
use super::credentials::{Malformed, bearer_credentials};
use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use super::gate::{Gate, WithoutToken};
use super::preflight::is_preflight;
use super::source::{Credential, Scheme, Taken, Tickets, Token};
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
        taken: Option<Taken>,
    },
}

/// The caller that a token names.
pub(super) struct Caller {
    pub(super) claims: AccessTokenClaims,
    /// Whether the request presents no token to this layer, and a layer further out knows the
    /// caller.
    pub(super) is_of_outer: bool,
    pub(super) taken: Option<Taken>,
}

impl Caller {
    pub(super) fn new(claims: AccessTokenClaims, taken: Option<Taken>) -> Self {
        Self {
            claims,
            is_of_outer: false,
            taken,
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
                Some(token) => self.recall(&Token::InHeader(token), None),
                None => self.without_token(parts, outer),
            };
        }
        let taken = outer.and_then(|outer| outer.taken);
        let credential = match self.credential(parts) {
            // The marker of a pair stays where its token was taken.
            Err(Malformed::NoTokenInProtocol) if taken == Some(Taken::FromProtocols) => None,
            found => found?,
        };
        let Some(credential) = credential else {
            return self.without_token(parts, outer);
        };
        let token = &credential.token;
        match credential.scheme {
            Scheme::Bearer => self.recall(token, credential.taken),
            // The ticket is still in the URL, but it was used.
            Scheme::Ticket(_) if taken == Some(Taken::Ticket) => self.without_token(parts, outer),
            Scheme::Ticket(tickets) => Ok(Presented::Ticket {
                tickets: Box::new(tickets.clone()),
                ticket: Zeroizing::new(token.as_str()?.to_owned()),
            }),
        }
    }

    /// Returns the caller of a token that is remembered, or verifies it.
    #[inline]
    fn recall(&self, token: &Token<'_>, taken: Option<Taken>) -> Result<Presented, BearerError> {
        match self.verifiers.recall(token.as_bytes()) {
            Ok(claims) => Ok(Presented::Caller(Caller::new(claims, taken))),
            Err(unknown) => self.verify(token, taken, unknown),
        }
    }

    /// Verifies a token that is not remembered.
    fn verify(
        &self,
        token: &Token<'_>,
        taken: Option<Taken>,
        unknown: Unknown,
    ) -> Result<Presented, BearerError> {
        let unverified = match self.verifiers.verify_unknown(token.as_bytes(), unknown) {
            Ok(claims) => return Ok(Presented::Caller(Caller::new(claims, taken))),
            Err(unverified) => unverified,
        };
        // A malformed header asks for no keys.
        let newer_keys = unverified.newer_keys.filter(|_| token.as_str().is_ok());
        match newer_keys.and_then(|keys| keys.ask()) {
            Some(newer_keys) => Ok(Presented::Later {
                token: AccessToken::new(token.as_str()?),
                newer_keys,
                taken,
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
            return Ok(Caller::new(claims, Some(Taken::Ticket)));
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
        let is_optional = matches!(self.without_token, WithoutToken::Admit);
        let known = outer.filter(|outer| is_optional || self.would_have_taken(outer));
        if let Some(caller) = known.map_or(Ok(None), |outer| self.of_outer(outer))? {
            return Ok(Presented::Caller(caller));
        }
        if is_optional || self.admits_preflight(&parts.method, &parts.headers) {
            return Ok(Presented::Nothing);
        }
        Err(BearerErrorKind::MissingToken.into())
    }

    /// Returns whether a request is a preflight that needs no token.
    pub(super) fn admits_preflight(&self, method: &Method, headers: &HeaderMap) -> bool {
        self.admits_preflights && is_preflight(method, headers)
    }

    /// Returns whether this layer looks for its token where a layer further out has taken it.
    fn would_have_taken(&self, outer: &Admission) -> bool {
        outer.taken.is_some() && self.sources.iter().any(|own| own.taken() == outer.taken)
    }

    /// Returns the caller of a layer further out, if this layer would accept their token.
    fn of_outer(&self, outer: &Admission) -> Result<Option<Caller>, BearerError> {
        let claims = outer.claims.as_ref();
        // A caller from another issuer, or for another audience, is not known here.
        let Some(claims) = claims.filter(|claims| self.verifiers.would_accept(claims)) else {
            return Ok(None);
        };
        // The leeway of the other layer may be longer.
        self.check_expiry(claims)?;
        Ok(Some(Caller {
            claims: claims.clone(),
            is_of_outer: true,
            taken: outer.taken,
        }))
    }
}
