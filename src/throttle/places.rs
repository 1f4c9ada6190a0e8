//! Where a guess comes from: a network, its block and its realm.

use std::net::IpAddr;

use crate::client_network::ipv4_form;

/// The prefixes of a client's address.
///
/// | | IPv4 | IPv6 |
/// |---|---|---|
/// | network | the address | /64 |
/// | block | /24 | /48 |
/// | realm | /24 | /32 |
///
/// IPv4 inside IPv6 is [IPv4](ipv4_form).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    address: IpAddr,
    /// The family, then the first bytes of the address.
    bytes: [u8; 9],
}

impl Place {
    pub(super) fn of(address: IpAddr) -> Self {
        let address = ipv4_form(address);
        let mut bytes = [0; 9];
        match address {
            IpAddr::V4(v4) => {
                bytes[0] = 4;
                bytes[1..5].copy_from_slice(&v4.octets());
            }
            IpAddr::V6(v6) => {
                bytes[0] = 6;
                bytes[1..].copy_from_slice(&v6.octets()[..8]);
            }
        }
        Self { address, bytes }
    }

    /// Returns the address in its IPv4 form, where it has one.
    pub(super) fn address(&self) -> IpAddr {
        self.address
    }

    /// Returns what one subscriber has.
    pub(super) fn network(&self) -> &[u8] {
        &self.bytes[..if self.address.is_ipv4() { 5 } else { 9 }]
    }

    /// Returns what one site has.
    pub(super) fn block(&self) -> &[u8] {
        &self.bytes[..if self.address.is_ipv4() { 4 } else { 7 }]
    }

    /// Returns what one network operator has, where it is easily had.
    pub(super) fn realm(&self) -> &[u8] {
        &self.bytes[..if self.address.is_ipv4() { 4 } else { 5 }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(address: &str) -> Place {
        Place::of(address.parse().unwrap())
    }

    #[test]
    fn an_ipv4_network_is_an_address_and_its_block_a_24() {
        let home = place("192.0.2.7");
        assert_ne!(home.network(), place("192.0.2.8").network());
        assert_eq!(home.block(), place("192.0.2.8").block());
        assert_eq!(home.realm(), home.block());
        assert_ne!(home.block(), place("192.0.3.7").block());
    }

    #[test]
    fn an_ipv6_network_is_a_64_its_block_a_48_and_its_realm_a_32() {
        let home = place("2001:db8:1:2::3");
        assert_eq!(home.network(), place("2001:db8:1:2:ffff::").network());
        assert_ne!(home.network(), place("2001:db8:1:3::3").network());
        assert_eq!(home.block(), place("2001:db8:1:3::3").block());
        assert_ne!(home.block(), place("2001:db8:2:2::3").block());
        assert_eq!(home.realm(), place("2001:db8:2:2::3").realm());
        assert_ne!(home.realm(), place("2001:db9:1:2::3").realm());
    }

    #[test]
    fn ipv4_inside_ipv6_is_ipv4() {
        assert_eq!(place("::ffff:192.0.2.7"), place("192.0.2.7"));
        assert_eq!(place("64:ff9b::192.0.2.7"), place("192.0.2.7"));
        assert_ne!(
            place("64:ff9b:1::192.0.2.7").network(),
            place("192.0.2.7").network()
        );
    }

    #[test]
    fn no_network_is_the_network_of_the_other_family() {
        assert_ne!(place("4.0.0.0").network(), place("400::").network());
        assert_ne!(place("192.0.2.0").block(), place("c000:200::").block());
    }
}
