//! [`Credential`] is what a request presents.

use super::tickets::Tickets;
use crate::bearer::credentials::{Malformed, check_token68};
use crate::keys::AccessToken;

/// A token in a request, and how it is presented.
pub(in crate::bearer) struct Credential<'r> {
    pub(in crate::bearer) scheme: Scheme<'r>,
    pub(in crate::bearer) token: Token<'r>,
    pub(in crate::bearer) taken: Option<Taken>,
}

/// How a token is taken out of a request, so that a layer further in does not find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bearer) enum Taken {
    /// It was a WebSocket protocol, and no protocol is left that has it.
    FromProtocols,
    /// It was in the query string.
    FromQuery,
    /// It was a ticket, which is used up.
    Ticket,
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
    /// Its characters are not checked yet: a token that is remembered has been checked before.
    InHeader(&'r [u8]),
    InRequest(&'r str),
    Made(AccessToken),
}

impl Token<'_> {
    pub(in crate::bearer) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::InHeader(token) => token,
            Self::InRequest(token) => token.as_bytes(),
            Self::Made(token) => token.secret().as_bytes(),
        }
    }

    pub(in crate::bearer) fn as_str(&self) -> Result<&str, Malformed> {
        match self {
            Self::InHeader(token) => check_token68(token),
            Self::InRequest(token) => Ok(token),
            Self::Made(token) => Ok(token.secret()),
        }
    }
}
