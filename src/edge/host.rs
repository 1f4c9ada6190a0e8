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
        let Some((scheme, named)) = header.split_once("://") else {
            return false;
        };
        let own = match self {
            Self::Host(host) => Some(host),
            Self::Public(origin) => origin
                .split_once("://")
                .filter(|(own, _)| own.eq_ignore_ascii_case(scheme))
                .map(|(_, authority)| authority),
        };
        own.is_some_and(|own| are_same(scheme, named, own))
    }
}

/// Returns whether two authorities are the same host and port. A client may leave out the default
/// port of the scheme, and write a dot after a full name.
fn are_same(scheme: &str, named: &str, own: &str) -> bool {
    let split = |authority| {
        let (host, port) = split_port(authority);
        let is_default = (scheme.eq_ignore_ascii_case("https") && port == "443")
            || (scheme.eq_ignore_ascii_case("http") && port == "80");
        let host: &str = host.strip_suffix('.').unwrap_or(host);
        (host, if is_default { "" } else { port })
    };
    let ((named, port), (own, own_port)) = (split(named), split(own));
    !named.is_empty() && named.eq_ignore_ascii_case(own) && port == own_port
}

/// Splits an authority into its host and its port, which may be empty.
fn split_port(authority: &str) -> (&str, &str) {
    authority
        .rsplit_once(':')
        .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
        .unwrap_or((authority, ""))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_port_and_the_last_dot_do_not_count() {
        for (header, host) in [
            ("https://a.test", "a.test"),
            ("https://a.test", "A.test:443"),
            ("https://a.test:443", "a.test"),
            ("http://a.test", "a.test:80"),
            ("HTTP://a.test", "a.test:80"),
            ("https://a.test", "a.test."),
            ("https://a.test.", "a.test"),
            ("https://a.test", "a.test.:443"),
            ("https://a.test:8443", "a.test.:8443"),
            ("https://a.test", "a.test:"),
            ("https://[::1]", "[::1]:443"),
            ("http://127.0.0.1", "127.0.0.1:80"),
        ] {
            assert!(OwnOrigin::Host(host).is_named_by(header), "{header} {host}");
        }
        for (header, host) in [
            ("https://a.test", "a.test:80"),
            ("http://a.test", "a.test:443"),
            ("https://a.test:80", "a.test"),
            ("https://a.test", "a.test:8443"),
            ("https://a.test:8443", "a.test"),
            ("https://a.test", "a.test.."),
            ("https://a.test.evil.test", "a.test."),
            ("https://a.test", "a.test:443:443"),
            ("https://[::1]", "[::2]:443"),
            ("https://", "."),
            ("https://.", ":443"),
            ("a.test", "a.test"),
            ("null", "null"),
        ] {
            assert!(
                !OwnOrigin::Host(host).is_named_by(header),
                "{header} {host}"
            );
        }
        let public = OwnOrigin::Public("https://a.test");
        for header in ["https://a.test", "https://a.test:443", "https://A.test."] {
            assert!(public.is_named_by(header), "{header}");
        }
        for header in ["http://a.test", "http://a.test:443", "https://a.test:8443"] {
            assert!(!public.is_named_by(header), "{header}");
        }
    }
}
