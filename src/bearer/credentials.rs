//! The token in the `Authorization` header, and why a credential is malformed.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::browser::SeveralCookies;

/// Returns the token of the `Authorization` header (RFC 6750 section 2.1, RFC 9110 section 11.4).
///
/// It is `None` without the header, and for another scheme. Tokens in the query string or in a form
/// are ignored (RFC 9700 section 4.3.2).
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, Malformed> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    // More than one method is an invalid request (RFC 6750 section 3.1).
    if values.next().is_some() {
        return Err(Malformed::SeveralHeaders);
    }
    let value = value.as_bytes();
    let scheme_end = value
        .iter()
        .position(|byte| b" \t".contains(byte))
        .unwrap_or(value.len());
    let (scheme, rest) = value.split_at(scheme_end);
    // The scheme is case-insensitive (RFC 9110 section 11.1).
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Ok(None);
    }
    // `1*SP`: a tab is not a space, and no token begins with one.
    let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
    let token = &rest[spaces..];
    if !is_token68(token) {
        return Err(Malformed::NoToken);
    }
    std::str::from_utf8(token)
        .map(Some)
        .map_err(|_| Malformed::NoToken)
}

/// Why the credentials of a request are malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    SeveralHeaders,
    NoToken,
    NoTokenInProtocol,
    SeveralTokens,
}

impl From<SeveralCookies> for Malformed {
    fn from(_: SeveralCookies) -> Self {
        Self::SeveralTokens
    }
}

impl Malformed {
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::SeveralHeaders => "more than one Authorization header",
            Self::NoToken => "the Authorization header has no token",
            Self::NoTokenInProtocol => "the WebSocket protocol has no token",
            Self::SeveralTokens => "more than one access token",
        }
    }
}

/// Returns whether this is a `token68 = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" )
/// *"="` (RFC 9110 section 11.2).
fn is_token68(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|&&byte| byte == b'=').count();
    let body = &token[..token.len() - padding];
    !body.is_empty() && body.iter().all(|&byte| TOKEN68[usize::from(byte)])
}

/// The characters of a token (RFC 9110 section 11.2). It is a table, because every request has
/// hundreds of characters.
const TOKEN68: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let letter = byte as u8;
        allowed[byte] = letter.is_ascii_alphanumeric()
            || matches!(letter, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        byte += 1;
    }
    allowed
};

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &'static str) -> Result<Option<String>, Malformed> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().unwrap());
        bearer_token(&headers).map(|token| token.map(str::to_owned))
    }

    #[test]
    fn the_scheme_has_no_case() {
        for value in ["Bearer a.b", "bearer a.b", "BEARER a.b", "bEaReR  a.b"] {
            assert_eq!(read(value), Ok(Some("a.b".to_owned())), "{value}");
        }
    }

    #[test]
    fn another_scheme_is_no_credentials() {
        for value in ["Basic YTpi", "Bearertoken", "", "Digest a=b"] {
            assert_eq!(read(value), Ok(None), "{value}");
        }
    }

    #[test]
    fn what_is_no_token68_is_malformed() {
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer a b",
            "Bearer\ta",
            "Bearer a,b",
            "Bearer =",
            "Bearer a=b",
            "Bearer \"a\"",
            "Bearer \u{e9}",
        ] {
            assert_eq!(read(value), Err(Malformed::NoToken), "{value}");
        }
        assert_eq!(
            read("Bearer a-._~+/Z9=="),
            Ok(Some("a-._~+/Z9==".to_owned()))
        );
    }
}
