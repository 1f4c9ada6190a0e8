//! [`TrustedProxies`] say which client is behind them.

use std::net::IpAddr;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};

use super::doubt::Doubt;
use super::forwarded::{X_FORWARDED_FOR, forwarded, x_forwarded_for};
use super::network::Network;
use crate::error::ConfigError;
use crate::once::Once;

/// The proxies whose `Forwarded` and `X-Forwarded-For` count. By default there are none.
#[derive(Default)]
pub(super) struct TrustedProxies {
    networks: Vec<Network>,
    disagreement: Once,
}

impl TrustedProxies {
    /// # Errors
    ///
    /// One of them is not a network, or contains every address.
    pub(super) fn parse<T: AsRef<str>>(
        proxies: impl IntoIterator<Item = T>,
    ) -> Result<Self, ConfigError> {
        let networks = proxies.into_iter().map(|proxy| proxy.as_ref().parse());
        Ok(Self {
            networks: networks.collect::<Result<_, _>>()?,
            disagreement: Once::default(),
        })
    }

    pub(super) fn networks(&self) -> &[Network] {
        &self.networks
    }

    /// Returns the address of the client that is behind this address of a connection.
    ///
    /// Behind a trusted proxy it is the last entry of `Forwarded` or `X-Forwarded-For` that is not
    /// a trusted proxy itself. An entry that is not an address ends the search: the proxy that
    /// reported it counts as the client. Both headers have to lead to the same address, since most
    /// proxies write one of them, and pass the other on as the client sent it. If they do not, the
    /// address of the connection counts.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.contain(peer) {
            return peer;
        }
        let is_there = |name: HeaderName| headers.contains_key(name);
        let x_forwarded = x_forwarded_for(headers);
        if !is_there(FORWARDED) {
            return self.walk(peer, x_forwarded);
        }
        let address = self.walk(peer, forwarded(headers));
        let agrees = || self.walk(peer, x_forwarded) == address;
        if !is_there(X_FORWARDED_FOR) || agrees() {
            return address;
        }
        if self.disagreement.is_first() {
            tracing::warn!(
                proxy = %peer,
                cure = "let the proxy remove the header that it does not write itself",
                "Forwarded and X-Forwarded-For name different clients, so the proxy counts as the \
                 client"
            );
        }
        peer
    }

    /// Returns why this address of a connection may be that of all clients: of a proxy that is not
    /// named, or that names no client.
    pub(super) fn doubt(&self, peer: IpAddr, headers: &HeaderMap) -> Option<Doubt> {
        let names_client = headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR);
        match (self.contain(peer), names_client) {
            (true, false) => Some(Doubt::SilentProxy),
            // A client from outside may send the header too.
            (false, true) => is_inside(peer).then_some(Doubt::UnnamedProxy),
            _ => None,
        }
    }

    /// Follows the entries from a trusted proxy to its client, for as long as that is a trusted
    /// proxy too.
    fn walk(&self, peer: IpAddr, entries: impl Iterator<Item = Option<IpAddr>>) -> IpAddr {
        let mut last = peer;
        for entry in entries {
            let Some(address) = entry else { break };
            last = address;
            if !self.contain(address) {
                break;
            }
        }
        last
    }

    fn contain(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(address))
    }
}

