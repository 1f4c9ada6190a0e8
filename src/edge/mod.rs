//! The edge of the network: who the client is, and under which origin it sees this server.
//!
//! The only room that reads `Host`, `Forwarded`, `X-Forwarded-For` and the address of a connection.

mod client_address;
mod forwarded;
mod host;
mod network;
mod settings;

pub use client_address::ClientAddress;

pub(crate) use settings::Edge;
