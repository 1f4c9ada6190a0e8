//! [`AccessTokenVerifier`]: an access token becomes claims, or an error.

use std::sync::Arc;
use std::time::Duration;

use super::claims::AccessTokenClaims;
use super::error::{VerifyError, VerifyErrorKind};
use super::parsed_token::ParsedToken;
use super::scope_claim::ScopeClaim;
use super::signed_claims::{SignedClaims, is_bound};
use super::typ::AcceptedTyp;
use crate::clock::{Clock, Timestamp};
use crate::keys::KeySource;
use crate::limits::{DEFAULT_LEEWAY, MAX_LEEWAY};
use crate::names::{Audience, Issuer, Scope};

/// Checks access tokens (RFC 9068 section 4, RFC 8725).
///
/// A token passes if **all** of this holds:
///
/// - it is a signed JWT of at most 8 KiB, with `typ` `at+jwt` or `application/at+jwt`, and without
///   `crit`;
/// - no member is repeated, in its header or among its claims;
/// - `iss` is the issuer;
/// - a key of the [`KeySource`] signed it, with that key's one algorithm;
/// - `aud` is or contains one of the audiences, byte by byte;
/// - `exp` is there and in the future, `nbf` if there is not, both give or take the leeway; `sub`
///   is there;
/// - it is not bound to a key of its sender (`cnf`, RFC 7800): such a token is useless to a thief
///   only where the sender has to prove that key (RFC 8705, RFC 9449), and nothing here asks for a
///   proof.
///
/// Everything else is refused. Unknown members are ignored. Keys or URLs in the token's header are
/// never looked at.
///
/// The tokens of many identity providers differ: see
/// [`accept_untyped_jwt`](crate::token::AccessTokenVerifierBuilder::accept_untyped_jwt)
/// and [`scope_claim`](crate::token::AccessTokenVerifierBuilder::scope_claim). `RemoteJwks`
/// (feature `jwks`) fetches their keys.
///
/// ```
/// use tower_bearer::{AccessTokenVerifier, KeySet};
///
/// let keys = KeySet::from_jwk(r#"{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let verifier = AccessTokenVerifier::builder(keys)
///     .issuer("https://id.example.com")
///     .audience("example-api")
///     .build()?;
/// assert!(verifier.verify("not.a.token").is_err());
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokenVerifier {
    issuer: Issuer,
    audiences: Arc<[Audience]>,
    keys: KeySource,
    signed_by: SignedBy,
    settings: Settings,
}

/// Who signs the tokens.
#[derive(Clone, Copy, Debug)]
pub(super) enum SignedBy {
    /// Our own signer: `sid` and `gen` mean something.
    Us,
    /// Another issuer, which may call anything `sid` and `gen`.
    Others,
}

/// What a builder may change.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) typ: AcceptedTyp,
    pub(super) scope_claim: Arc<ScopeClaim>,
    /// What counts of the scope. `None`: all.
    pub(super) accepted_scope: Option<Scope>,
    pub(super) leeway: Duration,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether tokens with `cnf` pass, of which nothing here asks for a proof.
    pub(super) accepts_unproven_cnf: bool,
}

impl Settings {
    pub(super) fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            typ: AcceptedTyp::AccessToken,
            scope_claim: Arc::default(),
            accepted_scope: None,
            leeway: DEFAULT_LEEWAY,
            clock,
            accepts_unproven_cnf: false,
        }
    }
}

impl AccessTokenVerifier {
    pub(super) fn new(
        issuer: Issuer,
        audiences: Arc<[Audience]>,
        keys: KeySource,
        signed_by: SignedBy,
        settings: Settings,
    ) -> Self {
        Self {
            issuer,
            audiences,
            keys,
            signed_by,
            settings,
        }
    }

    /// A verifier of what our own signer makes.
    pub(super) fn of_own_tokens(
        (issuer, audience): (Issuer, Audience),
        keys: KeySource,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::new(
            issuer,
            [audience].into(),
            keys,
            SignedBy::Us,
            Settings::with_clock(clock),
        )
    }

