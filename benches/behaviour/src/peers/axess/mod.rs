//! axess: a session cookie, and a refresh token that makes the next session.

mod application;
mod peer;
mod store;

pub use peer::Axess;
