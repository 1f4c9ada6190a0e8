//! [`SignedClaims`] are the claims of a token whose signature was checked, before the other checks.

use serde_json::{Map, Value};

use super::claims::{AccessTokenClaims, Claims};
use super::scope_claim::ScopeClaim;
use super::wire::{AUD, AUTH_TIME, CNF, EXP, GEN, IAT, ISS, JTI, MalformedClaims, NBF, SID, SUB};
use crate::clock::Timestamp;
use crate::names::{Audience, Issuer, Scope, SessionClaims, Subject};

/// The claims of a token whose signature is valid. Audience, times and scope have not been checked.
pub(crate) struct SignedClaims {
    pub(crate) audience: Vec<String>,
    pub(crate) expires_at: Timestamp,
    pub(crate) not_before: Option<Timestamp>,
    subject: Subject,
    issued_at: Option<Timestamp>,
    auth_time: Option<Timestamp>,
    id: Option<String>,
    scope: Scope,
    session: Option<SessionClaims>,
    extra: Map<String, Value>,
}

impl SignedClaims {
    /// Reads the claims. `is_ours` says that our signer made them, so that `sid` and `gen` have the
    /// meaning that we give them.
    pub(crate) fn read(
        mut claims: Map<String, Value>,
        scope: &ScopeClaim,
        is_ours: bool,
    ) -> Result<Self, MalformedClaims> {
        let scope = scope.take(&mut claims)?;
        // It has chosen the verifier.
        claims.remove(ISS);
        let subject = text(&mut claims, SUB)?
            .filter(|subject| !subject.is_empty())
            .ok_or(MalformedClaims)?;
        Ok(Self {
            audience: one_or_more(&mut claims, AUD)?,
            expires_at: moment(claims.remove(EXP).as_ref())?.ok_or(MalformedClaims)?,
            not_before: moment(claims.remove(NBF).as_ref())?,
            subject: subject.into(),
            issued_at: moment(claims.remove(IAT).as_ref())?,
            auth_time: moment(claims.remove(AUTH_TIME).as_ref())?,
            id: text(&mut claims, JTI)?,
            scope,
            session: if is_ours { session(&mut claims)? } else { None },
            extra: claims,
        })
    }

    /// Returns whether only the holder of a key may use the token (RFC 7800 section 3.1). The key
    /// does not matter here, and neither does whether the claim is well formed: a binding that is
    /// not understood is not checked.
    pub(super) fn is_bound(&self) -> bool {
        is_bound(&self.extra)
    }

    /// Returns the claims for the application, once the verifier has checked issuer, audience and
    /// times. The scope is limited to `accepted`, if there is such a limit.
    pub(crate) fn accepted(
        self,
        issuer: &Issuer,
        audience: &Audience,
        accepted: Option<&Scope>,
    ) -> AccessTokenClaims {
        let scope = match accepted {
            Some(accepted) => self.scope.intersection(accepted),
            None => self.scope,
        };
        AccessTokenClaims::new(Claims {
            issuer: issuer.clone(),
            audience: audience.clone(),
            subject: self.subject,
            expires_at: self.expires_at,
            issued_at: self.issued_at,
            auth_time: self.auth_time,
            id: self.id,
            scope,
            session: self.session,
            extra: self.extra,
        })
    }
}

pub(super) fn is_bound(claims: &Map<String, Value>) -> bool {
    claims.get(CNF).is_some_and(|cnf| !cnf.is_null())
}

fn text(claims: &mut Map<String, Value>, name: &str) -> Result<Option<String>, MalformedClaims> {
    match claims.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(MalformedClaims),
    }
}

fn one_or_more(
    claims: &mut Map<String, Value>,
    name: &str,
) -> Result<Vec<String>, MalformedClaims> {
    match claims.remove(name) {
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(texts)) => texts
            .into_iter()
            .map(|text| match text {
                Value::String(text) => Ok(text),
                _ => Err(MalformedClaims),
            })
            .collect(),
        _ => Err(MalformedClaims),
    }
}

/// Reads a NumericDate: seconds, perhaps with a fraction (RFC 7519 section 2).
pub(crate) fn moment(claim: Option<&Value>) -> Result<Option<Timestamp>, MalformedClaims> {
    let Some(claim) = claim else { return Ok(None) };
    let whole = claim.as_u64().map(Timestamp::from_secs);
    // A cast from a float saturates, so a moment before the epoch counts as the epoch.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let broken = || {
        claim
            .as_f64()
            .map(|secs| Timestamp::from_millis((secs * 1000.0) as u64))
    };
    whole.or_else(broken).map(Some).ok_or(MalformedClaims)
}

fn session(claims: &mut Map<String, Value>) -> Result<Option<SessionClaims>, MalformedClaims> {
    let Some(id) = text(claims, SID)? else {
        return Ok(None);
    };
    let generation = match claims.remove(GEN) {
        None => None,
        Some(generation) => {
            let generation = generation
                .as_u64()
                .and_then(|generation| u32::try_from(generation).ok());
            Some(generation.ok_or(MalformedClaims)?)
        }
    };
    Ok(Some(SessionClaims {
        id: id.parse().map_err(|_| MalformedClaims)?,
        generation,
    }))
}
