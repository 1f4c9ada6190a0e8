//! [`Verifiers`] are the issuers whose tokens a layer accepts.

use super::checks::wrong_issuer;
use super::claims::AccessTokenClaims;
use super::error::VerifyError;
use super::error_kind::VerifyErrorKind;
use super::form::Form;
use super::legacy::LegacyTokens;
use super::parsed_token::{MAX_TOKEN_BYTES, ParsedToken};
use super::verifier::AccessTokenVerifier;
use crate::clock::Timestamp;
use crate::error::ConfigError;
use crate::keys::KeySource;
use crate::names::Issuer;

/// One verifier for each issuer, and the legacy tokens.
#[derive(Clone, Debug)]
pub(crate) struct Verifiers {
    /// The verifier of the sessions that the layer knows, if it knows any.
    first: AccessTokenVerifier,
    others: Vec<AccessTokenVerifier>,
    legacy: Vec<LegacyTokens>,
}

/// A token that could not be verified.
pub(crate) struct Unverified {
    pub(crate) error: VerifyError,
    /// The source of newer keys, with which the token may be valid.
    pub(crate) newer_keys: Option<KeySource>,
}

impl Verifiers {
    pub(crate) fn new(first: AccessTokenVerifier) -> Self {
        Self {
            first,
            others: Vec::new(),
            legacy: Vec::new(),
        }
    }

    /// Adds verifiers of our own tokens from when the issuer had another name.
    pub(crate) fn with_former(mut self, former: Vec<AccessTokenVerifier>) -> Self {
        self.others.extend(former);
        self
    }

    pub(crate) fn add(&mut self, verifier: AccessTokenVerifier) -> Result<(), ConfigError> {
        if self
            .all()
            .any(|known| known.issuer.overlaps(&verifier.issuer))
        {
            return Err(ConfigError::new(
                "the layer already has a verifier for this issuer. Add the audience to that one",
            ));
        }
        self.others.push(verifier.into_foreign());
        Ok(())
    }

    pub(crate) fn add_legacy(&mut self, legacy: LegacyTokens) {
        self.legacy.push(legacy);
    }

    /// Verifies a token. Its issuer chooses the verifier before any key is tried.
    pub(crate) fn verify(&self, token: &str) -> Result<AccessTokenClaims, Unverified> {
        let mut token = ParsedToken::parse(token, self.max_token_bytes())?;
        let (chosen, outcome) = match self.choose(&token) {
            Ok((verifier, issuer)) => (Some(verifier), verifier.verify_parsed(issuer, &mut token)),
            Err(error) => (None, Err(error)),
        };
        outcome.or_else(|error| {
            let newer_keys = chosen
                .and_then(|verifier| verifier.newer_keys(&error))
                .cloned();
            let kind = error.kind();
            self.verify_legacy(&token, error).map_err(|error| {
                // The refusal of a legacy token is final.
                let newer_keys = newer_keys.filter(|_| error.kind() == kind);
                Unverified { error, newer_keys }
            })
        })
    }

    /// Returns the verifier for the issuer of a token, and that issuer.
    fn choose(
        &self,
        token: &ParsedToken<'_>,
    ) -> Result<(&AccessTokenVerifier, Issuer), VerifyError> {
        let iss = token.issuer()?;
        self.all()
            .find_map(|verifier| Some((verifier, verifier.issuer.accept(iss)?)))
            .ok_or_else(|| wrong_issuer(iss, self.all().map(|verifier| &verifier.issuer)))
    }

    /// Returns the size up to which a token is parsed: the largest that any of them allows.
    fn max_token_bytes(&self) -> usize {
        let legacy = self.legacy.iter().map(|_| MAX_TOKEN_BYTES);
        let all = self.all().map(AccessTokenVerifier::max_token_bytes);
        all.chain(legacy).max().unwrap_or(MAX_TOKEN_BYTES)
    }

    /// Verifies a token that no verifier accepts as a legacy token. `error` is the error of the
    /// verifiers.
    fn verify_legacy(
        &self,
        token: &ParsedToken<'_>,
        mut error: VerifyError,
    ) -> Result<AccessTokenClaims, VerifyError> {
        use VerifyErrorKind as Kind;
        if !matches!(
            error.kind(),
            Kind::NoIssuer
                | Kind::WrongIssuer
                | Kind::WrongType
                | Kind::LooksLikeIdToken
                | Kind::UnknownKey
                | Kind::KeyLeftOut
                | Kind::KeysUnavailable
                | Kind::BadSignature
        ) {
            return Err(error);
        }
        for legacy in &self.legacy {
            match legacy.verify(token, &self.first) {
                Ok(claims) => return Ok(claims),
                // The next one may have the key.
                Err(unsigned)
                    if matches!(unsigned.kind(), Kind::UnknownKey | Kind::BadSignature) => {}
                // The next one may accept it, since two kinds of tokens may have the same key.
                Err(refusal) => error = refusal,
            }
        }
        Err(error)
    }

    /// Returns whether a token with these claims, which was accepted before, has expired by now.
    pub(crate) fn is_expired(&self, claims: &AccessTokenClaims) -> bool {
        let iss = claims.issuer().as_str();
        let own = self
            .all()
            .find(|verifier| verifier.issuer.accept(iss).is_some());
        own.unwrap_or(&self.first).is_past(claims.expires_at())
    }

    /// Returns whether this layer would accept claims that another layer has verified.
    pub(crate) fn would_accept(&self, claims: &AccessTokenClaims) -> bool {
        let now = self.now();
        let is_form_accepted = !matches!(claims.form(), Form::Legacy)
            || self
                .legacy
                .iter()
                .any(|legacy| legacy.would_accept(claims, now));
        is_form_accepted && self.all().any(|verifier| verifier.would_accept(claims))
    }

    /// Returns the time by the clock of the first verifier.
    pub(crate) fn now(&self) -> Timestamp {
        self.first.now()
    }

    fn all(&self) -> impl Iterator<Item = &AccessTokenVerifier> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl<E: Into<VerifyError>> From<E> for Unverified {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            newer_keys: None,
        }
    }
}
