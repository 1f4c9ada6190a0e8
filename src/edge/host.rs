//! [`OwnOrigin`] is the origin under which a client sees this server.

use http::HeaderMap;
use http::header::HOST;
use http::request::Parts;

/// The origin of a server as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnOrigin<'p> {
    /// The origin that the application configured, with its scheme.
    Public(&'p str),
    /// The host that the request names. The scheme is unknown here, since a proxy may change it.
    Host(&'p str),
}

impl OwnOrigin<'_> {
    /// Returns whether the value of an `Origin` header names this server.
    pub(crate) fn is_named_by(self, header: &str) -> bool {
        match self {
            Self::Public(origin) => header.eq_ignore_ascii_case(origin),
            Self::Host(host) => header
                .split_once("://")
                .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host)),
        }
    }
}

/// Returns the authority that a request is for (RFC 9110 section 7.2). `None` means that it names
/// none, or two.
pub(crate) fn host(parts: &Parts) -> Option<&str> {
    match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => only(&parts.headers),
    }
    .filter(|host| !host.is_empty())
}

fn only(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(HOST).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()
}
