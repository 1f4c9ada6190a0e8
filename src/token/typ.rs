//! [`AcceptedTyp`]: which kind of token a header may announce.

use serde_json::{Map, Value};

/// Which `typ` a header may have.
#[derive(Clone, Copy, Debug)]
pub(super) enum AcceptedTyp {
    /// `at+jwt` alone.
    AccessToken,
    /// `JWT` too, or none.
    UntypedJwt,
}

impl AcceptedTyp {
    /// RFC 9068 section 4; a media type's name has no case, and may have its prefix (RFC 7515
    /// section 4.1.9).
    pub(super) fn includes(self, typ: Option<&str>) -> bool {
        let Some(typ) = typ else {
            return matches!(self, Self::UntypedJwt);
        };
        let is = |name: &str| typ.eq_ignore_ascii_case(name);
        is_access_token(typ)
            || matches!(self, Self::UntypedJwt) && (is("jwt") || is("application/jwt"))
    }

    /// Whether claims give away a token for another purpose, where its `typ` may not say so.
    pub(super) fn excludes(self, claims: &Map<String, Value>) -> bool {
        matches!(self, Self::UntypedJwt)
            && OF_OTHER_TOKENS
                .iter()
                .any(|&name| claims.contains_key(name))
    }
}

/// What only ID tokens and logout tokens have: OpenID Connect Core section 3.1.3.6 and 3.3.2.11,
/// Back-Channel Logout section 2.4.
const OF_OTHER_TOKENS: [&str; 3] = ["at_hash", "c_hash", "events"];

/// RFC 9068 section 2.1.
pub(super) fn is_access_token(typ: &str) -> bool {
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}
