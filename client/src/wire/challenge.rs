//! What a response says about the access token.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, StatusCode};

/// Whether the access token is no longer accepted (RFC 6750 section 3.1). A new token would not fix
/// any other 401. gRPC says it with status 16, and with the same header.
pub(crate) fn refuses_token(status: StatusCode, headers: &HeaderMap) -> bool {
    let is_refusal = status == StatusCode::UNAUTHORIZED
        || headers
            .get("grpc-status")
            .is_some_and(|status| status == "16");
    let mut challenges = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    is_refusal && challenges.any(is_invalid_token)
}

/// One header may hold the challenges of several schemes (RFC 9110 section 11.6.1), and quoted text
/// may hold commas.
fn is_invalid_token(challenges: &str) -> bool {
    let (mut quoted, mut escaped, mut bearer) = (false, false, false);
    let parts = challenges.split(|character| {
        quoted ^= character == '"' && !escaped;
        escaped = quoted && character == '\\' && !escaped;
        character == ',' && !quoted
    });
    parts.map(str::trim).any(|part| {
        let parameter = match part.split_once([' ', '\t']) {
            // There may be spaces around the `=` of a parameter (RFC 9110 section 11.2).
            Some((scheme, rest)) if !scheme.contains('=') && !rest.trim().starts_with('=') => {
                bearer = scheme.eq_ignore_ascii_case("bearer");
                rest
            }
            _ => part,
        };
        let error = parameter
            .split_once('=')
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("error"));
        bearer && error.is_some_and(|(_, value)| value.trim().trim_matches('"') == "invalid_token")
    })
}
