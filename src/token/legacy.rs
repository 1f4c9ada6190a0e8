//! [`LegacyTokens`] are the tokens that an application issued before it used this crate.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::checks::{SECONDS, invalid};
use super::claim_form::{is_bound, moment};
use super::claims::{AccessTokenClaims, Claims};
use super::error::VerifyError;
use super::error_kind::VerifyErrorKind;
use super::form::Form;
use super::legacy_user::LegacyUser;
use super::parsed_token::{MAX_TOKEN_BYTES, ParsedToken};
use super::signer::SignError;
use super::text::{Late, TokenText};
use super::typ::is_access_token;
use super::typed::read_all;
use super::verifier::AccessTokenVerifier;
use super::wire::{EXP, IAT, NBF};
use crate::clock::Timestamp;
use crate::keys::KeySet;
use crate::once::DoneIn;
use crate::shown::OneLine;

/// The tokens that an application issued before it used this crate, accepted until a date, so that
/// the first deployment does not log users out.
///
/// They may have another key, other claims, and another `typ` or none. The application says how the
/// old claims become a [`LegacyUser`]. For a handler they look like current tokens, with the issuer
/// and the audience of the layer's own verifier. They do not belong to a session, so they cannot be
/// revoked. They allow what the closure grants:
/// [`accepted_scope`](crate::token::AccessTokenVerifierBuilder::accepted_scope) does not apply to
/// them.
///
/// **What passes.** Before `until`, a JWT of at most 16 KiB that one of the keys signed, with that
/// key's one algorithm. Its `exp`, if present, is in the future, and its `nbf`, if present, is not,
/// with the verifier's leeway on both. Its claims have the type `C`, and the closure returns a user
/// for them. Of several `LegacyTokens` the first that accepts a token counts.
///
/// From `until` on, without leeway, they are all refused as expired.
///
/// **What is refused.** Everything else. This includes every token with the `typ` `at+jwt`, which
/// is for the layer's verifiers, and every token with `cnf`, because nothing here asks for a proof
/// of its key.
///
/// **The closure has to distinguish access tokens from all others that the same key signed**:
/// refresh tokens, or links in mails. It returns `None` for those. Keep the application's old
/// refresh endpoint for clients with an old refresh token: it checks the token as before, and
/// responds with new tokens from [`Sessions::start`](crate::Sessions::start).
///
/// ```
/// use serde::Deserialize;
/// use tower_bearer::clock::Timestamp;
/// use tower_bearer::keys::Algorithm;
/// use tower_bearer::{BearerAuthLayer, Grant, KeySet, Scope};
/// use tower_bearer::token::{LegacyTokens, LegacyUser};
///
/// // The claims as the application defined them.
/// #[derive(Deserialize)]
/// struct Claims {
///     user_id: i64,
///     kind: String,
///     is_admin: bool,
/// }
///
/// # fn example(
/// #     layer: BearerAuthLayer,
/// #     old_secret: &str,
/// # ) -> Result<BearerAuthLayer, tower_bearer::ConfigError> {
/// let keys = KeySet::from_hmac_secret(Algorithm::Hs256, old_secret)?;
/// let until = Timestamp::from_secs(1_800_000_000); // 15 January 2027
/// let legacy = LegacyTokens::new(keys, until, |claims: Claims| {
///     let scope = if claims.is_admin { "admin" } else { "" };
///     let grant = Grant::new().with_scope(Scope::from_static(scope));
///     (claims.kind == "access").then(|| LegacyUser::new(claims.user_id).with_grant(grant))
/// });
/// # Ok(layer.with_legacy_tokens(legacy))
/// # }
/// ```
#[derive(Clone)]
pub struct LegacyTokens {
    keys: KeySet,
    until: Timestamp,
    read: Arc<ReadUser>,
}

type ReadUser = dyn Fn(&str) -> Result<LegacyUser, VerifyError> + Send + Sync;

