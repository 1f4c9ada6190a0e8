//! [`Doubt`] says why all clients may have one address.

/// Why the address of a client tells nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// The application has not said where the address of a connection is found.
    NotAsked,
    /// The closure of the application has found no address.
    NotFound,
    /// The address is that of a proxy that the application has not named.
    UnnamedProxy,
    /// The address is that of a trusted proxy, which names no client.
    SilentProxy,
}

impl Doubt {
    /// Returns how to fix it.
    pub(crate) const fn cure(self) -> &'static str {
        match self {
            Self::NotAsked => {
                "the client's address is not known, so all clients are one stranger: say how it is \
                 found, with `SessionsBuilder::client_address`"
            }
            Self::NotFound => {
                "the client's address is not known, so all clients are one stranger. The closure \
                 of `SessionsBuilder::client_address` needs the `RequestContext` of the login, and \
                 in Axum `into_make_service_with_connect_info::<SocketAddr>()`. Behind a Unix \
                 socket let it return the address of the proxy"
            }
            Self::UnnamedProxy => {
                "the client's address is that of a proxy, so all clients are one network: name the \
                 proxy with `SessionsBuilder::trusted_proxies`"
            }
            Self::SilentProxy => {
                "the client's address is that of a proxy, so all clients are one network: let the \
                 proxy that `SessionsBuilder::trusted_proxies` names send `X-Forwarded-For`"
            }
        }
    }
}
