//! The checks of a verifier, each for itself. A verifier makes them one after the other, and a
//! report makes them all.

use std::borrow::Cow;
use std::fmt;

use serde_json::Number;

use super::accepted_issuer::AcceptedIssuer;
use super::claim_form::{is_absent, is_bound, moment, texts};
use super::claim_path;
use super::error::{VerifyError, list, shown, shown_json};
use super::error_kind::VerifyErrorKind;
use super::json::{Json, Object};
use super::jws::{Jws, Signed};
use super::parsed_token::ParsedToken;
use super::text::{Late, Part};
use super::typ::AcceptedTyp;
use super::verifier::AccessTokenVerifier;
use super::wire::{AUD, CLIENT, EXP, GEN, NBF, SID, SUB};
use crate::clock::Timestamp;
use crate::keys::{Key, KeyGeneration};
use crate::names::{Audience, Issuer, Scope, SessionClaims};

impl AccessTokenVerifier {
    /// Checks `iss`.
    pub(super) fn check_issuer(&self, iss: &str) -> Result<Issuer, VerifyError> {
        self.issuer.accept(iss).ok_or_else(|| {
            wrong_issuer(
                iss,
                [&self.issuer].into_iter(),
                &shown(self.issuer.name().as_str()),
            )
        })
    }

    /// Returns whether all of its keys sign for its issuer, whatever `iss` is.
    pub(super) fn has_one_issuer(&self) -> bool {
        self.issuer.only().is_some()
    }

    /// Checks the signature before the claims are read, if some of the keys could have made it.
    /// Which ones depends on `iss` where an issuer has tenants. `None`: the issuer has none.
    pub(super) fn check_forged(
        &self,
        jws: &Jws<'_>,
        iss: Option<&str>,
    ) -> Result<Option<Signed>, VerifyError> {
        let (number, keys) = (self.keys.generation(), self.keys.keys());
        let Some(keys) = keys.get() else {
            return Ok(None);
        };
        let may_sign = |key: &Key| self.issuer.has(key, iss);
        let accepts_typ = |typ: Option<&str>| self.settings.typ.accepts_alone(typ);
        let checked = jws.check_forged(keys, &self.last_header, may_sign, accepts_typ)?;
        Ok(checked.map(|typ| Signed { typ, keys: number }))
    }

    /// Checks `typ`, and the key and the signature, unless `signed` says that they are good.
    /// Returns what is accepted for the `typ`, and the generation of the keys.
    pub(super) fn check_signature(
        &self,
        token: &ParsedToken<'_>,
        signed: Option<Signed>,
    ) -> Result<(AcceptedTyp, KeyGeneration), VerifyError> {
        let check_typ = |typ: Option<&str>| self.settings.typ.check(typ, token.claims());
        if let Some(Signed { typ, keys }) = signed {
            return Ok((check_typ(token.jws.typ(typ)?)?, keys));
        }
        token.jws.take_header(&self.last_header);
        // The number is read before the keys. If they change in between, the cache forgets the
        // token.
        let (number, keys) = (self.keys.generation(), self.keys.keys());
        let keys = keys.get().ok_or(VerifyErrorKind::KeysUnavailable)?;
        let may_sign = |key: &Key| self.may_sign(key, token);
        Ok((token.jws.verify(keys, may_sign, check_typ)?, number))
    }

    /// Returns whether a key signs such tokens.
    pub(super) fn may_sign(&self, key: &Key, token: &ParsedToken<'_>) -> bool {
        self.issuer.has(key, token.issuer().ok())
    }

    /// Checks the claims that have to have certain values.
    pub(super) fn check_required(&self, claims: &Object<'_>) -> Result<(), VerifyError> {
        let mut required = self.settings.required_claims.iter();
        required.try_for_each(|required| required.check(claims))
    }

    /// Reads `exp`, which says when the token expires.
    pub(super) fn expiry(&self, claims: &Object<'_>) -> Result<Timestamp, VerifyError> {
        time(claims, EXP)?.ok_or(VerifyErrorKind::NoExpiry.into())
    }

