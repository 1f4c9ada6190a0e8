//! [`AcceptedTyp`] is the kind of token that a header may name.

use super::error::{VerifyError, shown};
use super::error_kind::VerifyErrorKind;
use super::json::Object;

/// The `typ` that a header may have. Each accepts what the one before accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AcceptedTyp {
    /// Only `at+jwt`.
    AccessToken,
    /// Also `JWT`, or no `typ`, but not with claims of other tokens.
    UntypedJwt,
    /// The same, even with the claims of ID tokens.
    IdTokenLike,
}

impl AcceptedTyp {
    /// Returns whether a `typ` is accepted, whatever the claims are.
    pub(super) fn accepts_alone(self, typ: Option<&str>) -> bool {
        self.check(typ, &Object::default()).is_ok()
    }

    /// Checks a `typ` (RFC 9068 section 4). The case of a media type does not matter, and it may
    /// have the prefix `application/` (RFC 7515 section 4.1.9). Of a token without a `typ` of its
    /// own, the claims must not be those of another kind of token. Their signature may not have
    /// been checked yet, so only their names count. Returns what has to be accepted for this token.
    pub(super) fn check(self, typ: Option<&str>, claims: &Object<'_>) -> Result<Self, VerifyError> {
        if typ.is_some_and(is_access_token) {
            return Ok(Self::AccessToken);
        }
        let got = || typ.map_or_else(|| "there is none".to_owned(), shown);
        let refuse = |kind, detail: String| Err(VerifyError::new(kind, detail));
        let is = |name: &str| typ.is_none_or(|typ| typ.eq_ignore_ascii_case(name));
        if !is("jwt") && !is("application/jwt") {
            let detail = format!("{}, and not \"at+jwt\"", got());
            return refuse(VerifyErrorKind::WrongType, detail);
        }
        let has = |name: &&str| claims.get(name).is_some_and(|claim| !claim.is_null());
        if has(&EVENTS) {
            let detail = format!("it has the claim \"{EVENTS}\", as logout tokens have");
            return refuse(VerifyErrorKind::LooksLikeIdToken, detail);
        }
        match OF_ID_TOKENS.iter().find(|name| has(name)) {
            Some(name) if self < Self::IdTokenLike => refuse(
                VerifyErrorKind::LooksLikeIdToken,
                format!(
                    "it has the claim \"{name}\". If the issuer's access tokens have it, call \
                     `accept_id_token_like`"
                ),
            ),
            Some(_) => Ok(Self::IdTokenLike),
            None if self < Self::UntypedJwt => refuse(
                VerifyErrorKind::WrongType,
                format!(
                    "{}, and not \"at+jwt\". If the issuer does not mark its access tokens, \
                     call `accept_untyped_jwt`",
                    got()
                ),
            ),
            None => Ok(Self::UntypedJwt),
        }
    }
}

/// Claims that only ID tokens have (OpenID Connect Core sections 3.1.3.6 and 3.3.2.11).
const OF_ID_TOKENS: [&str; 2] = ["at_hash", "c_hash"];

/// The claim of logout tokens and other events (OpenID Connect Back-Channel Logout section 2.4, RFC
/// 8417 section 2.2).
const EVENTS: &str = "events";

/// Returns whether this is the `typ` of an access token (RFC 9068 section 2.1).
pub(super) fn is_access_token(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}