    /// For the verifier of sessions. More than 5 minutes become 5 minutes.
    pub(crate) fn with_leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway.min(MAX_LEEWAY);
        self
    }

    /// The issuer whose tokens it accepts.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Checks a token, with the keys that are at hand: this does not wait for an issuer's.
    ///
    /// # Errors
    ///
    /// The token is refused. The kind of the error is for logs and tests; to a client all but an
    /// expired token look the same.
    pub fn verify(&self, token: &str) -> Result<AccessTokenClaims, VerifyError> {
        self.verify_parsed(&mut ParsedToken::parse(token)?)
    }

    /// Like [`verify`](Self::verify), but a token that has ended passes too: it may still say which
    /// session to end.
    pub(crate) fn verify_but_for_expiry(
        &self,
        token: &str,
    ) -> Result<AccessTokenClaims, VerifyError> {
        Ok(self.accept(self.check_signature(&mut ParsedToken::parse(token)?)?)?)
    }

    pub(super) fn verify_parsed(
        &self,
        token: &mut ParsedToken<'_>,
    ) -> Result<AccessTokenClaims, VerifyError> {
        let claims = self.check_signature(token)?;
        if self.is_past(claims.expires_at) {
            return Err(VerifyErrorKind::Expired.into());
        }
        Ok(self.accept(claims)?)
    }

    /// Where newer keys may come from, for a token that was refused for want of its key.
    pub(super) fn newer_keys(
        &self,
        token: &ParsedToken<'_>,
        error: &VerifyError,
    ) -> Option<&KeySource> {
        let may_help = match error.kind() {
            VerifyErrorKind::UnknownKey | VerifyErrorKind::KeysUnavailable => true,
            // It was tried with all keys, or with those that have no name.
            VerifyErrorKind::BadSignature => !self
                .keys
                .keys()
                .is_some_and(|keys| token.jws.names_one_of(&keys)),
            _ => false,
        };
        may_help.then_some(&self.keys)
    }

    /// A verifier beside that of our sessions: what its tokens call `sid` and `gen` means nothing
    /// there.
    pub(super) fn into_foreign(mut self) -> Self {
        self.signed_by = SignedBy::Others;
        self
    }

    pub(crate) fn audience(&self) -> &Audience {
        &self.audiences[0]
    }

    pub(super) fn now(&self) -> Timestamp {
        self.settings.clock.now()
    }

    /// Whether a token with these claims, which it has accepted before, has expired by now.
    pub(super) fn is_expired(&self, claims: &AccessTokenClaims) -> bool {
        self.is_past(claims.expires_at())
    }

    /// Whether an `exp` is over, with the leeway.
    pub(super) fn is_past(&self, end: Timestamp) -> bool {
        self.now() >= end + self.settings.leeway
    }

    /// Whether an `nbf` is in the future, with the leeway.
    pub(super) fn is_ahead(&self, begin: Timestamp) -> bool {
        begin > self.now() + self.settings.leeway
    }

    /// Whether it might have made these claims: same issuer, an audience of ours, no more scope than
    /// counts here, and no key that it would want a proof of.
    pub(super) fn would_accept(&self, claims: &AccessTokenClaims) -> bool {
        let accepted = self.settings.accepted_scope.as_ref();
        claims.issuer() == &self.issuer
            && self.audiences.contains(claims.audience())
            && accepted.is_none_or(|accepted| claims.scope().is_subset_of(accepted))
            && (self.settings.accepts_unproven_cnf || !is_bound(claims.extra()))
    }

    fn check_signature(
        &self,
        token: &mut ParsedToken<'_>,
    ) -> Result<SignedClaims, VerifyErrorKind> {
        if token.issuer().ok_or(VerifyErrorKind::Malformed)? != self.issuer.as_str() {
            return Err(VerifyErrorKind::WrongIssuer);
        }
        let keys = self.keys.keys().ok_or(VerifyErrorKind::KeysUnavailable)?;
        token
            .jws
            .verify(&keys, |typ| self.settings.typ.includes(typ))?;
        let is_ours = matches!(self.signed_by, SignedBy::Us);
        // A token of the wrong type may be a legacy token, so its claims stay.
        if self.settings.typ.excludes(token.claims()) {
            return Err(VerifyErrorKind::WrongType);
        }
        SignedClaims::read(token.take_claims(), &self.settings.scope_claim, is_ours)
            .map_err(|_| VerifyErrorKind::Malformed)
    }

    fn accept(&self, claims: SignedClaims) -> Result<AccessTokenClaims, VerifyErrorKind> {
        if claims.not_before.is_some_and(|begin| self.is_ahead(begin)) {
            return Err(VerifyErrorKind::NotYetValid);
        }
        let ours =
            |audience: &&Audience| claims.audience.iter().any(|name| name == audience.as_str());
        let audience = self
            .audiences
            .iter()
            .find(ours)
            .ok_or(VerifyErrorKind::WrongAudience)?;
        if claims.is_bound() && !self.settings.accepts_unproven_cnf {
            return Err(VerifyErrorKind::ProofNeeded);
        }
        Ok(claims.accepted(
            &self.issuer,
            audience,
            self.settings.accepted_scope.as_ref(),
        ))
    }
}
