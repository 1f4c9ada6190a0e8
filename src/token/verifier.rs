//! [`AccessTokenVerifier`] turns an access token into claims, or into an error.

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
/// - The token is a signed JWT of at most 8 KiB, with the `typ` `at+jwt` or `application/at+jwt`,
///   and without `crit`.
/// - No member of its header and no claim is repeated.
/// - `iss` is the issuer.
/// - A key of the [`KeySource`] signed the token, with that key's one algorithm.
/// - `aud` is or contains one of the audiences, byte by byte.
/// - `exp` is present and in the future, and `nbf`, if present, is not in the future, with the
///   leeway on both. `sub` is present.
/// - The token is not bound to a key of its sender (`cnf`, RFC 7800). Such a token is useless to a
///   thief only if the sender has to prove that they have the key (RFC 8705, RFC 9449), and nothing
///   here asks for that proof.
///
/// Everything else is refused. Unknown members are ignored. Keys and URLs in the token's header are
/// never used.
///
/// Many identity providers issue tokens of another form: see
/// [`accept_untyped_jwt`](crate::token::AccessTokenVerifierBuilder::accept_untyped_jwt)
/// and [`scope_claim`](crate::token::AccessTokenVerifierBuilder::scope_claim). `RemoteJwks`
/// (feature `jwks`) fetches their keys.
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
    issuer: Issuer,
    audiences: Arc<[Audience]>,
    keys: KeySource,
    signed_by: SignedBy,
    settings: Settings,
}

/// The signer of the tokens.
#[derive(Clone, Copy, Debug)]
pub(super) enum SignedBy {
    /// Our own signer, so that `sid` and `gen` have the meaning that we give them.
    Us,
    /// Another issuer, which may use `sid` and `gen` for anything.
    Others,
}

/// The settings that a builder may change.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) typ: AcceptedTyp,
    pub(super) scope_claim: Arc<ScopeClaim>,
    /// The words of a scope that count. `None` means that all do.
    pub(super) accepted_scope: Option<Scope>,
    pub(super) leeway: Duration,
    pub(super) clock: Arc<dyn Clock>,
    /// Whether tokens with `cnf` pass, although nothing here asks for a proof of their key.
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

    /// Makes a verifier of the tokens of our own signer.
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

    /// Sets the leeway of the verifier of sessions. It is at most 5 minutes.
    pub(crate) fn with_leeway(mut self, leeway: Duration) -> Self {
        self.settings.leeway = leeway.min(MAX_LEEWAY);
        self
    }

    /// Returns the issuer whose tokens it accepts.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Checks a token with the keys that are at hand. It does not wait for the keys of an issuer.
    ///
    /// # Errors
    ///
    /// The token is refused. The kind of the error is for logs and tests: a client does not learn
    /// most of the kinds.
    pub fn verify(&self, token: &str) -> Result<AccessTokenClaims, VerifyError> {
        self.verify_parsed(&mut ParsedToken::parse(token)?)
    }

    /// Does the same as [`verify`](Self::verify), but accepts an expired token too, since it may
    /// still say which session to end.
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

    /// Returns the source of newer keys, for a token that was refused because its key is missing.
    pub(super) fn newer_keys(
        &self,
        token: &ParsedToken<'_>,
        error: &VerifyError,
    ) -> Option<&KeySource> {
        let may_help = match error.kind() {
            VerifyErrorKind::UnknownKey | VerifyErrorKind::KeysUnavailable => true,
            // Without a known `kid` it was tried with other keys, and its own may be missing.
            VerifyErrorKind::BadSignature => !self
                .keys
                .keys()
                .is_some_and(|keys| token.jws.names_one_of(&keys)),
            _ => false,
        };
        may_help.then_some(&self.keys)
    }

    /// Makes it a verifier beside that of our sessions: `sid` and `gen` of its tokens have no
    /// meaning for them.
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

    /// Returns whether a token with these claims, which it accepted before, has expired by now.
    pub(super) fn is_expired(&self, claims: &AccessTokenClaims) -> bool {
        self.is_past(claims.expires_at())
    }

    /// Returns whether an `exp` is in the past, with the leeway.
    pub(super) fn is_past(&self, end: Timestamp) -> bool {
        self.now() >= end + self.settings.leeway
    }

    /// Returns whether an `nbf` is in the future, with the leeway.
    pub(super) fn is_ahead(&self, begin: Timestamp) -> bool {
        begin > self.now() + self.settings.leeway
    }

    /// Returns whether it could have accepted a token with these claims: they have its issuer, one
    /// of its audiences, no more scope than counts here, and no key that would need a proof.
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
