//! [`ClientAddress`] is the address of a connection, as the application's server knows it.

use std::net::{IpAddr, SocketAddr};

/// The IP address at the other end of a connection, as an extension of a request.
///
/// Insert it where the connection is known and the framework has no such extension, as with plain
/// Hyper. If the address is that of a trusted proxy, the proxy's headers say which address the
/// client has. Otherwise it is the client's address, and no header is read.
///
/// Only code of this process can set an extension, so a client cannot forge one.
///
/// ```
/// use tower_bearer::edge::ClientAddress;
///
/// # fn example(peer: std::net::SocketAddr, request: &mut http::Request<()>) {
/// // For each request of a connection that `listener.accept()` returned together with `peer`:
/// request.extensions_mut().insert(ClientAddress::from(peer));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Takes the address at the other end of the connection. An IPv4 address inside IPv6
    /// (`::ffff:192.0.2.1`) becomes IPv4.
    #[must_use]
    pub fn new(address: impl Into<IpAddr>) -> Self {
        Self(address.into().to_canonical())
    }

    /// Returns the IP address.
    #[must_use]
    pub fn ip(self) -> IpAddr {
        self.0
    }
}

impl From<IpAddr> for ClientAddress {
    fn from(address: IpAddr) -> Self {
        Self::new(address)
    }
}

impl From<SocketAddr> for ClientAddress {
    fn from(address: SocketAddr) -> Self {
        Self::new(address.ip())
    }
}
