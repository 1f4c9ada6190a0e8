//! [`AccessTokenVerifier`] turns an access token into claims, or into an error.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::accepted_issuer::AcceptedIssuer;
use super::cache::{Cache, Recheck};
use super::claim_form::moment;
use super::claims::{AccessTokenClaims, Claims};
use super::error::VerifyError;
use super::error_kind::VerifyErrorKind;
use super::form::Form;
use super::header::Header;
use super::json::Json;
use super::jws::{Jws, Signed};
use super::parsed_token::{BegunToken, ParsedToken};
use super::settings::Settings;
use super::text::{Part, TokenText};
use super::wire::{AUTH_TIME, IAT, JTI};
use crate::clock::{Clock, Timestamp};
use crate::keys::{AskReason, KeySource, NewerKeys};
use crate::limits::MAX_LEEWAY;
use crate::names::{Audience, Issuer};
use crate::once::DoneIn;

/// Checks access tokens (RFC 9068 section 4, RFC 8725).
///
/// A token passes if **all** of this holds:
///
/// - The token is a signed JWT of at most 16 KiB, with the `typ` `at+jwt` or `application/at+jwt`,
///   without `crit`, and without a `b64` that is not `true`.
/// - No name in its header and its claims is repeated, at any depth.
/// - `iss` is the issuer.
/// - A key of the [`KeySource`] signed the token, with that key's one algorithm.
/// - `aud` is or contains one of the audiences, byte by byte.
/// - `exp` is present and in the future, and `nbf`, if present, is not in the future, with the
///   leeway on both. `sub` is present.
/// - The token is not bound to a key of its sender (`cnf`, RFC 7800). Such a token is useless to a
///   thief only if the sender has to prove that they have the key (RFC 8705, RFC 9449), and nothing
///   here asks for that proof.
///
/// Everything else is refused. Only these claims can refuse a token: any other that does not have
/// the form that it should is absent. Keys and URLs in the token's header are never used.
///
/// Many identity providers issue tokens of another form. The
/// [builder](crate::token::AccessTokenVerifierBuilder) has a setting for each difference, and
/// `docs/issuers.md` has the settings of each provider. `RemoteJwks` (feature `jwks`) fetches their
/// keys.
///
/// ```
/// use tower_bearer::{AccessTokenVerifier, KeySet};
///
/// let keys = KeySet::from_jwk(r#"{
///     "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
/// }"#)?;
/// let verifier = AccessTokenVerifier::builder(keys)
///     .issuer("https://id.example.com")
///     .audience("example-api")
///     .build()?;
/// assert!(verifier.verify("not.a.token").is_err());
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokenVerifier {
    pub(super) issuer: AcceptedIssuer,
    pub(super) audiences: Arc<[Audience]>,
    pub(super) keys: KeySource,
    signed_by: SignedBy,
    /// Shared by all clones: every layer and every request has one.
    pub(super) settings: Arc<Settings>,
    /// A hash of the settings that say which claims are read.
    reading: u64,
    /// Shared by all clones, which have the same settings.
    pub(super) cache: Option<Arc<Cache>>,
    /// The header of the last token that passed. The next ones mostly have the same, which need
    /// not be parsed again.
    pub(super) last_header: Arc<ArcSwapOption<Header>>,
}

impl Recheck for AccessTokenVerifier {
    fn still_accepts(&self, claims: &Claims) -> bool {
        let now = self.now();
        let is_of_keys = |generation| self.keys.generation() == generation;
        claims.form.keys().is_some_and(is_of_keys)
            && !self.is_past(claims.expires_at, now)
            && claims
                .not_before
                .is_none_or(|begin| !self.is_ahead(begin, now))
            && self.audiences.contains(&claims.audience)
            && self.issuer.still_accepts(&claims.issuer)
    }

    fn end_of(&self, claims: &Claims) -> Timestamp {
        self.end(claims.expires_at)
    }

    fn now(&self) -> Timestamp {
        self.now()
    }
}

/// The signer of the tokens.
#[derive(Clone, Copy, Debug)]
pub(super) enum SignedBy {
    /// Our own signer, so that `sid` and `gen` have the meaning that we give them.
    Us,
    /// Another issuer, which may use `sid` and `gen` for anything.
    Others,
}

impl AccessTokenVerifier {
    pub(super) fn new(
        issuer: AcceptedIssuer,
        audiences: Arc<[Audience]>,
        keys: KeySource,
        signed_by: SignedBy,
        settings: Settings,
    ) -> Self {
        // A mistake in the URL of an issuer is in the log before the first token comes.
        keys.start();
        Self {
            issuer,
            audiences,
            keys,
            signed_by,
            reading: settings.reading(),
            cache: settings.new_cache(),
            last_header: Arc::default(),
            settings: Arc::new(settings),
        }
    }

