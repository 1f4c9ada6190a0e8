//! [`ClientNetwork`] is what one client has, for a line of the log.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// What one client has: an IPv4 address, or a /64 of IPv6, as the throttle counts them. A tool that
/// blocks networks reads it as `192.0.2.7` or `2001:db8::/64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientNetwork(IpAddr);

impl ClientNetwork {
    pub(crate) fn of(client: IpAddr) -> Self {
        Self(match client.to_canonical() {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        f.write_str(if self.0.is_ipv6() { "/64" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_an_ipv4_address_or_a_64() {
        for (client, network) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("::1", "::/64"),
        ] {
            let shown = ClientNetwork::of(client.parse().unwrap()).to_string();
            assert_eq!(shown, network);
        }
    }
}
