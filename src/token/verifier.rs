//! [`AccessTokenVerifier`]: an access token becomes claims, or an error.

use std::sync::Arc;
use std::time::Duration;

use super::claims::AccessTokenClaims;
use super::error::{VerifyError, VerifyErrorKind};
use super::parsed_token::ParsedToken;
use super::scope_claim::ScopeClaim;
use super::signed_claims::SignedClaims;
use super::typ::AcceptedTyp;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::error::ConfigError;
use crate::keys::KeySource;
use crate::limits::{DEFAULT_LEEWAY, MAX_LEEWAY};
use crate::names::{Audience, Issuer, Scope};

/// Checks access tokens (RFC 9068 section 4, RFC 8725).
///
/// A token passes if **all** of this holds:
///
/// - it is a signed JWT of at most 8 KiB, with `typ` `at+jwt` or `application/at+jwt`, and without `crit`;
/// - no name stands twice in its header or among its claims;
/// - `iss` is the issuer;
/// - a key of the [`KeySource`] signed it, by that key's one algorithm;
/// - `aud` is or contains one of the audiences, byte by byte;
/// - `exp` is there and lies ahead, `nbf` if there does not, both give or take the leeway; `sub` is there.
///
/// Everything else is refused. Unknown members are ignored. Keys or addresses in the token's header are never looked at.
///
/// The tokens of many an identity provider differ: see [`with_typ_jwt`](Self::with_typ_jwt) and
/// [`with_scope_claim`](Self::with_scope_claim). Their keys come by `RemoteJwks` (feature `jwks`).
///
/// ```
/// use tower_bearer::{AccessTokenVerifier, KeySet};
///
/// let keys = KeySet::from_jwk(r#"{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let verifier = AccessTokenVerifier::new("https://id.example.com", "example-api", keys)?;
/// assert!(verifier.verify("no.token.this").is_err());
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokenVerifier {
    issuer: Issuer,
    audiences: Arc<[Audience]>,
    keys: KeySource,
    typ: AcceptedTyp,
    scope: Arc<ScopeClaim>,
    /// What counts of it. `None`: all.
    accepted_scope: Option<Scope>,
    leeway: Duration,
    clock: Arc<dyn Clock>,
    signed_by: SignedBy,
}

/// Who signs the tokens.
#[derive(Clone, Copy, Debug)]
enum SignedBy {
    /// Our own signer: `sid` and `gen` mean something.
    Us,
    /// Another issuer, which may call anything `sid` and `gen`.
    Others,
}

impl AccessTokenVerifier {
    /// A verifier of the tokens that `issuer` makes for `audience`.
    ///
    /// # Errors
    ///
    /// One of the names is empty, or there is no key, and never will be.
    pub fn new(issuer: &str, audience: &str, keys: impl Into<KeySource>) -> Result<Self, ConfigError> {
        let keys = keys.into();
        if keys.never_has_any() {
            return Err(ConfigError::new("there is no key to verify tokens with"));
        }
        let names = (Issuer::new(issuer)?, Audience::new(audience)?);
        Ok(Self { signed_by: SignedBy::Others, ..Self::of_own_tokens(names, keys, Arc::new(SystemClock)) })
    }

    /// A verifier of what our own signer makes.
    pub(super) fn of_own_tokens((issuer, audience): (Issuer, Audience), keys: KeySource, clock: Arc<dyn Clock>) -> Self {
        Self {
            issuer,
            audiences: [audience].into(),
            keys,
            typ: AcceptedTyp::AccessToken,
            scope: Arc::default(),
            accepted_scope: None,
            leeway: DEFAULT_LEEWAY,
            clock,
            signed_by: SignedBy::Us,
        }
    }

    /// Accepts tokens for this audience too.
    ///
    /// # Errors
    ///
    /// The name is empty.
    pub fn with_audience(mut self, audience: &str) -> Result<Self, ConfigError> {
        self.audiences = self.audiences.iter().cloned().chain([Audience::new(audience)?]).collect();
        Ok(self)
    }

    /// Accepts tokens whose `typ` is `JWT`, and those without `typ`: for an issuer that does not tell its access tokens apart, as Auth0, Entra ID,
    /// Keycloak and Okta by default.
    ///
    /// Such a token may be an ID token, or one for another purpose. Some are told by their claims (`at_hash`, `c_hash`, `events`) and refused; beyond
    /// that only the audience tells (RFC 8725 section 3.12). So it has to be a name of this
    /// service alone, not the client id of an application that users log in to. Where the issuer can send `at+jwt`, let it.
    #[must_use]
    pub fn with_typ_jwt(mut self) -> Self {
        self.typ = AcceptedTyp::UntypedJwt;
        self
    }