impl LegacyTokens {
    /// Accepts tokens that `keys` signed, before `until` and not at it. `read` returns the user of
    /// such a token, or `None` to refuse the token.
    ///
    /// An HMAC secret that is shorter than its hash, which the application used until now, needs
    /// [`KeySet::dangerous_from_short_hmac_secret`]: an attacker who guesses such a secret can log
    /// in as any user.
    #[must_use]
    pub fn new<C, F>(keys: KeySet, until: Timestamp, read: F) -> Self
    where
        C: DeserializeOwned,
        F: Fn(C) -> Option<LegacyUser> + Send + Sync + 'static,
    {
        let read = move |payload: &str| {
            let claims = serde_json::from_str(payload).map_err(|_| unfit::<C>(payload))?;
            // The token is valid, but it is for another purpose.
            read(claims).ok_or_else(|| VerifyError::new(VerifyErrorKind::WrongType, NO_USER))
        };
        if let Some(untried) = keys.untried() {
            tracing::warn!(error = %OneLine(untried), "some legacy tokens will be refused");
        }
        Self {
            keys,
            until,
            read: Arc::new(read),
        }
    }

    /// Verifies a token. `today` gives it its issuer and audience, and has the clock and the
    /// leeway.
    pub(super) fn verify(
        &self,
        token: &ParsedToken<'_>,
        today: &AccessTokenVerifier,
    ) -> Result<AccessTokenClaims, VerifyError> {
        token.check_size(MAX_TOKEN_BYTES)?;
        token.jws.verify(
            &self.keys,
            |_| true,
            |typ| match typ {
                // It is not a legacy token, so the refusal of the verifiers counts.
                Some(typ) if is_access_token(typ) => Err(VerifyErrorKind::UnknownKey.into()),
                _ => Ok(()),
            },
        )?;
        let claims = token.claims();
        let now = today.now();
        let time = |name: &'static str| {
            moment(claims.get(name)).map_err(|claim| invalid(&name, claim, SECONDS))
        };
        let expires_at = time(EXP)?;
        let not_before = time(NBF)?;
        // Nothing here depends on it, so a malformed value is ignored.
        let issued_at = time(IAT).unwrap_or_default();
        if now >= self.until {
            let until = self.until.as_secs();
            let detail = format!("the date of `LegacyTokens` has passed: {until}");
            return Err(VerifyError::new(VerifyErrorKind::Expired, detail));
        }
        if let Some(end) = expires_at {
            today.check_expiry(end, now)?;
        }
        if let Some(begin) = not_before.filter(|begin| today.is_ahead(*begin, now)) {
            return Err(VerifyError::at(VerifyErrorKind::NotYetValid, begin, now));
        }
        if is_bound(claims) {
            return Err(VerifyErrorKind::ProofNeeded.into());
        }
        let LegacyUser { subject, grant } = (self.read)(token.payload())?;
        let end = expires_at.unwrap_or(self.until).min(self.until);
        if subject.as_str().is_empty() {
            return Err(VerifyError::new(VerifyErrorKind::NoSubject, EMPTY_SUBJECT));
        }
        let scope = grant.scope().clone();
        let extra = grant.into_extra().map_err(|error| {
            let detail = format!(
                "in the closure of `LegacyTokens`, {}",
                SignError::from(error)
            );
            VerifyError::new(VerifyErrorKind::WrongClaim, detail)
        })?;
        // The claims look like those of a current token, with what the application grants.
        Ok(AccessTokenClaims::new(Claims {
            issuer: today.issuer().clone(),
            audience: today.audience().clone(),
            subject: Late::made(subject),
            expires_at: end,
            not_before,
            issued_at,
            auth_time: None,
            id: None,
            scope: Late::made(scope),
            scope_claims: None,
            session: None,
            form: Form::Legacy,
            verifier: 0,
            bytes_read: 0,
            extra: extra.into(),
            text: TokenText::default(),
            receipt_queued: DoneIn::default(),
        }))
    }
}

impl LegacyTokens {
    /// Returns whether these claims of a legacy token may be of one of these.
    pub(super) fn would_accept(&self, claims: &AccessTokenClaims, now: Timestamp) -> bool {
        now < self.until && claims.expires_at() <= self.until
    }
}

/// Says which claim does not have the type that the application expects, and shows no value.
fn unfit<C: DeserializeOwned>(payload: &str) -> VerifyError {
    match serde_json::from_str(payload).map(read_all::<C>) {
        Ok(Err(error)) => VerifyError::new(VerifyErrorKind::InvalidClaim, error.to_string()),
        _ => VerifyErrorKind::Malformed.into(),
    }
}

impl fmt::Debug for LegacyTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegacyTokens")
            .field("keys", &self.keys)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

const NO_USER: &str = "the closure of `LegacyTokens` returned `None` for its claims";
const EMPTY_SUBJECT: &str = "that of the closure of `LegacyTokens` is empty";
