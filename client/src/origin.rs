//! [`HttpOrigin`]: scheme, host and port (RFC 6454 section 4).

use std::fmt;
use std::net::IpAddr;

/// Where a token may go. A token of `https` never goes out over `http`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpOrigin {
    is_https: bool,
    /// In lower case.
    host: String,
    port: u16,
}

impl HttpOrigin {
    /// `None`: neither `http` nor `https`.
    pub(crate) fn new(scheme: &str, host: &str, port: Option<u16>) -> Option<Self> {
        let is_https = match scheme {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        Some(Self {
            is_https,
            host: host.to_ascii_lowercase(),
            port: port.unwrap_or(if is_https { 443 } else { 80 }),
        })
    }

    /// Whether requests there can be read on the way: plain HTTP to another machine.
    pub(crate) fn is_exposed(&self) -> bool {
        !self.is_https && !self.is_loopback()
    }

    fn is_loopback(&self) -> bool {
        let ip = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost" || ip.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
    }
}

impl fmt::Display for HttpOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, usual) = if self.is_https {
            ("https", 443)
        } else {
            ("http", 80)
        };
        write!(f, "{scheme}://{}", self.host)?;
        match self.port == usual {
            true => Ok(()),
            false => write!(f, ":{}", self.port),
        }
    }
}
