//! [`AccessTokenVerifier`] turns an access token into claims, or into an error.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::accepted_issuer::AcceptedIssuer;
use super::claim_form::{is_bound, moment};
use super::claims::{AccessTokenClaims, Claims};
use super::error::VerifyError;
use super::error_kind::VerifyErrorKind;
use super::form::Form;
use super::parsed_token::ParsedToken;
use super::settings::Settings;
use super::wire::{AUD, AUTH_TIME, EXP, GEN, IAT, ISS, JTI, NBF, SCOPE, SID, SUB};
use crate::clock::{Clock, Timestamp};
use crate::keys::KeySource;
use crate::limits::MAX_LEEWAY;
use crate::names::{Audience, Issuer};

/// Checks access tokens (RFC 9068 section 4, RFC 8725).
///
/// A token passes if **all** of this holds:
///
/// - The token is a signed JWT of at most 16 KiB, with the `typ` `at+jwt` or `application/at+jwt`,
///   and without `crit`.
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
    /// What the settings read, as a number.
    reading: u64,
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
        Self {
            issuer,
            audiences,
            keys,
            signed_by,
            reading: settings.reading(),
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
        self
    }

    /// Returns a verifier of tokens that the same signer made with other names.
    pub(crate) fn with_names(&self, issuer: Issuer, audiences: Vec<Audience>) -> Self {
        Self {
            issuer: AcceptedIssuer::One(issuer),
            audiences: audiences.into(),
            ..self.clone()
        }
    }

    /// Returns the issuer whose tokens it accepts, or the pattern of issuers.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        self.issuer.name()
    }

    /// Checks a token with the keys that are at hand. It does not wait for the keys of an issuer.
    ///
    /// # Errors
    ///
    /// The token is refused. The kind of the error is for logs and tests: a client does not learn
    /// most of the kinds.
    pub fn verify(&self, token: &str) -> Result<AccessTokenClaims, VerifyError> {
        let mut token = ParsedToken::parse(token, self.max_token_bytes())?;
        self.verify_parsed(self.check_issuer(&token)?, &mut token)
    }

    /// Does the same as [`verify`](Self::verify), but accepts an expired token too, since it may
    /// still say which session to end.
    pub(crate) fn verify_but_for_expiry(
        &self,
        token: &str,
    ) -> Result<AccessTokenClaims, VerifyError> {
        let mut token = ParsedToken::parse(token, self.max_token_bytes())?;
        self.accept(self.check_issuer(&token)?, &mut token, |_| Ok(()))
    }

    /// Verifies a token that it was chosen for, since it accepts its issuer.
    pub(super) fn verify_parsed(
        &self,
        issuer: Issuer,
        token: &mut ParsedToken<'_>,
    ) -> Result<AccessTokenClaims, VerifyError> {
        token.check_size(self.max_token_bytes())?;
        self.accept(issuer, token, |end| self.check_expiry(end))
    }

    /// Returns the source of newer keys, for a token that was refused because its key is missing.
    ///
    /// A bad signature may be that of a new key with an old name: an issuer that was set up again.
    pub(super) fn newer_keys(&self, error: &VerifyError) -> Option<&KeySource> {
        let may_help = matches!(
            error.kind(),
            VerifyErrorKind::UnknownKey
                | VerifyErrorKind::KeyLeftOut
                | VerifyErrorKind::KeysUnavailable
                | VerifyErrorKind::BadSignature
        );
        may_help.then_some(&self.keys)
    }

    /// Makes it a verifier beside that of our sessions: `sid` and `gen` of its tokens have no
    /// meaning for them.
    pub(super) fn into_foreign(mut self) -> Self {
        self.signed_by = SignedBy::Others;
        self
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
    pub(super) fn is_past(&self, end: Timestamp) -> bool {
        self.now() >= end + self.settings.leeway
    }

    /// Returns whether an `nbf` is in the future, with the leeway.
    pub(super) fn is_ahead(&self, begin: Timestamp) -> bool {
        begin > self.now() + self.settings.leeway
    }

    /// Returns whether it could have accepted a token with these claims, and seen the same user in
    /// it: they have its issuer, one of its audiences, no more scope than counts here, no key that
    /// would need a proof, and a form that it accepts.
    pub(super) fn would_accept(&self, claims: &AccessTokenClaims) -> bool {
        let accepted = self.settings.accepted_scope.as_ref();
        self.issuer.accept(claims.issuer().as_str()).is_some()
            && self.audiences.contains(claims.audience())
            && accepted.is_none_or(|accepted| claims.scope().is_subset_of(accepted))
            && (self.settings.accepts_unproven_cnf || !is_bound(claims.extra()))
            && self.would_read(claims.form(), claims.extra())
    }

    fn would_read(&self, form: Form, extra: &Map<String, Value>) -> bool {
        let Form::Verified {
            needs,
            bytes,
            reading,
        } = form
        else {
            return true;
        };
        needs <= self.settings.typ
            && bytes <= self.settings.max_token_bytes
            && reading == self.reading
            && self.check_required(extra).is_ok()
    }

    fn accept(
        &self,
        issuer: Issuer,
        token: &mut ParsedToken<'_>,
        check_expiry: impl Fn(Timestamp) -> Result<(), VerifyError>,
    ) -> Result<AccessTokenClaims, VerifyError> {
        let needs = self.check_signature(token)?;
        let claims = token.claims();
        self.check_required(claims)?;
        let subject = self.subject_of(claims)?;
        let session = self.session_of(claims)?;
        let expires_at = self.expiry(claims)?;
        check_expiry(expires_at)?;
        self.check_begin(claims)?;
        let audience = self.audience_of(claims)?.clone();
        self.check_binding(claims)?;

        // Nothing depends on the others. What is malformed is absent.
        let time = |name| moment(claims.get(name)).unwrap_or_default();
        let (issued_at, auth_time) = (time(IAT), time(AUTH_TIME));
        let scope = self.settings.scope_claims.read(claims);
        let accepted = self.settings.accepted_scope.as_ref();
        let scope = match accepted {
            Some(accepted) => scope.intersection(accepted),
            None => scope,
        };
        let mut extra = token.take_claims();
        let id = extra.remove(JTI);
        for name in READ {
            extra.remove(name);
        }
        if session.is_some() {
            extra.remove(SID);
            extra.remove(GEN);
        }
        Ok(AccessTokenClaims::new(Claims {
            issuer,
            audience,
            subject,
            expires_at,
            issued_at,
            auth_time,
            id: match id {
                Some(Value::String(id)) => Some(id),
                _ => None,
            },
            scope,
            session,
            form: Form::Verified {
                needs,
                bytes: token.bytes(),
                reading: self.reading,
            },
            extra,
        }))
    }
}

/// The claims that have a method of their own.
const READ: [&str; 8] = [ISS, SUB, AUD, EXP, NBF, IAT, AUTH_TIME, SCOPE];
