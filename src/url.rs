//! [`HttpUrl`] is a URL in a configuration, checked when it is parsed.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use http::Uri;

use crate::error::ConfigError;

/// An absolute `https` URL, or an `http` one where that was allowed, without user, query and
/// fragment.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    text: Arc<str>,
    uri: Uri,
}

impl HttpUrl {
    /// Parses a URL. `may_be_plain` says whether `http` is allowed for this host.
    pub(crate) fn parse(text: &str, may_be_plain: fn(&str) -> bool) -> Result<Self, ConfigError> {
        let shown = shown(text);
        let refuse = |why: &str| Err(ConfigError::new(format!("{shown} {why}")));
        let Ok(uri) = text.parse::<Uri>() else {
            return refuse("is not a URL. Try: https://id.example.com");
        };
        let Some((authority, host)) = uri.authority().zip(uri.host()) else {
            return refuse("is not an absolute URL. Try: https://id.example.com");
        };
        if authority.as_str().contains('@') {
            return refuse("has a user name before its host. Leave it out");
        }
        // `Uri` drops a fragment.
        if text.contains('#') || uri.query().is_some() {
            return refuse("has a query or a fragment, which is not allowed here. Leave it out");
        }
        // The URL may end up between quotes, and in a router.
        let is_plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%[]".contains(&byte);
        let is_port = |port: &str| {
            port.is_empty()
                || port
                    .strip_prefix(':')
                    .is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
        };
        if !text.bytes().all(is_plain)
            || host.is_empty()
            || !authority.as_str().strip_prefix(host).is_some_and(is_port)
        {
            return refuse(
                "has a character, a host or a port that is not allowed. \
                 Try: https://id.example.com",
            );
        }
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if may_be_plain(host) => {}
            _ => {
                return refuse(
                    "does not begin with https. Plain http is allowed only for this machine",
                );
            }
        }
        Ok(Self {
            text: text.into(),
            uri,
        })
    }

    /// Parses an origin (RFC 6454) in the form that browsers send: a scheme, a host, and a port
    /// where it is not the default one. Upper case becomes lower case (RFC 6454 section 4).
    pub(crate) fn parse_origin(text: &str) -> Result<Self, ConfigError> {
        refuse_wildcard(text)?;
        // Browsers resolve `*.localhost` themselves.
        let is_local = |host: &str| is_loopback(host) || host.ends_with(".localhost");
        let lower = text.to_ascii_lowercase();
        let url = Self::parse(&lower, is_local)?;
        let (scheme, port) = (url.uri.scheme_str(), url.uri.port_u16());
        let default = if scheme == Some("https") { 443 } else { 80 };
        let host = url.uri.host().unwrap_or_default();
        let sent = match port.filter(|&port| port != default) {
            Some(port) => format!("{}://{host}:{port}", scheme.unwrap_or_default()),
            None => format!("{}://{host}", scheme.unwrap_or_default()),
        };
        if sent != lower {
            return Err(ConfigError::new(format!(
                "{text:?} is not an origin: a scheme, a host, and a port where it is not the \
                 default one, as in https://app.example.com"
            )));
        }
        Ok(url)
    }

    /// Returns the URL as it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the URL without a slash at its end, as a well-known URL is made from it (RFC 8414
    /// section 3.1).
    pub(crate) fn without_slash(&self) -> Self {
        let text = self.text.trim_end_matches('/');
        text.parse().map_or_else(
            |_| self.clone(),
            |uri| Self {
                text: text.into(),
                uri,
            },
        )
    }

    /// Returns the path, or nothing where it is a single slash (RFC 9728 section 3.1, RFC 8414
    /// section 3.1).
    fn path(&self) -> &str {
        Some(self.uri.path())
            .filter(|&path| path != "/")
            .unwrap_or_default()
    }

    /// Returns the URL of a well-known document about this URL. The well-known path goes between
    /// its host and its path (RFC 8414 section 3.1, RFC 9728 section 3.1).
    pub(crate) fn well_known(&self, name: &str) -> String {
        format!("{}{}", self.origin(), self.well_known_path(name))
    }

    /// Returns the path of that document.
    pub(crate) fn well_known_path(&self, name: &str) -> String {
        format!("{WELL_KNOWN}{name}{}", self.path())
    }

    /// Returns the paths where clients look for that document: at the root, and with the path of
    /// this URL behind it, if it has one.
    pub(crate) fn well_known_paths(&self, name: &str) -> impl Iterator<Item = String> + use<> {
        let behind = (!self.path().is_empty()).then(|| self.well_known_path(name));
        std::iter::once(format!("{WELL_KNOWN}{name}")).chain(behind)
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> String {
        let (scheme, authority) = (
            self.uri.scheme_str().unwrap_or_default(),
            self.uri.authority().map_or("", |name| name.as_str()),
        );
        format!("{scheme}://{authority}")
    }
}

/// Refuses an origin with a `*`, which no browser sends.
pub(crate) fn refuse_wildcard(origin: &str) -> Result<(), ConfigError> {
    if !origin.contains('*') {
        return Ok(());
    }
    Err(ConfigError::new(format!(
        "{} has a `*`, but origins are compared as a whole: list each origin, as in \
         https://app.example.com",
        shown(origin)
    )))
}

/// Returns the URL as an error may show it.
fn shown(text: &str) -> String {
    if text.contains('@') {
        // A password may come before the `@`.
        return "the URL".to_owned();
    }
    // A long URL came from an issuer, not from a configuration.
    format!("{:?}", text.chars().take(MAX_SHOWN).collect::<String>())
}

const MAX_SHOWN: usize = 200;
const WELL_KNOWN: &str = "/.well-known/";

/// Returns whether a host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || bare.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

impl fmt::Debug for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_leads_to_this_machine_alone() {
        for good in [
            "https://id.example.com",
            "https://id.example.com:8443/a/b",
            "http://127.0.0.1:3000",
            "http://localhost/x",
            "http://[::1]:1",
        ] {
            assert!(HttpUrl::parse(good, is_loopback).is_ok(), "{good}");
        }
        for bad in [
            "http://id.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
        ] {
            assert!(HttpUrl::parse(bad, is_loopback).is_err(), "{bad}");
            assert!(HttpUrl::parse(bad, |_| true).is_ok(), "{bad}");
        }
    }

    #[test]
    fn what_is_not_a_plain_url_is_refused() {
        for bad in [
            "",
            "id.example.com",
            "/path",
            "ftp://a.b",
            "https://",
            "https://a@b.c",
            "https://a.b/?q",
            "https://a.b/#f",
            "https://a b",
        ] {
            assert!(HttpUrl::parse(bad, |_| true).is_err(), "{bad}");
        }
    }

    #[test]
    fn no_error_shows_a_password() {
        for bad in [
            "https://user:hunter2@a.b",
            "https://user:hunter2 @a.b",
            "user:hunter2@a.b",
            "https://a b/user:hunter2@c",
        ] {
            let error = HttpUrl::parse(bad, |_| true).unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
