//! [`Edge`] holds what an application says about the network in front of it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::request::Parts;

use super::client_address::ClientAddress;
use super::doubt::Doubt;
use super::host::{OwnOrigin, host};
use super::proxies::TrustedProxies;
use crate::error::ConfigError;
use crate::url::HttpUrl;

/// Describes the network in front of an application. By default nothing is trusted.
#[derive(Default)]
pub(crate) struct Edge {
    public_origin: Option<HttpUrl>,
    proxies: TrustedProxies,
    connection: Option<Arc<Connection>>,
}

type Connection = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;

impl Edge {
    /// Sets the origin under which clients see this server, as in `https://api.example.com`. It
    /// replaces `Host` wherever an origin is compared.
    ///
    /// # Errors
    ///
    /// The text is not an origin.
    pub(crate) fn set_public_origin(&mut self, origin: &str) -> Result<(), ConfigError> {
        self.public_origin = Some(HttpUrl::parse_origin(origin)?);
        Ok(())
    }

    /// Sets the proxies whose `Forwarded` or `X-Forwarded-For` counts, as addresses and networks:
    /// `10.0.0.0/8`, `::1`. They replace those that were set before.
    ///
    /// # Errors
    ///
    /// One of them is not a network, or contains every address.
    pub(crate) fn set_trusted_proxies<T: AsRef<str>>(
        &mut self,
        proxies: impl IntoIterator<Item = T>,
    ) -> Result<(), ConfigError> {
        self.proxies = TrustedProxies::parse(proxies)?;
        Ok(())
    }

    /// Sets how the address of the connection is found. This is the other end of the connection,
    /// whether client or proxy. Without this closure, and where it returns `None`, the address is
    /// that of the extension [`ClientAddress`].
    pub(crate) fn set_client_address<F>(&mut self, connection: F)
    where
        F: Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    {
        self.connection = Some(Arc::new(connection));
    }

    /// Returns the IP address of the client.
    ///
    /// It is the address of the connection, unless that is a [trusted
    /// proxy](TrustedProxies::client).
    ///
    /// IPv4 inside IPv6 is IPv4. `None` means that the address of the connection is not known, so
    /// no header is read.
    pub(crate) fn client_address(&self, parts: &Parts) -> Option<IpAddr> {
        Some(self.proxies.client(self.peer(parts)?, &parts.headers))
    }

    /// Returns why this address may be that of all clients, if it may.
    pub(crate) fn doubt(&self, parts: Option<&Parts>) -> Option<Doubt> {
        match parts.and_then(|parts| Some((self.peer(parts)?, &parts.headers))) {
            Some((peer, headers)) => self.proxies.doubt(peer, headers),
            None if self.connection.is_some() => Some(Doubt::NotFound),
            None => Some(Doubt::NotAsked),
        }
    }

    /// Returns the address at the other end of the connection.
    fn peer(&self, parts: &Parts) -> Option<IpAddr> {
        let found = self
            .connection
            .as_ref()
            .and_then(|connection| connection(parts));
        let extension = || Some(parts.extensions.get::<ClientAddress>()?.ip());
        Some(found.or_else(extension)?.to_canonical())
    }

    /// Returns the origin that the application configured.
    #[cfg(feature = "cookie")]
    pub(crate) fn public_origin(&self) -> Option<&str> {
        self.public_origin.as_ref().map(HttpUrl::as_str)
    }

