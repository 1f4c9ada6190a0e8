//! The network in front of this server: the client's address, and the origin that the client uses.
//!
//! Only this room reads `Host`, `Forwarded`, `X-Forwarded-For` and the address of a connection.

mod client_address;
mod doubt;
mod forwarded;
mod host;
mod network;
mod proxies;
mod settings;

pub use client_address::ClientAddress;

pub(crate) use doubt::Doubt;
pub(crate) use host::host as named_host;
pub(crate) use network::Network;
pub(crate) use settings::Edge;