    /// Checks that the token has not expired.
    pub(super) fn check_expiry(&self, end: Timestamp, now: Timestamp) -> Result<(), VerifyError> {
        if !self.is_past(end, now) {
            return Ok(());
        }
        Err(VerifyError::at(VerifyErrorKind::Expired, end, now))
    }

    /// Checks `nbf`, and returns it, if there is one.
    pub(super) fn check_begin(
        &self,
        claims: &Object<'_>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, VerifyError> {
        let begin = time(claims, NBF)?;
        match begin {
            Some(begin) if self.is_ahead(begin, now) => {
                Err(VerifyError::at(VerifyErrorKind::NotYetValid, begin, now))
            }
            _ => Ok(begin),
        }
    }

    /// Returns the audience for which the token is accepted. An `aud` counts even if the audience
    /// is in another claim (RFC 7519 section 4.1.3).
    pub(super) fn audience_of(&self, claims: &Object<'_>) -> Result<&Audience, VerifyError> {
        let aud = claims.get(AUD).filter(|aud| !is_absent(aud));
        let accepted = aud.map(|aud| self.accept_audience(&AUD, aud)).transpose()?;
        if self.settings.audience_claims.is_empty() {
            return accepted.ok_or_else(|| self.no_audience(claims));
        }
        let named = self.settings.audience_claims.iter().find_map(|path| {
            let claim = path.find(claims).filter(|claim| !is_absent(claim))?;
            Some((path, claim))
        });
        match named {
            Some((path, claim)) => self.accept_audience(path, claim),
            None => {
                let names = claim_path::names(&self.settings.audience_claims);
                let accepted = self.accepted_audiences();
                Err(VerifyError::new(
                    VerifyErrorKind::NoAudience,
                    format!("it has none of: {names}, and the verifier accepts {accepted}"),
                ))
            }
        }
    }

    fn no_audience(&self, claims: &Object<'_>) -> VerifyError {
        let found = CLIENT.iter().find_map(|&name| {
            let value = shown(claims.get(name)?.as_str()?);
            Some(format!(
                "If {name}, which is {value}, names the audience, call \
                 `audience_claim(&[{name:?}])`"
            ))
        });
        let cure = found.unwrap_or_else(|| {
            "Set up an audience at the issuer, or call `audience_claim` with the claim that names \
             it"
            .to_owned()
        });
        let accepted = self.accepted_audiences();
        let detail = format!("there is no aud, and the verifier accepts {accepted}. {cure}");
        VerifyError::new(VerifyErrorKind::NoAudience, detail)
    }

    fn accepted_audiences(&self) -> String {
        list(self.audiences.iter().map(Audience::as_str))
    }

    fn accept_audience(
        &self,
        name: &dyn fmt::Display,
        claim: &Json<'_>,
    ) -> Result<&Audience, VerifyError> {
        let got = texts(claim).ok_or_else(|| invalid(name, claim, "text or a list of texts"))?;
        let accepted = |audience: &&Audience| got.clone().any(|got| got == audience.as_str());
        self.audiences.iter().find(accepted).ok_or_else(|| {
            let (got, accepted) = (list(got), self.accepted_audiences());
            VerifyError::new(
                VerifyErrorKind::WrongAudience,
                format!("{name} is {got}, and the verifier accepts {accepted}"),
            )
        })
    }

