//! [`Verifiers`] are the issuers whose tokens a layer accepts.

use std::sync::Arc;
use std::time::Duration;

use super::cache::{Cache, Recheck, Unknown};
use super::checks::wrong_issuer;
use super::claims::{AccessTokenClaims, Claims};
use super::error::VerifyError;
use super::error_kind::VerifyErrorKind;
use super::form::Form;
use super::issuer_index::IssuerIndex;
use super::jws::{Jws, Signed};
use super::legacy::LegacyTokens;
use super::parsed_token::{BegunToken, MAX_TOKEN_BYTES, ParsedToken};
use super::text::TokenText;
use super::verifier::AccessTokenVerifier;
use crate::clock::Timestamp;
use crate::error::ConfigError;
use crate::keys::NewerKeys;
use crate::names::Issuer;

/// One verifier for each issuer, and the legacy tokens.
#[derive(Clone, Debug)]
pub(crate) struct Verifiers {
    /// The verifier of the sessions that the layer knows, if it knows any.
    first: AccessTokenVerifier,
    others: Vec<AccessTokenVerifier>,
    /// It is empty where there are no others.
    index: IssuerIndex,
    legacy: Vec<LegacyTokens>,
    /// The size up to which a token is parsed: the largest that any of them allows.
    max_token_bytes: usize,
    /// The cache of the first verifier, or one of several verifiers if all of them have one.
    cache: Option<Arc<Cache>>,
}

/// The verifier for the issuer of a token, with its place, and that issuer.
type Chosen<'v> = (usize, &'v AccessTokenVerifier, Issuer);

/// A token that could not be verified.
pub(crate) struct Unverified<'v> {
    pub(crate) error: VerifyError,
    /// The newer keys with which the token may be valid.
    pub(crate) newer_keys: Option<NewerKeys<'v>>,
}

impl Verifiers {
    pub(crate) fn new(first: AccessTokenVerifier) -> Self {
        Self {
            cache: first.cache.clone(),
            max_token_bytes: first.max_token_bytes(),
            first,
            others: Vec::new(),
            index: IssuerIndex::default(),
            legacy: Vec::new(),
        }
    }

    /// Adds verifiers of our own tokens from when the issuer had another name.
    pub(crate) fn with_former(mut self, former: Vec<AccessTokenVerifier>) -> Self {
        former.into_iter().for_each(|former| self.push(former));
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
        self.push(verifier.into_foreign());
        Ok(())
    }

    fn push(&mut self, verifier: AccessTokenVerifier) {
        self.max_token_bytes = self.max_token_bytes.max(verifier.max_token_bytes());
        self.others.push(verifier);
        self.index = IssuerIndex::of(self.all().map(|verifier| &verifier.issuer));
        let is_cached = self.all().all(|verifier| verifier.cache.is_some());
        self.cache = is_cached.then(|| Arc::new(Cache::new()));
    }

    pub(crate) fn add_legacy(&mut self, legacy: LegacyTokens) {
        self.max_token_bytes = self.max_token_bytes.max(MAX_TOKEN_BYTES);
        self.legacy.push(legacy);
    }

