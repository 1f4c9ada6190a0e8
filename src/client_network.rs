//! [`ClientNetwork`] is the network that one client has, for a line of the log.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use tracing::field::{DisplayValue, display};

/// What one client has: an IPv4 address, or a /64 of IPv6, as the throttle counts them. A tool that
/// blocks networks reads it as `192.0.2.7` or `2001:db8::/64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ClientNetwork(IpAddr);

impl ClientNetwork {
    pub(crate) fn of(client: IpAddr) -> Self {
        Self(match ipv4_form(client) {
            IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}

/// Returns the IPv4 address inside an IPv6 address: mapped (RFC 4291 section 2.5.5.2) or translated
/// (RFC 6052). Otherwise all clients behind a translator would be in one network.
pub(crate) fn ipv4_form(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if v6.to_bits() >> 32 == TRANSLATED.to_bits() >> 32 => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::from([a, b, c, d])
        }
        address => address,
    }
}

/// The prefix of IPv4 addresses behind a translator, `64:ff9b::/96`.
const TRANSLATED: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

/// The client and its network, as fields of a line.
pub(crate) fn fields(
    client: Option<IpAddr>,
) -> (
    Option<DisplayValue<IpAddr>>,
    Option<DisplayValue<ClientNetwork>>,
) {
    (
        client.map(display),
        client.map(ClientNetwork::of).map(display),
    )
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
            ("64:ff9b::192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("::1", "::/64"),
        ] {
            let shown = ClientNetwork::of(client.parse().unwrap()).to_string();
            assert_eq!(shown, network);
        }
    }
}