/// Returns whether only this machine and its own networks have this address.
fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PROXIES: [&str; 3] = ["10.0.0.0/8", "::1", "2001:db8:aaaa::/48"];

    fn proxies() -> TrustedProxies {
        TrustedProxies::parse(PROXIES).unwrap()
    }

    fn client(proxies: &TrustedProxies, peer: &str, headers: &[(&'static str, &str)]) -> String {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        proxies.client(peer.parse().unwrap(), &sent).to_string()
    }

    #[test]
    fn a_peer_that_is_not_a_proxy_is_the_client_whatever_it_says() {
        let proxies = proxies();
        for headers in [
            [("x-forwarded-for", "10.0.0.1")],
            [("x-forwarded-for", "1.1.1.1")],
            [("forwarded", "for=1.1.1.1")],
            [("forwarded", "for=10.0.0.1;by=203.0.113.5")],
        ] {
            assert_eq!(client(&proxies, "203.0.113.5", &headers), "203.0.113.5");
        }
    }

    #[test]
    fn the_last_entry_that_is_not_a_proxy_is_the_client() {
        let proxies = proxies();
        for (entries, address) in [
            ("203.0.113.5", "203.0.113.5"),
            ("1.1.1.1, 203.0.113.5", "203.0.113.5"),
            ("1.1.1.1, 203.0.113.5, 10.0.0.2, 10.255.0.1", "203.0.113.5"),
            ("10.0.0.9, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
            ("::ffff:203.0.113.5, ::ffff:10.0.0.2", "203.0.113.5"),
            ("2001:db8::5, 2001:db8:aaaa::1", "2001:db8::5"),
            // All of them are proxies: the first one made the request.
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            // Entries before an odd one may have been written by anyone.
            ("1.1.1.1, odd", "10.0.0.1"),
            ("1.1.1.1, odd, 10.0.0.2", "10.0.0.2"),
            ("1.1.1.1, , 10.0.0.2", "10.0.0.2"),
            ("odd, 203.0.113.5", "203.0.113.5"),
            ("", "10.0.0.1"),
            (",", "10.0.0.1"),
        ] {
            assert_eq!(
                client(&proxies, "10.0.0.1", &[("x-forwarded-for", entries)]),
                address,
                "{entries}"
            );
            let list = entries.replace("::ffff:203.0.113.5", "203.0.113.5");
            let quoted = |entry: &str| {
                format!(
                    "for=\"{}\"",
                    if entry.contains(':') {
                        format!("[{entry}]")
                    } else {
                        entry.to_owned()
                    }
                )
            };
            let elements: Vec<String> = list.split(',').map(|entry| quoted(entry.trim())).collect();
            assert_eq!(
                client(&proxies, "10.0.0.1", &[("forwarded", &elements.join(", "))]),
                address,
                "{elements:?}"
            );
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "203.0.113.5"),
            ("x-forwarded-for", "10.0.0.2"),
        ];
        assert_eq!(client(&proxies(), "::1", &lines), "203.0.113.5");
    }

    #[test]
    fn an_obfuscated_node_ends_the_walk() {
        let proxies = proxies();
        for node in ["unknown", "_hidden", "_a:_b"] {
            let header = format!("for=1.1.1.1, for=\"{node}\", for=10.0.0.2");
            assert_eq!(
                client(&proxies, "10.0.0.1", &[("forwarded", &header)]),
                "10.0.0.2",
                "{node}"
            );
        }
        let open = [("forwarded", "for=1.1.1.1;x=\", for=203.0.113.5")];
        assert_eq!(client(&proxies, "10.0.0.1", &open), "10.0.0.1");
    }

    /// A proxy that writes one of the headers passes the other on as the client sent it.
    #[test]
    fn two_headers_that_disagree_leave_the_proxy() {
        let proxies = proxies();
        for (forwarded, x_forwarded_for, address) in [
            ("for=1.1.1.1", "203.0.113.5", "10.0.0.1"),
            ("for=203.0.113.5", "1.1.1.1", "10.0.0.1"),
            ("for=203.0.113.5", "1.1.1.1, 203.0.113.5", "203.0.113.5"),
            ("odd", "203.0.113.5", "10.0.0.1"),
            ("for=203.0.113.5", "", "10.0.0.1"),
            ("", "", "10.0.0.1"),
        ] {
            let headers = [
                ("forwarded", forwarded),
                ("x-forwarded-for", x_forwarded_for),
            ];
            assert_eq!(
                client(&proxies, "10.0.0.1", &headers),
                address,
                "{headers:?}"
            );
        }
    }
}