    /// Verifies a token. Of several verifiers, its issuer chooses one before any key is tried.
    pub(crate) fn verify(&self, token: &str) -> Result<AccessTokenClaims, Unverified<'_>> {
        let token = token.as_bytes();
        self.recall(token)
            .or_else(|unknown| self.verify_unknown(token, unknown))
    }

    /// Returns the claims of a token that is remembered. The token may be any bytes.
    pub(crate) fn recall(&self, token: &[u8]) -> Result<AccessTokenClaims, Unknown> {
        match &self.cache {
            Some(cache) => cache.find(token, self),
            None => Err(Unknown::NOT_KEPT),
        }
    }

    /// Verifies a token that is not remembered, and remembers it. The token may be any bytes. If it
    /// passes, it is `token68` (RFC 9110 section 11.2), since its parts have been decoded.
    pub(crate) fn verify_unknown(
        &self,
        token: &[u8],
        unknown: Unknown,
    ) -> Result<AccessTokenClaims, Unverified<'_>> {
        let jws = Jws::parse(token, self.max_token_bytes)?;
        let mut signed = None;
        let only = self.only().filter(|only| only.has_one_issuer());
        if let Some(only) = only {
            signed = self.check_forged(only, &jws, None)?;
        }
        let copy = self.cache.as_ref();
        let copy = copy.map_or(&[][..], |cache| cache.copy_of(token, unknown));
        let text = TokenText::decode(jws.payload(), copy)?;
        let token = BegunToken::read(&jws, &text)?;
        let chosen = token.issuer().and_then(|iss| self.choose(iss));
        if self.legacy.is_empty()
            && let Err(error) = chosen
        {
            return Err(error.into());
        }
        // The keys of several issuers depend on `iss`.
        if only.is_none()
            && let Ok((_, verifier, issuer)) = &chosen
        {
            signed = self.check_forged(verifier, &jws, Some(issuer.as_str()))?;
        }
        let claims = self.verify_parsed(&token.rest()?, chosen, signed)?;
        let claims = claims.with_text(text)?;
        if let Some(cache) = &self.cache {
            cache.keep(&claims, unknown, self);
        }
        Ok(claims)
    }

    /// Returns the verifier of all tokens, if there is one.
    fn only(&self) -> Option<&AccessTokenVerifier> {
        self.others.is_empty().then_some(&self.first)
    }

    /// Checks the signature before the claims are read. With legacy tokens it is checked later:
    /// another key may have signed them.
    fn check_forged<'v>(
        &self,
        verifier: &'v AccessTokenVerifier,
        jws: &Jws<'_>,
        iss: Option<&str>,
    ) -> Result<Option<Signed>, Unverified<'v>> {
        if !self.legacy.is_empty() {
            return Ok(None);
        }
        let checked = verifier.check_forged(jws, iss);
        checked.map_err(|error| Unverified {
            newer_keys: verifier.newer_keys(&error),
            error,
        })
    }

    fn verify_parsed<'v>(
        &'v self,
        token: &ParsedToken<'_>,
        chosen: Result<Chosen<'v>, VerifyError>,
        signed: Option<Signed>,
    ) -> Result<AccessTokenClaims, Unverified<'v>> {
        let (chosen, outcome) = match chosen {
            Ok((place, verifier, issuer)) => {
                let claims = verifier.verify_parsed(issuer, token, signed);
                let claims = claims.and_then(|claims| Ok(claims.by_verifier(place)?));
                (Some(verifier), claims)
            }
            Err(error) => (None, Err(error)),
        };
        outcome.or_else(|error| {
            let newer_keys = chosen.and_then(|verifier| verifier.newer_keys(&error));
            let kind = error.kind();
            self.verify_legacy(token, error).map_err(|error| {
                // The refusal of a legacy token is final.
                let newer_keys = newer_keys.filter(|_| error.kind() == kind);
                Unverified { error, newer_keys }
            })
        })
    }

    fn choose(&self, iss: &str) -> Result<Chosen<'_>, VerifyError> {
        if let Some(only) = self.only() {
            return Ok((0, only, only.check_issuer(iss)?));
        }
        let accept = |place| {
            let verifier = self.at(place)?;
            Some((place, verifier, verifier.issuer.accept(iss)?))
        };
        self.index.places(iss).find_map(accept).ok_or_else(|| {
            let with_tenants = self.index.with_tenants().filter_map(|place| self.at(place));
            let issuers = with_tenants.map(|verifier| &verifier.issuer);
            wrong_issuer(iss, issuers, self.index.shown())
        })
    }

    fn at(&self, place: usize) -> Option<&AccessTokenVerifier> {
        match place.checked_sub(1) {
            None => Some(&self.first),
            Some(other) => self.others.get(other),
        }
    }

    /// Verifies a token that no verifier accepts as a legacy token. `error` is the error of the
    /// verifiers.
    fn verify_legacy(
        &self,
        token: &ParsedToken<'_>,
        mut error: VerifyError,
    ) -> Result<AccessTokenClaims, VerifyError> {
        use VerifyErrorKind as Kind;
        let is_of_its_key = matches!(
            error.kind(),
            Kind::UnknownKey | Kind::KeyLeftOut | Kind::KeysUnavailable | Kind::BadSignature
        );
        if !is_of_its_key
            && !matches!(
                error.kind(),
                Kind::NoIssuer | Kind::WrongIssuer | Kind::WrongType | Kind::LooksLikeIdToken
            )
        {
            return Err(error);
        }
        for legacy in &self.legacy {
            match legacy.verify(token, &self.first) {
                Ok(claims) => return Ok(claims),
                // The next one may have the key.
                Err(unsigned)
                    if matches!(unsigned.kind(), Kind::UnknownKey | Kind::BadSignature) => {}
                // The issuer may have a newer key, which signed the token.
                Err(unsigned) if is_of_its_key && unsigned.kind() == Kind::KeyLeftOut => {}
                // The next one may accept it, since two kinds of tokens may have the same key.
                Err(refusal) => error = refusal,
            }
        }
        Err(error)
    }

    /// Returns whether a token with these claims, which was accepted before, has expired by now.
    pub(crate) fn is_expired(&self, claims: &AccessTokenClaims) -> bool {
        self.time_left(claims).is_zero()
    }

    /// Returns how long such a token is still accepted, with the leeway of its verifier.
    pub(crate) fn time_left(&self, claims: &AccessTokenClaims) -> Duration {
        let iss = claims.issuer().as_str();
        let own = self
            .all()
            .find(|verifier| verifier.issuer.accept(iss).is_some());
        own.unwrap_or(&self.first).time_left(claims.expires_at())
    }

    /// Returns whether the user authenticated at most `max_age` ago. Both are whole seconds, as in
    /// tokens.
    pub(crate) fn is_recent(&self, claims: &AccessTokenClaims, max_age: Duration) -> bool {
        let now = self.now();
        claims.auth_time().is_some_and(|at| {
            let age = now.as_secs().saturating_sub(at.as_secs());
            age <= max_age.as_secs() && !self.first.is_ahead(at, now)
        })
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

    pub(crate) fn first(&self) -> &AccessTokenVerifier {
        &self.first
    }

    /// Returns the verifiers, the first one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &AccessTokenVerifier> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl Recheck for Verifiers {
    fn still_accepts(&self, claims: &Claims) -> bool {
        let verifier = self.at(claims.verifier);
        verifier.is_some_and(|verifier| verifier.still_accepts(claims))
    }

    fn end_of(&self, claims: &Claims) -> Timestamp {
        let verifier = self.at(claims.verifier);
        verifier.map_or(Timestamp::ZERO, |verifier| verifier.end_of(claims))
    }

    fn now(&self) -> Timestamp {
        self.now()
    }
}

impl<E: Into<VerifyError>> From<E> for Unverified<'_> {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            newer_keys: None,
        }
    }
}
