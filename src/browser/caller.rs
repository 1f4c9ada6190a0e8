//! [`Caller`] is where a request came from, in the words of a refusal.

use http::header::ORIGIN;
use http::request::Parts;

use super::cross_site::{FETCH_SITE, text};
use crate::edge::named_host;

/// Where a request comes from that no page of ours made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A page of another site, or of another origin.
    Page,
    /// A page in a native shell or an extension, whose origin has a scheme of its own.
    App,
    /// A page without an origin: a local file, or a sandboxed frame. Or a form on a page whose
    /// `Referrer-Policy` is `no-referrer` (Fetch standard, "append a request `Origin` header").
    Opaque,
    /// The request does not say.
    Unsaid,
}

impl Caller {
    pub(crate) fn of(parts: &Parts) -> Self {
        match text(&parts.headers, ORIGIN.as_str()) {
            Some("null") => Self::Opaque,
            Some(origin) if is_web(origin) => Self::Page,
            Some(origin) if origin.contains("://") => Self::App,
            Some(_) => Self::Page,
            None if parts.headers.contains_key(FETCH_SITE) => Self::Page,
            None => Self::Unsaid,
        }
    }
}

/// What a request says about where it comes from, for the log: shortened and escaped.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) origin: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) fetch_site: Option<String>,
}

impl Claim {
    pub(crate) fn of(parts: &Parts) -> Self {
        let shown = |name: &str| {
            parts
                .headers
                .get(name)
                .map(|value| escaped(value.as_bytes()))
        };
        Self {
            origin: shown(ORIGIN.as_str()),
            host: named_host(parts).map(|host| escaped(host.as_bytes())),
            fetch_site: shown(FETCH_SITE),
        }
    }
}

pub(super) fn is_web(origin: &str) -> bool {
    origin.starts_with("https://") || origin.starts_with("http://")
}

/// Returns text that cannot forge a log line: at most 100 bytes, escaped.
fn escaped(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(MAX_SHOWN)]
        .escape_ascii()
        .to_string()
}

const MAX_SHOWN: usize = 100;