    /// Reads the scope from another claim than `scope`, and no longer from that: `&["scp"]`, `&["permissions"]`, or a way into the claims, as
    /// `&["realm_access", "roles"]` for the roles of Keycloak.
    ///
    /// The claim is text, with spaces between the words, or a list of texts. A word of a list that is no scope token (RFC 6749 section 3.3), one
    /// with a space, say, allows nothing. A claim that is absent, for the way does not lead that far, allows nothing either. One of another type, or
    /// text that is no scope, refuses the token.
    ///
    /// # Panics
    ///
    /// If the way is empty.
    #[must_use]
    pub fn with_scope_claim(mut self, path: &[&str]) -> Self {
        assert!(!path.is_empty(), "the way to a claim has a name");
        self.scope = Arc::new(ScopeClaim::at(path));
        self
    }

    /// Of what a token allows only these words count: for an issuer that must not hand out all of them, `admin` above all.
    #[must_use]
    pub fn with_accepted_scope(mut self, scope: Scope) -> Self {
        self.accepted_scope = Some(scope);
        self
    }

    /// How far the issuer's clock may be off ours. 60 seconds by default; at most 5 minutes, more becomes 5 minutes
    /// (RFC 7519 section 4.1.4: "usually no more than a few minutes").
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(MAX_LEEWAY);
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Whose tokens these are.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Checks a token, with the keys that are at hand: this does not wait for an issuer's.
    ///
    /// # Errors
    ///
    /// The token is refused. The kind of the error is for logs and tests; to a client all but an expired token look the same.
    pub fn verify(&self, token: &str) -> Result<AccessTokenClaims, VerifyError> {
        self.verify_parsed(&mut ParsedToken::parse(token)?)
    }

    /// Like [`verify`](Self::verify), but a token that has ended passes too: it may still say which session to end.
    pub(crate) fn verify_but_for_expiry(&self, token: &str) -> Result<AccessTokenClaims, VerifyError> {
        Ok(self.accept(self.check_signature(&mut ParsedToken::parse(token)?)?)?)
    }

    pub(super) fn verify_parsed(&self, token: &mut ParsedToken<'_>) -> Result<AccessTokenClaims, VerifyError> {
        let claims = self.check_signature(token)?;
        if self.clock.now() >= claims.expires_at + self.leeway {
            return Err(VerifyErrorKind::Expired.into());
        }
        Ok(self.accept(claims)?)
    }

    /// Where newer keys may come from, for a token that was refused for want of its key.
    pub(super) fn newer_keys(&self, token: &ParsedToken<'_>, error: &VerifyError) -> Option<&KeySource> {
        let may_help = match error.kind() {
            VerifyErrorKind::UnknownKey | VerifyErrorKind::KeysUnavailable => true,
            // It was tried with all keys, or with those that have no name.
            VerifyErrorKind::BadSignature => !self.keys.keys().is_some_and(|keys| token.jws.names_one_of(&keys)),
            _ => false,
        };
        may_help.then_some(&self.keys)
    }

    /// The same issuer's tokens beside those of another: what they call `sid` and `gen` means nothing there.
    pub(super) fn into_foreign(mut self) -> Self {
        self.signed_by = SignedBy::Others;
        self
    }

    pub(super) fn audience(&self) -> &Audience {
        &self.audiences[0]
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn leeway(&self) -> Duration {
        self.leeway
    }

    fn check_signature(&self, token: &mut ParsedToken<'_>) -> Result<SignedClaims, VerifyErrorKind> {
        if token.issuer().ok_or(VerifyErrorKind::Malformed)? != self.issuer.as_str() {
            return Err(VerifyErrorKind::WrongIssuer);
        }
        let keys = self.keys.keys().ok_or(VerifyErrorKind::KeysUnavailable)?;
        token.jws.verify(&keys, |typ| self.typ.includes(typ))?;
        let is_ours = matches!(self.signed_by, SignedBy::Us);
        let claims = token.take_claims();
        if self.typ.excludes(&claims) {
            return Err(VerifyErrorKind::WrongType);
        }
        SignedClaims::read(claims, &self.scope, is_ours).map_err(|_| VerifyErrorKind::Malformed)
    }

    fn accept(&self, claims: SignedClaims) -> Result<AccessTokenClaims, VerifyErrorKind> {
        if claims.not_before.is_some_and(|moment| moment > self.clock.now() + self.leeway) {
            return Err(VerifyErrorKind::NotYetValid);
        }
        let ours = |audience: &&Audience| claims.audience.iter().any(|name| name == audience.as_str());
        let audience = self.audiences.iter().find(ours).ok_or(VerifyErrorKind::WrongAudience)?;
        Ok(claims.accepted(&self.issuer, audience, self.accepted_scope.as_ref()))
    }
}
