//! [`Credential`] is what a request presents.

use super::ticket::Tickets;
use crate::keys::AccessToken;

/// A token in a request, and how it is presented.
pub(in crate::bearer) struct Credential<'r> {
    pub(in crate::bearer) scheme: Scheme<'r>,
    pub(in crate::bearer) token: Token<'r>,
}

/// How a token is presented, which says how it is checked.
pub(in crate::bearer) enum Scheme<'r> {
    /// Possession is enough (RFC 6750).
    Bearer,
    /// The ticket opens one connection.
    Ticket(&'r Tickets),
}

/// The text of a token.
pub(in crate::bearer) enum Token<'r> {
    InRequest(&'r str),
    Made(AccessToken),
}

impl Token<'_> {
    pub(in crate::bearer) fn as_str(&self) -> &str {
        match self {
            Self::InRequest(token) => token,
            Self::Made(token) => token.secret(),
        }
    }
}
