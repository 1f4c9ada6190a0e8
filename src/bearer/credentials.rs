//! The token in the `Authorization` header, and why a credential is malformed.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::browser::SeveralCookies;

/// Returns the token of the `Authorization` header (RFC 6750 section 2.1, RFC 9110 section 11.4).
///
/// It is `None` without the header, and for another scheme. Tokens in the query string or in a form
/// are ignored (RFC 9700 section 4.3.2).
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, Malformed> {
    bearer_credentials(headers)?.map(check_token68).transpose()
}

/// Returns what the header has behind `Bearer`. Its characters are not checked.
pub(super) fn bearer_credentials(headers: &HeaderMap) -> Result<Option<&[u8]>, Malformed> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    // More than one method is an invalid request (RFC 6750 section 3.1). They are counted only
    // where some header is repeated: there are more values than names.
    let has_repeated = headers.len() > headers.keys_len();
    if has_repeated && headers.get_all(AUTHORIZATION).iter().count() > 1 {
        return Err(Malformed::SeveralHeaders);
    }
    let Some((scheme, rest)) = value.as_bytes().split_at_checked(BEARER.len()) else {
        return Ok(None);
    };
    // The scheme is case-insensitive (RFC 9110 section 11.1), and ends here.
    let ends = rest.first().is_none_or(|byte| b" \t".contains(byte));
    if !ends || !scheme.eq_ignore_ascii_case(BEARER) {
        return Ok(None);
    }
    // `1*SP`: a tab is not a space, and no token begins with one.
    let spaces = rest.iter().take_while(|&&byte| byte == b' ').count();
    Ok(Some(&rest[spaces..]))
}

const BEARER: &[u8] = b"bearer";

/// Checks that these are the characters of a token.
pub(super) fn check_token68(token: &[u8]) -> Result<&str, Malformed> {
    if !is_token68(token) {
        return Err(Malformed::NoToken);
    }
    std::str::from_utf8(token).map_err(|_| Malformed::NoToken)
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
    // Every request has hundreds of characters. It looks at all of them without a branch, so that
    // the compiler checks 16 at once.
    !body.is_empty()
        && body
            .iter()
            .fold(true, |all, &byte| all & is_token_byte(byte))
}

/// Returns whether a token may have this character (RFC 9110 section 11.2).
fn is_token_byte(byte: u8) -> bool {
    // `-`, `.`, `/` and the digits are next to each other.
    let is_digit = byte.wrapping_sub(b'-') <= b'9' - b'-';
    let is_letter = (byte | 0x20).wrapping_sub(b'a') <= b'z' - b'a';
    is_digit | is_letter | (byte == b'_') | (byte == b'~') | (byte == b'+')
}

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
    fn only_a_second_header_of_this_name_is_one_too_many() {
        let mut headers = HeaderMap::new();
        for value in ["text/html", "application/json"] {
            headers.append("accept", value.parse().unwrap());
        }
        headers.append(AUTHORIZATION, "Bearer a.b".parse().unwrap());
        assert_eq!(bearer_token(&headers), Ok(Some("a.b")));
        headers.append(AUTHORIZATION, "Basic YTpi".parse().unwrap());
        assert_eq!(bearer_token(&headers), Err(Malformed::SeveralHeaders));
        headers.remove("accept");
        assert_eq!(bearer_token(&headers), Err(Malformed::SeveralHeaders));
    }

    #[test]
    fn another_scheme_is_no_credentials() {
        for value in ["Basic YTpi", "Bearertoken", "", "Digest a=b"] {
            assert_eq!(read(value), Ok(None), "{value}");
        }
    }

    #[test]
    fn each_byte_is_a_character_of_a_token_or_is_not() {
        for byte in 0..=u8::MAX {
            let is_one = byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
            assert_eq!(is_token_byte(byte), is_one, "{byte}");
            // At each place of a token that is longer than the compiler's steps.
            for place in [0, 15, 16, 31, 32, 99] {
                let mut token = [b'a'; 100];
                token[place] = byte;
                let is_padding = byte == b'=' && place == 99;
                assert_eq!(
                    is_token68(&token),
                    is_one || is_padding,
                    "{byte} at {place}"
                );
            }
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
