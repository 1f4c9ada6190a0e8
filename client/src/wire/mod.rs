//! The endpoints, and what goes over the wire.

mod answer;
mod challenge;
mod endpoints;
mod failure;
mod http_client;
mod retry_after;
mod with;

pub(crate) use answer::TokenAnswer;
pub(crate) use challenge::refuses_token;
pub(crate) use endpoints::{Endpoint, Endpoints};
pub(crate) use failure::{Failure, Then};
pub use http_client::HttpClient;
pub(crate) use with::With;
