//! [`LegacyTokens`]: the tokens that an application issued before it used this crate.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::claims::{AccessTokenClaims, Claims};
use super::error::VerifyErrorKind;
use super::legacy_user::LegacyUser;
use super::parsed_token::ParsedToken;
use super::signed_claims::{is_bound, moment};
use super::typ::is_access_token;
use super::verifier::AccessTokenVerifier;
use super::wire::{EXP, IAT, NBF};
use crate::clock::Timestamp;
use crate::keys::KeySet;

/// The tokens that an application issued before it used this crate, accepted until a date: so that
/// deployment day logs nobody out.
///
/// Another key, other claims, another `typ` or none: the application says how its old claims become
/// a [`LegacyUser`]. To a handler they look like tokens of today, with issuer and
/// audience of the layer's own verifier; they belong to no session, so nothing revokes them. What
/// they allow is what the closure grants:
/// [`accepted_scope`](crate::token::AccessTokenVerifierBuilder::accepted_scope) is for issuers.
///
/// **What passes.** A signed JWT of at most 8 KiB by one of the keys, by that key's one algorithm,
/// before `until`; whose `exp`, if it has one, is in the future, and whose `nbf`, if it has one, does
/// not, both give or take the verifier's leeway; whose claims have the type `C`; and which the
/// closure grants something. Of several `LegacyTokens` the first that takes a token counts.
///
/// At `until`, without leeway, they are all refused as expired.
///
/// **What is refused.** Everything else, every token with `typ` `at+jwt`, which is for the layer's
/// verifiers, and every token with `cnf`: nothing here asks for a proof of its key.
///
/// **The closure has to tell access tokens from all others that the same key signed**: refresh
/// tokens, links in mails. It answers `None` to those. Clients that come with a former refresh
/// token are served by the application's former endpoint, which checks it as before and answers
/// with [`Sessions::start`](crate::Sessions::start).
///
/// ```
/// use serde::Deserialize;
/// use tower_bearer::clock::Timestamp;
/// use tower_bearer::keys::Algorithm;
/// use tower_bearer::{BearerAuthLayer, Grant, KeySet, Scope};
/// use tower_bearer::token::{LegacyTokens, LegacyUser};
///
/// // As it was in the application.
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

type ReadUser = dyn Fn(Map<String, Value>) -> Result<LegacyUser, VerifyErrorKind> + Send + Sync;

impl LegacyTokens {
    /// Accepts what `keys` signed, until `until` and not at it. `read` says what the claims of
    /// such a token are worth; `None` refuses it.
    ///
    /// An HMAC secret below its hash's length is not a [`KeySet`], even if the application got by
    /// with it: a person who guesses such a secret logs in as anybody.
    #[must_use]
    pub fn new<C, F>(keys: KeySet, until: Timestamp, read: F) -> Self
    where
        C: DeserializeOwned,
        F: Fn(C) -> Option<LegacyUser> + Send + Sync + 'static,
    {
        let read = move |claims| {
            let claims =
                C::deserialize(Value::Object(claims)).map_err(|_| VerifyErrorKind::Malformed)?;
            // Good, but for another purpose.
            read(claims).ok_or(VerifyErrorKind::WrongType)
        };
        Self {
            keys,
            until,
            read: Arc::new(read),
        }
    }

    /// `today`: whose claims they look like, whose clock counts, and how far it may be off.
    pub(super) fn verify(
        &self,
        token: &ParsedToken<'_>,
        today: &AccessTokenVerifier,
    ) -> Result<AccessTokenClaims, VerifyErrorKind> {
        token
            .jws
            .verify(&self.keys, |typ| !typ.is_some_and(is_access_token))?;
        let claims = token.claims();
        let time = |name| moment(claims.get(name)).map_err(|_| VerifyErrorKind::Malformed);
        let expires_at = time(EXP)?;
        let not_before = time(NBF)?;
        // Nothing here depends on it: the application may have written what it liked.
        let issued_at = time(IAT).unwrap_or_default();
        if today.now() >= self.until || expires_at.is_some_and(|end| today.is_past(end)) {
            return Err(VerifyErrorKind::Expired);
        }
        if not_before.is_some_and(|begin| today.is_ahead(begin)) {
            return Err(VerifyErrorKind::NotYetValid);
        }
        if is_bound(claims) {
            return Err(VerifyErrorKind::ProofNeeded);
        }
        let LegacyUser { subject, grant } = (self.read)(claims.clone())?;
        let end = expires_at.unwrap_or(self.until).min(self.until);
        if subject.as_str().is_empty() {
            return Err(VerifyErrorKind::Malformed);
        }
        // As one of today's: of this verifier's issuer and audience, for what the application
        // grants it.
        Ok(AccessTokenClaims::new(Claims {
            issuer: today.issuer().clone(),
            audience: today.audience().clone(),
            subject,
            expires_at: end,
            issued_at,
            auth_time: None,
            id: None,
            scope: grant.scope().clone(),
            session: None,
            extra: grant.into_extra().map_err(|_| VerifyErrorKind::Malformed)?,
        }))
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