    /// Makes a verifier of the tokens of our own signer.
    pub(super) fn of_own_tokens(
        (issuer, audience): (Issuer, Audience),
        keys: KeySource,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::new(
            AcceptedIssuer::One(issuer),
            [audience].into(),
            keys,
            SignedBy::Us,
            Settings::with_clock(clock),
        )
    }

    /// Sets the leeway of the verifier of sessions. It is at most 5 minutes.
    pub(crate) fn with_leeway(mut self, leeway: Duration) -> Self {
        Arc::make_mut(&mut self.settings).leeway = leeway.min(MAX_LEEWAY);
        self.with_own_cache()
    }

    /// Returns a verifier of tokens that the same signer made with other names.
    pub(crate) fn with_names(&self, issuer: Issuer, audiences: Vec<Audience>) -> Self {
        Self {
            issuer: AcceptedIssuer::One(issuer),
            audiences: audiences.into(),
            ..self.clone()
        }
        .with_own_cache()
    }

    /// Sets whether the verifier of sessions remembers tokens.
    pub(crate) fn with_cache(mut self, caches: bool) -> Self {
        Arc::make_mut(&mut self.settings).caches = caches;
        self.with_own_cache()
    }

    /// Replaces the cache, since the settings differ now.
    fn with_own_cache(mut self) -> Self {
        self.cache = self.settings.new_cache();
        self
    }

