//! [`Peer`] is a server with a login, as a scenario drives it.

use std::time::Duration;

/// Every client refreshes after so long. session-guard replaces a token after ten minutes, the
/// others whenever they are asked.
pub const A_WHILE: Duration = Duration::from_secs(11 * 60);

/// What a client holds. A peer with one token for both purposes has it twice.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
}

/// What a client receives for its refresh token.
#[derive(Clone, PartialEq, Eq)]
pub enum Received {
    /// Tokens in place of the one that was presented.
    Tokens(Tokens),
    /// The token that was presented is accepted, and stays.
    Kept,
    /// Nothing until the user proves again who they are.
    Challenged,
    /// Nothing, and no harm: another tab has just received the tokens, which are to be used.
    Elsewhere,
    /// Nothing: the client has to log in.
    Denied,
}

impl Received {
    /// Whether the client is let in with what it has now.
    pub fn lets_in(&self) -> bool {
        matches!(self, Self::Tokens(_) | Self::Kept)
    }
}

/// Where a request comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    Owner,
    Thief,
}

/// A server with one user, a store in memory, and a clock that scenarios move.
pub trait Peer: Send + Sync + 'static {
    /// Whether the token is one cookie, which all tabs of a browser share.
    const COOKIE: bool;

    fn log_in(&self) -> impl Future<Output = Tokens> + Send;

    /// Presents the refresh token. A browser would send the other one along if it is a cookie.
    fn refresh(&self, tokens: &Tokens, sender: Sender) -> impl Future<Output = Received> + Send;

    /// Proves again who the user is, after [`Received::Challenged`].
    fn prove(&self, _: &Tokens) -> impl Future<Output = Tokens> + Send {
        async { unreachable!("this peer asks only at a login") }
    }

    /// Whether a request with this access token is served.
    fn check(&self, access: &str, sender: Sender) -> impl Future<Output = bool> + Send;

    fn log_out(&self, tokens: &Tokens) -> impl Future<Output = ()> + Send;

    fn advance(&self, by: Duration);

    /// Whether the peer has told the application of a theft.
    fn has_noticed(&self) -> bool;
}
