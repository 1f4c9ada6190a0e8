//! Whether a browser keeps a cookie of this server, and sends it back.

use http::header::ORIGIN;
use http::request::Parts;

use super::caller::is_web;
use super::cross_site::{FETCH_SITE, text};
use crate::edge::Edge;
use crate::url::is_loopback;

/// Returns whether a browser certainly treats the page and this server as different sites.
///
/// `Sec-Fetch-Site` says so. Without it, the scheme of an app does, and the public origin. `Host`
/// does not: a proxy may have changed it, or a server that renders pages sends the request.
pub(crate) fn is_another_site(parts: &Parts, edge: &Edge) -> bool {
    match text(&parts.headers, FETCH_SITE) {
        Some(site) => site == "cross-site",
        None => text(&parts.headers, ORIGIN.as_str()).is_some_and(|origin| {
            let own = edge.public_origin();
            !is_web(origin) || own.is_some_and(|own| are_different_sites(origin, own))
        }),
    }
}

/// Returns whether two origins are certainly different sites. Without the list of public suffixes,
/// two names that share their last two labels may be one site.
pub(crate) fn are_different_sites(origin: &str, own: &str) -> bool {
    if !is_web(origin) {
        return true;
    }
    let scheme = |origin: &str| {
        origin
            .split_once("://")
            .map(|(scheme, _)| scheme.to_owned())
    };
    if scheme(origin) != scheme(own) {
        return true;
    }
    let (one, other) = (host_of(origin), host_of(own));
    if one.eq_ignore_ascii_case(other) {
        return false;
    }
    let is_address =
        |host: &str| host.starts_with('[') || host.ends_with(|last: char| last.is_ascii_digit());
    let end = |host: &str| {
        let mut labels: Vec<&str> = host.rsplit('.').take(2).collect();
        labels.reverse();
        labels.join(".").to_ascii_lowercase()
    };
    is_address(one) || is_address(other) || end(one) != end(other)
}

/// Returns whether a page says that it was loaded via plain `http`, from a host that is not this
/// machine. A browser then drops `Secure` cookies.
pub(crate) fn is_plain_http(parts: &Parts) -> bool {
    plain_host(parts).is_some_and(|host| !is_loopback(host) && !host.ends_with(".localhost"))
}

/// Returns whether Safari says that its page was loaded via plain `http`. It drops `Secure` cookies
/// of `localhost` too.
pub(crate) fn is_safari_via_plain_http(parts: &Parts) -> bool {
    let agent = text(&parts.headers, "user-agent").unwrap_or_default();
    let is_safari =
        agent.contains("AppleWebKit/") && agent.contains("Safari/") && !agent.contains("Chrom");
    is_safari && plain_host(parts).is_some()
}

fn plain_host(parts: &Parts) -> Option<&str> {
    let origin = text(&parts.headers, ORIGIN.as_str())?;
    origin.starts_with("http://").then(|| host_of(origin))
}

/// Returns the host of an origin, or of a host with a port.
fn host_of(origin: &str) -> &str {
    let authority = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_told_apart_where_that_is_certain() {
        for (origin, own) in [
            ("https://shop.example", "https://api.example.com"),
            ("https://example.org", "https://example.com"),
            ("http://app.example.com", "https://api.example.com"),
            ("tauri://localhost", "https://api.example.com"),
            ("http://localhost:5173", "https://api.example.com"),
            ("http://192.168.0.7:3000", "http://192.168.0.8:3000"),
        ] {
            assert!(are_different_sites(origin, own), "{origin} {own}");
        }
        for (origin, own) in [
            ("https://app.example.com", "https://api.example.com:8443"),
            ("https://example.com", "https://api.example.com"),
            ("https://app.example.com.", "https://api.example.com"),
            ("http://localhost:5173", "http://localhost:3000"),
            ("http://192.168.0.7:3000", "http://192.168.0.7:4000"),
            ("http://[::1]:3000", "http://[::1]:4000"),
        ] {
            assert!(!are_different_sites(origin, own), "{origin} {own}");
        }
    }
}