    /// Returns the subject of the token.
    pub(super) fn subject_of<'t>(&self, claims: &Object<'t>) -> Result<Cow<'t, str>, VerifyError> {
        let paths = &self.settings.subject_claims;
        if paths.is_empty() {
            return match claims.get(SUB) {
                Some(Json::Text(subject)) if !subject.is_empty() => Ok(subject.clone()),
                Some(other) if !is_absent(other) => Err(invalid(&SUB, other, "text")),
                _ => Err(VerifyError::new(VerifyErrorKind::NoSubject, NO_SUB)),
            };
        }
        for path in paths {
            match path.find(claims) {
                Some(Json::Text(subject)) if subject.is_empty() => {}
                Some(Json::Text(subject)) => return Ok(subject.clone()),
                Some(Json::Number(id)) if id.is_u64() || id.is_i64() => {
                    return Ok(id.to_string().into());
                }
                Some(other) => return Err(invalid(path, other, "text")),
                None => {}
            }
        }
        Err(VerifyError::new(
            VerifyErrorKind::NoSubject,
            format!("it has none of: {}", claim_path::names(paths)),
        ))
    }

    /// Returns what the token allows, as far as that is accepted here.
    pub(super) fn scope_of(&self, claims: &Object<'_>, part: impl Fn(&str) -> Part) -> Late<Scope> {
        let (places, accepted) = (&self.settings.scope_claims, &self.settings.accepted_scope);
        match (places.usual(claims), accepted) {
            (Some(text), None) => part(text).into(),
            (_, None) => Late::made(places.read(claims)),
            (_, Some(accepted)) => Late::made(places.read(claims).intersection(accepted)),
        }
    }

    /// Reads the session of a token that our own signer made. Others may use `sid` and `gen` for
    /// anything.
    pub(super) fn session_of(
        &self,
        claims: &Object<'_>,
    ) -> Result<Option<SessionClaims>, VerifyError> {
        if !self.is_own() {
            return Ok(None);
        }
        let Some(sid) = claims.get(SID) else {
            return Ok(None);
        };
        let id = sid.as_str().and_then(|id| id.parse().ok());
        let id = id.ok_or_else(|| invalid(&SID, sid, "a session id"))?;
        let generation = match claims.get(GEN) {
            None => None,
            Some(value) => {
                let number = value.as_number().and_then(Number::as_u64);
                let generation = number.and_then(|number| u32::try_from(number).ok());
                Some(generation.ok_or_else(|| invalid(&GEN, value, "a generation"))?)
            }
        };
        Ok(Some(SessionClaims { id, generation }))
    }

    /// Checks that the token is not bound to a key of its sender, unless that is accepted. Returns
    /// whether it is.
    pub(super) fn check_binding(&self, claims: &Object<'_>) -> Result<bool, VerifyError> {
        let is_bound = is_bound(claims);
        if is_bound && !self.settings.accepts_unproven_cnf {
            return Err(VerifyErrorKind::ProofNeeded.into());
        }
        Ok(is_bound)
    }
}

/// Refuses a token whose `iss` none of the issuers accepts, or of which only the tenant is not
/// accepted. `shown_issuers` are all of them.
pub(super) fn wrong_issuer<'i>(
    iss: &str,
    mut issuers: impl Iterator<Item = &'i AcceptedIssuer>,
    shown_issuers: &str,
) -> VerifyError {
    let detail = match issuers.find_map(|issuer| issuer.tenant(iss)) {
        Some(tenant) => format!("the tenant {} is not accepted", shown(tenant)),
        None => format!(
            "iss is {}, and the verifier accepts {shown_issuers}",
            shown(iss)
        ),
    };
    VerifyError::new(VerifyErrorKind::WrongIssuer, detail)
}

/// Reads a time, if there is one.
fn time(claims: &Object<'_>, name: &str) -> Result<Option<Timestamp>, VerifyError> {
    let claim = claims.get(name).filter(|claim| !claim.is_null());
    moment(claim).map_err(|claim| invalid(&name, claim, SECONDS))
}

/// Refuses a claim of another type than it should have.
pub(super) fn invalid(name: &dyn fmt::Display, claim: &Json<'_>, expected: &str) -> VerifyError {
    let got = described(claim);
    let detail = format!("{name} is {got}, and not {expected}");
    VerifyError::new(VerifyErrorKind::InvalidClaim, detail)
}

/// Says what a claim is, as in `the number 42`.
pub(super) fn described(claim: &Json<'_>) -> String {
    let kind = match claim {
        Json::Text(text) => return format!("the text {}", shown(text)),
        Json::Number(_) => "the number ",
        Json::List(_) => "the list ",
        Json::Object(_) => "the object ",
        Json::Null | Json::True | Json::False => "",
    };
    format!("{kind}{}", shown_json(claim))
}

/// What a time has to be.
pub(super) const SECONDS: &str = "a number of seconds";
const NO_SUB: &str = "there is no sub. If another claim names the subject, call `subject_claim`";
