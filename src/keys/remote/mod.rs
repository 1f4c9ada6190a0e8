//! The keys of an external issuer, which are fetched, kept, and renewed before they are needed.

mod asks;
mod client;
mod discovery;
mod document;
mod fetch_error;
mod fetcher;
mod freshness;
mod jwks;
mod location;
mod renewal;
mod retry_after;
mod settings;

pub use client::HttpClient;
pub use jwks::RemoteJwks;
pub use renewal::JwksError;