    /// Returns the origin of this server as the client sees it.
    pub(crate) fn origin<'p>(&'p self, parts: &'p Parts) -> Option<OwnOrigin<'p>> {
        match &self.public_origin {
            Some(origin) => Some(OwnOrigin::Public(origin.as_str())),
            None => host(parts).map(OwnOrigin::Host),
        }
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edge")
            .field("public_origin", &self.public_origin)
            .field("trusted_proxies", &self.proxies.networks())
            .field("finds_client_address", &self.connection.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    const PROXIES: [&str; 3] = ["10.0.0.0/8", "::1", "2001:db8:aaaa::/48"];

    fn edge(proxies: &[&str]) -> Edge {
        let mut edge = Edge::default();
        edge.set_trusted_proxies(proxies).unwrap();
        edge
    }

    fn parts(peer: Option<&str>, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        if let Some(peer) = peer {
            parts
                .extensions
                .insert(ClientAddress::from(peer.parse::<IpAddr>().unwrap()));
        }
        parts
    }

    fn client(edge: &Edge, peer: &str, headers: &[(&str, &str)]) -> String {
        edge.client_address(&parts(Some(peer), headers))
            .unwrap()
            .to_string()
    }

    #[test]
    fn without_trusted_proxies_no_header_is_read() {
        let headers = [
            ("x-forwarded-for", "1.1.1.1"),
            ("forwarded", "for=1.1.1.1"),
            ("x-real-ip", "1.1.1.1"),
        ];
        for peer in ["127.0.0.1", "10.0.0.1", "::1", "203.0.113.5"] {
            assert_eq!(client(&Edge::default(), peer, &headers), peer);
        }
    }

    #[test]
    fn the_address_of_a_connection_comes_from_the_closure_before_the_extension() {
        let mut edge = edge(&PROXIES);
        let headers = [("x-forwarded-for", "203.0.113.5")];
        assert_eq!(edge.client_address(&parts(None, &headers)), None);
        edge.set_client_address(|parts| {
            parts
                .extensions
                .get::<std::net::SocketAddr>()
                .map(std::net::SocketAddr::ip)
        });
        assert_eq!(edge.client_address(&parts(None, &headers)), None);
        assert_eq!(client(&edge, "198.51.100.7", &headers), "198.51.100.7");
        let mut parts = parts(Some("198.51.100.7"), &headers);
        let mapped: std::net::SocketAddr = "[::ffff:10.0.0.1]:80".parse().unwrap();
        parts.extensions.insert(mapped);
        assert_eq!(
            edge.client_address(&parts),
            Some("203.0.113.5".parse().unwrap())
        );
    }

    #[test]
    fn the_public_origin_replaces_host() {
        let mut edge = Edge::default();
        let plain = parts(None, &[("host", "internal:8080")]);
        let seen = edge.origin(&plain).unwrap();
        assert!(
            seen.is_named_by("https://internal:8080") && seen.is_named_by("http://INTERNAL:8080")
        );
        for other in [
            "https://internal",
            "internal:8080",
            "https://x@internal:8080",
            "null",
            "",
        ] {
            assert!(!seen.is_named_by(other), "{other}");
        }
        edge.set_public_origin("https://api.example.com").unwrap();
        let seen = edge.origin(&plain).unwrap();
        assert!(
            seen.is_named_by("https://api.example.com")
                && seen.is_named_by("https://API.example.com")
        );
        for other in [
            "http://api.example.com",
            "https://internal:8080",
            "https://api.example.com:8443",
            "null",
        ] {
            assert!(!seen.is_named_by(other), "{other}");
        }
    }

    #[test]
    fn two_hosts_or_none_are_not_an_origin() {
        let edge = Edge::default();
        assert_eq!(edge.origin(&parts(None, &[])), None);
        assert_eq!(
            edge.origin(&parts(None, &[("host", "a"), ("host", "a")])),
            None
        );
        assert_eq!(edge.origin(&parts(None, &[("host", "")])), None);
        assert_eq!(edge.origin(&parts(None, &[("host", "\u{e4}")])), None);
        let absolute = Request::get("https://a:1/x")
            .header("host", "b")
            .body(())
            .unwrap()
            .into_parts()
            .0;
        assert_eq!(edge.origin(&absolute), Some(OwnOrigin::Host("a:1")));
    }

    #[test]
    fn what_is_not_an_origin_or_a_network_is_an_error() {
        let mut edge = Edge::default();
        for bad in [
            "https://api.example.com/",
            "api.example.com",
            "http://api.example.com",
            "https://api.example.com:443",
            "*",
        ] {
            assert!(edge.set_public_origin(bad).is_err(), "{bad}");
        }
        edge.set_public_origin("http://localhost:3000").unwrap();
        assert!(
            edge.set_trusted_proxies(["10.0.0.0/8", "0.0.0.0/0"])
                .is_err()
        );
        assert!(edge.set_trusted_proxies(["proxy.internal"]).is_err());
    }
}