    /// Returns the issuer whose tokens it accepts, or the pattern of issuers.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        self.issuer.name()
    }

    /// Checks a token with the keys that are at hand. It does not wait for the keys of an issuer.
    ///
    /// A token that has passed twice is remembered, so that its signature is not checked again: see
    /// [`without_cache`](crate::token::AccessTokenVerifierBuilder::without_cache).
    ///
    /// # Errors
    ///
    /// The token is refused. The kind of the error is for logs and tests: a client does not learn
    /// most of the kinds.
    pub fn verify(&self, token: &str) -> Result<AccessTokenClaims, VerifyError> {
        let token = token.as_bytes();
        let check_expiry = |end, now| self.check_expiry(end, now);
        let Some(cache) = &self.cache else {
            return self.verify_unknown(token, || &[], check_expiry);
        };
        cache.find(token, self).or_else(|unknown| {
            let copy = || cache.copy_of(token, unknown);
            let claims = self.verify_unknown(token, copy, check_expiry)?;
            cache.keep(&claims, unknown, self);
            Ok(claims)
        })
    }

    /// Does the same as [`verify`](Self::verify), but accepts an expired token too, since it may
    /// still say which session to end.
    pub(crate) fn verify_but_for_expiry(
        &self,
        token: &str,
    ) -> Result<AccessTokenClaims, VerifyError> {
        self.verify_unknown(token.as_bytes(), || &[], |_, _| Ok(()))
    }

    /// Verifies a token. `copy` says what its claims keep of it.
    fn verify_unknown<'t>(
        &self,
        token: &'t [u8],
        copy: impl FnOnce() -> &'t [u8],
        check_expiry: impl Fn(Timestamp, Timestamp) -> Result<(), VerifyError>,
    ) -> Result<AccessTokenClaims, VerifyError> {
        let jws = Jws::parse(token, self.max_token_bytes())?;
        let mut signed = None;
        if self.has_one_issuer() {
            signed = self.check_forged(&jws, None)?;
        }
        let text = TokenText::decode(jws.payload(), copy())?;
        let token = BegunToken::read(&jws, &text)?;
        let issuer = self.check_issuer(token.issuer()?)?;
        if !self.has_one_issuer() {
            signed = self.check_forged(&jws, Some(issuer.as_str()))?;
        }
        let claims = self.accept(issuer, &token.rest()?, signed, check_expiry)?;
        Ok(claims.with_text(text)?)
    }

    /// Verifies a token that it was chosen for, since it accepts its issuer.
    pub(super) fn verify_parsed(
        &self,
        issuer: Issuer,
        token: &ParsedToken<'_>,
        signed: Option<Signed>,
    ) -> Result<AccessTokenClaims, VerifyError> {
        token.check_size(self.max_token_bytes())?;
        self.accept(issuer, token, signed, |end, now| {
            self.check_expiry(end, now)
        })
    }

    /// Returns the source of newer keys, for a token that was refused because its key is missing.
    ///
    /// A bad signature may be that of a new key with an old name: an issuer that was set up again.
    pub(super) fn newer_keys(&self, error: &VerifyError) -> Option<NewerKeys<'_>> {
        let reason = match error.kind() {
            VerifyErrorKind::UnknownKey
            | VerifyErrorKind::KeyLeftOut
            | VerifyErrorKind::KeysUnavailable => AskReason::UnknownKey,
            VerifyErrorKind::BadSignature => AskReason::BadSignature,
            _ => return None,
        };
        let can_ask = self.keys.can_ask();
        can_ask.then(|| NewerKeys::new(&self.keys, reason))
    }

    /// Makes it a verifier beside that of our sessions: `sid` and `gen` of its tokens have no
    /// meaning for them.
    pub(super) fn into_foreign(mut self) -> Self {
        self.signed_by = SignedBy::Others;
        self.with_own_cache()
    }

    /// Returns whether its tokens are those of our own signer.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.signed_by, SignedBy::Us)
    }

    pub(crate) fn audience(&self) -> &Audience {
        &self.audiences[0]
    }

    pub(super) fn max_token_bytes(&self) -> usize {
        self.settings.max_token_bytes
    }

    pub(super) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    /// Returns whether an `exp` is in the past, with the leeway.
    pub(super) fn is_past(&self, end: Timestamp, now: Timestamp) -> bool {
        now >= self.end(end)
    }

    /// Returns how long a token with this `exp` is still accepted.
    pub(super) fn time_left(&self, expires_at: Timestamp) -> Duration {
        self.end(expires_at).saturating_since(self.now())
    }

    fn end(&self, expires_at: Timestamp) -> Timestamp {
        expires_at + self.settings.leeway
    }

    /// Returns whether an `nbf` is in the future, with the leeway.
    pub(super) fn is_ahead(&self, begin: Timestamp, now: Timestamp) -> bool {
        begin > now + self.settings.leeway
    }

    /// Returns whether it could have accepted a token with these claims, and seen the same user in
    /// it: they have its issuer, one of its audiences, no more scope than counts here, and a form
    /// that it accepts.
    pub(super) fn would_accept(&self, claims: &AccessTokenClaims) -> bool {
        let accepted = self.settings.accepted_scope.as_ref();
        self.issuer.accept(claims.issuer().as_str()).is_some()
            && self.audiences.contains(claims.audience())
            && accepted.is_none_or(|accepted| claims.scope().is_subset_of(accepted))
            && self.would_read(claims)
    }

    fn would_read(&self, claims: &AccessTokenClaims) -> bool {
        let Form::Verified {
            needs,
            bytes,
            reading,
            is_bound,
            ..
        } = claims.form()
        else {
            return true;
        };
        needs <= self.settings.typ
            && bytes <= self.settings.max_token_bytes
            && reading == self.reading
            && (self.settings.accepts_unproven_cnf || !is_bound)
            && (self.settings.required_claims.is_empty() || self.has_required(claims))
    }

    /// Checks the required claims in the payload, which is read once more.
    fn has_required(&self, claims: &AccessTokenClaims) -> bool {
        let claims = claims.payload();
        claims.is_some_and(|claims| self.check_required(&claims).is_ok())
    }

    fn accept(
        &self,
        issuer: Issuer,
        token: &ParsedToken<'_>,
        signed: Option<Signed>,
        check_expiry: impl Fn(Timestamp, Timestamp) -> Result<(), VerifyError>,
    ) -> Result<AccessTokenClaims, VerifyError> {
        // What may change later is checked in `still_accepts` too.
        let (needs, keys) = self.check_signature(token, signed)?;
        token.jws.leave_header(&self.last_header);
        let (claims, now) = (token.claims(), self.now());
        self.check_required(claims)?;
        let subject = self.subject_of(claims)?;
        let session = self.session_of(claims)?;
        let expires_at = self.expiry(claims)?;
        check_expiry(expires_at, now)?;
        let not_before = self.check_begin(claims, now)?;
        let audience = self.audience_of(claims)?.clone();
        let is_bound = self.check_binding(claims)?;

        // Nothing depends on the others. What is malformed is absent.
        let time = |name| moment(claims.get(name)).unwrap_or_default();
        let part = |text: &str| Part::of(text, token.payload());
        Ok(AccessTokenClaims::new(Claims {
            issuer,
            audience,
            subject: part(&subject).into(),
            expires_at,
            not_before,
            issued_at: time(IAT),
            auth_time: time(AUTH_TIME),
            id: claims.get(JTI).and_then(Json::as_str).map(part),
            scope: self.scope_of(claims, part),
            scope_claims: self.settings.scope_claims.unusual(),
            session,
            form: Form::Verified {
                needs,
                bytes: token.bytes(),
                reading: self.reading,
                is_bound,
                keys,
            },
            verifier: 0,
            bytes_read: token.bytes_read(),
            extra: OnceLock::new(),
            text: TokenText::default(),
            receipt_queued: DoneIn::default(),
        }))
    }
}
