//! [`TokenSource`] says where access tokens are in a request.

mod credential;
mod query;
mod ticket;
mod tickets;
mod token_source;
mod websocket;

pub use tickets::Tickets;
pub use token_source::TokenSource;

pub(super) use credential::{Credential, Scheme, Taken, Token};
