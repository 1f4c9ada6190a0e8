//! The endpoints, and what goes over the wire.

mod answer;
mod endpoints;
mod http_client;
mod retry_after;

pub(crate) use answer::TokenAnswer;
pub(crate) use endpoints::{Endpoint, Endpoints, Failure, Then, With};
pub use http_client::HttpClient;
