//! [`Network`] is an address, or a range of addresses, of trusted proxies.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::error::ConfigError;

/// One address, or all addresses with the same first bits (CIDR, RFC 4632 and RFC 4291 section
/// 2.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    /// The first address. All bits behind the prefix are zero.
    first: IpAddr,
    prefix: u8,
}

impl Network {
    /// Returns whether the address is in this network. `address` must not be an IPv4 address inside
    /// IPv6.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        masked(address, self.prefix) == self.first
    }
}

impl FromStr for Network {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let invalid = |why: &str| {
            ConfigError::new(format!(
                "{text:?} is not a network of trusted proxies: {why}"
            ))
        };
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| invalid("write an IP address, or a network such as 10.0.0.0/8"))?;
        let width = width(address);
        let is_number =
            |prefix: &&str| !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = match prefix {
            None => width,
            Some(prefix) => Some(prefix)
                .filter(is_number)
                .and_then(|prefix| prefix.parse().ok())
                .filter(|&prefix: &u8| prefix <= width)
                .ok_or_else(|| {
                    invalid("the prefix length after the slash is not a number, or too large")
                })?,
        };
        if prefix == 0 {
            return Err(invalid(
                "it contains every address, so every client could choose its own address. \
                 Name the networks of your proxies",
            ));
        }
        let first = masked(address, prefix);
        if first != address {
            return Err(invalid(&format!(
                "it has bits set behind its prefix. Write {first}/{prefix}"
            )));
        }
        // Addresses are compared in their IPv4 form.
        match first.to_canonical() {
            first @ IpAddr::V4(_) if address.is_ipv6() => {
                let prefix = prefix.checked_sub(96).filter(|&prefix| prefix > 0);
                let prefix =
                    prefix.ok_or_else(|| invalid("write an IPv4 network as 10.0.0.0/8"))?;
                Ok(Self { first, prefix })
            }
            _ => Ok(Self { first, prefix }),
        }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Keeps the first `prefix` bits and sets the others to zero.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX
                .checked_shl(32 - u32::from(prefix.min(32)))
                .unwrap_or(0);
            Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX
                .checked_shl(128 - u32::from(prefix.min(128)))
                .unwrap_or(0);
            Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_contains_the_addresses_with_its_first_bits() {
        for (text, inside, outside) in [
            (
                "10.0.0.0/8",
                &["10.0.0.0", "10.255.255.255"][..],
                &["11.0.0.0", "9.255.255.255", "::1"][..],
            ),
            (
                "192.0.2.7",
                &["192.0.2.7"],
                &["192.0.2.6", "192.0.2.8", "::192.0.2.7"],
            ),
            (
                "172.16.0.0/12",
                &["172.16.0.1", "172.31.255.255"],
                &["172.32.0.0", "172.15.255.255"],
            ),
            ("::1", &["::1"], &["::2", "::", "127.0.0.1"]),
            (
                "2001:db8::/32",
                &["2001:db8::1", "2001:db8:ffff::"],
                &["2001:db9::1", "32.1.13.184"],
            ),
            (
                "128.0.0.0/1",
                &["128.0.0.0", "255.255.255.255"],
                &["127.255.255.255", "8000::"],
            ),
            ("8000::/1", &["8000::", "ffff::"], &["7fff::", "128.0.0.0"]),
            (
                "::ffff:192.0.2.0/120",
                &["192.0.2.255"],
                &["192.0.3.0", "::192.0.2.1"],
            ),
            ("::ffff:192.0.2.1", &["192.0.2.1"], &["192.0.2.2"]),
        ] {
            for address in inside {
                assert!(
                    network(text).contains(address.parse().unwrap()),
                    "{address} in {text}"
                );
            }
            for address in outside {
                assert!(
                    !network(text).contains(address.parse().unwrap()),
                    "{address} not in {text}"
                );
            }
        }
    }

    #[test]
    fn what_is_not_a_network_is_refused_with_its_cure() {
        for (text, cure) in [
            ("", "such as 10.0.0.0/8"),
            ("localhost", "such as 10.0.0.0/8"),
            ("10.0.0/8", "such as 10.0.0.0/8"),
            ("010.0.0.1", "such as 10.0.0.0/8"),
            ("10.0.0.1:80", "such as 10.0.0.0/8"),
            ("[::1]", "such as 10.0.0.0/8"),
            ("fe80::1%eth0", "such as 10.0.0.0/8"),
            (" 10.0.0.1", "such as 10.0.0.0/8"),
            ("10.0.0.0/33", "after the slash"),
            ("10.0.0.0/", "after the slash"),
            ("10.0.0.0/+8", "after the slash"),
            ("10.0.0.0/8/8", "after the slash"),
            ("::/129", "after the slash"),
            ("10.0.0.1/8", "10.0.0.0/8"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("0.0.0.0/0", "every address"),
            ("::/0", "every address"),
            ("::ffff:0.0.0.0/96", "as 10.0.0.0/8"),
        ] {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(
                error.contains(cure) && error.contains(text),
                "{text}: {error}"
            );
        }
    }
}
