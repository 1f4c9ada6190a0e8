//! [`Familiarity`] is how well an account knows the client that logs in to it.

/// How well the name that logged in knows the client: for a message to its user that somebody has
/// logged in from a new device, for example.
///
/// The first login of a name is that of a stranger too. So is one from a network in which the name
/// has not logged in for 90 days, or only before it logged in from another one.
///
/// ```
/// use tower_bearer::throttle::Familiarity;
///
/// assert!(Familiarity::Stranger < Familiarity::Device);
/// assert_eq!(Familiarity::Network.as_str(), "network");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Familiarity {
    /// Neither the device nor its network is known, or the client has no address.
    Stranger,
    /// The name has logged in from another address of its block: an IPv4 /24, an IPv6 /48.
    Block,
    /// The name has logged in from this network: an IPv4 address, an IPv6 /64.
    Network,
    /// The device has logged in before with this name: it has a
    /// [`DeviceMark`](crate::throttle::DeviceMark).
    Device,
}

impl Familiarity {
    /// Returns a stable word: `stranger`, `block`, `network`, `device`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Block => "block",
            Self::Network => "network",
            Self::Device => "device",
        }
    }
}
