//! The token among the protocols that a page offers when it opens a WebSocket (RFC 6455 section
//! 11.3.4).

use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{HeaderMap, HeaderValue};

use crate::bearer::credentials::Malformed;

pub(in crate::bearer) fn token(headers: &HeaderMap) -> Result<Option<&str>, Malformed> {
    let lines = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut tokens = lines
        .flat_map(entries)
        .filter_map(|entry| entry.strip_prefix(PREFIX));
    let token = tokens.next();
    if tokens.next().is_some() {
        return Err(Malformed::SeveralTokens);
    }
    match token {
        Some("") => Err(Malformed::NoTokenInProtocol),
        token => Ok(token),
    }
}

/// Removes the token, and keeps the other protocols in their order. A line that is not text is
/// removed, because it may have a token.
pub(in crate::bearer) fn strip(headers: &mut HeaderMap) {
    let lines = headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let others: Vec<&str> = lines
        .flat_map(entries)
        .filter(|entry| !entry.starts_with(PREFIX))
        .collect();
    match HeaderValue::try_from(others.join(", ")) {
        Ok(others) if !others.is_empty() => drop(headers.insert(SEC_WEBSOCKET_PROTOCOL, others)),
        _ => drop(headers.remove(SEC_WEBSOCKET_PROTOCOL)),
    }
}

fn entries(line: &str) -> impl Iterator<Item = &str> {
    line.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

const PREFIX: &str = "bearer.";
