//! [`Rule`] is a rule of rotation, as the clients of one user meet it.

/// Milliseconds since the simulation began.
pub type Millis = u64;

pub const SECOND: Millis = 1000;
pub const MINUTE: Millis = 60 * SECOND;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;

/// An access token lives for half an hour, and clients refresh a minute before.
pub const FRESH: Millis = 29 * MINUTE;

/// What a login or a refresh gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub refresh: String,
    pub access: String,
}

/// The answer to a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Tokens(Tokens),
    /// Another client has just received tokens. This one is to ask again later.
    NotNow,
    /// This token is rejected, and the session goes on.
    Rejected,
    /// This token is rejected as a stolen one, and the session has ended for all.
    Ended,
}

/// A server that knows one user. The moments of its calls never decrease.
pub trait Rule {
    /// Begins a new session, and forgets the one before.
    fn log_in(&mut self, now: Millis) -> Tokens;

    /// Exchanges a refresh token. `key` is the same when a client asks again with the same token.
    fn refresh(&mut self, refresh: &str, key: Option<u64>, now: Millis) -> Reply;

    /// Accepts a request with an access token. Some rules learn from it that a response arrived.
    fn accept(&mut self, access: &str, now: Millis);
}
