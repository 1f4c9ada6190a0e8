//! [`AcceptedTyp`] is the kind of token that a header may name.

use serde_json::{Map, Value};

/// The `typ` that a header may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum AcceptedTyp {
    /// Only `at+jwt`.
    AccessToken,
    /// Also `JWT`, or no `typ`.
    UntypedJwt,
}

impl AcceptedTyp {
    /// Returns whether this `typ` is accepted (RFC 9068 section 4). The case of a media type does
    /// not matter, and it may have the prefix `application/` (RFC 7515 section 4.1.9).
    pub(super) fn includes(self, typ: Option<&str>) -> bool {
        let Some(typ) = typ else {
            return matches!(self, Self::UntypedJwt);
        };
        let is = |name: &str| typ.eq_ignore_ascii_case(name);
        is_access_token(typ)
            || matches!(self, Self::UntypedJwt) && (is("jwt") || is("application/jwt"))
    }

    /// Returns whether the claims show that this is another kind of token, where its `typ` may not
    /// tell.
    pub(super) fn excludes(self, claims: &Map<String, Value>) -> bool {
        matches!(self, Self::UntypedJwt)
            && OF_OTHER_TOKENS
                .iter()
                .any(|&name| claims.contains_key(name))
    }
}

/// Claims that only ID tokens and logout tokens have (OpenID Connect Core sections 3.1.3.6 and
/// 3.3.2.11, Back-Channel Logout section 2.4).
const OF_OTHER_TOKENS: [&str; 3] = ["at_hash", "c_hash", "events"];

/// Returns whether this is the `typ` of an access token (RFC 9068 section 2.1).
pub(super) fn is_access_token(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}
