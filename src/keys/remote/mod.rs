//! The keys of an external issuer, which are fetched, kept, and renewed before they are needed.

mod client;
mod discovery;
mod freshness;
mod jwks;
mod renewal;
mod settings;

pub use client::HttpClient;
pub use jwks::RemoteJwks;
pub use renewal::JwksError;
