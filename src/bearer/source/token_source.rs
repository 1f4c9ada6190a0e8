//! [`TokenSource`]: where a request bears its access token.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::ticket::Tickets;
use super::websocket;
use crate::bearer::credentials::{Malformed, bearer_token};
use crate::browser as cookie;
use crate::browser::Origins;
use crate::edge::Edge;
use crate::error::ConfigError;
use crate::keys::AccessToken;

/// Where a request bears its access token. A layer has a [list](crate::BearerAuthLayer::with_token_sources) of them; by default it is
/// [`header`](Self::header) alone.
///
/// A request that bears tokens in two of them is refused: 400 `invalid_request` (RFC 6750 section 2). A cookie is no second one, for the
/// browser sends it by itself: it counts where nothing else bears a token.
#[derive(Clone)]
pub struct TokenSource(Kind);

#[derive(Clone)]
enum Kind {
    Header,
    Cookie(Arc<str>, Origins),
    WebSocketProtocol,
    Ticket(Tickets),
    Function(Arc<Find>),
}

type Find = dyn Fn(&Parts) -> Option<AccessToken> + Send + Sync;

/// What a request presents: a token, and how it is presented.
pub(in crate::bearer) struct Credential<'r> {
    pub(in crate::bearer) scheme: Scheme<'r>,
    pub(in crate::bearer) token: Token<'r>,
}

/// How a token is presented, which says how it is checked.
pub(in crate::bearer) enum Scheme<'r> {
    /// Possession is enough (RFC 6750).
    Bearer,
    /// It opens one connection.
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

impl TokenSource {
    /// `Authorization: Bearer …` (RFC 6750 section 2.1).
    #[must_use]
    pub fn header() -> Self {
        Self(Kind::Header)
    }

    /// The cookie of this name.
    ///
    /// The browser sends it whoever made the page, so it counts only in a request that no other origin made: by `Sec-Fetch-Site`, or by `Origin`
    /// and `Host` where that is absent. A link from elsewhere that opens a page (`GET`, in a window of its own) is let through. A request that comes
    /// from elsewhere has no token, then. A request that says nothing of where it comes from is let through: it is no browser, or an old one. So the
    /// cookie itself should be `HttpOnly; Secure; SameSite=Lax` or `Strict`.
    ///
    /// The same cookie twice is 400: one of them was set by somebody else. Of two cookie sources the first in the list counts.
    ///
    /// # Errors
    ///
    /// The name is no token of RFC 6265 section 4.1.1.
    pub fn cookie(name: &str) -> Result<Self, ConfigError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(allowed) {
            return Err(ConfigError::new("the name of a cookie has letters, digits, and no spaces or separators"));
        }
        Ok(Self::cookie_named(name, &Origins::default()))
    }

    /// The cookie of a name that is known to be one.
    pub(crate) fn cookie_named(name: &str, origins: &Origins) -> Self {
        Self(Kind::Cookie(name.into(), origins.clone()))
    }

    /// Lets the [`cookie`](Self::cookie) count in requests of pages from here too, as in `https://app.example.com`. Changes no other source.
    ///
    /// # Errors
    ///
    /// It is no origin: `https` (or `http` on this machine), a host and perhaps a port.
    pub fn with_origin(mut self, origin: &str) -> Result<Self, ConfigError> {
        if let Kind::Cookie(_, origins) = &mut self.0 {
            origins.add(origin)?;
        }
        Ok(self)
    }

    /// An entry `bearer.…` of `Sec-WebSocket-Protocol`: the one header that a page may set when it opens a WebSocket.
    ///
    /// ```js
    /// new WebSocket("wss://api.example.com/feed", ["feed.v1", "bearer." + accessToken])
    /// ```
    ///
    /// The entry is taken out before the handler sees the request, so that it is never the protocol that is agreed on. There has to be another
    /// one, which the handler agrees to: a browser closes a connection where none of what it offered was taken.
    #[must_use]
    pub fn websocket_protocol() -> Self {
        Self(Kind::WebSocketProtocol)
    }

    /// The parameter `ticket` of the address, with a ticket of these: see [`Tickets`].
    #[must_use]
    pub fn ticket(tickets: &Tickets) -> Self {
        Self(Kind::Ticket(tickets.clone()))
    }

    /// Whatever the application finds. Do not take it from the address: addresses are logged, kept and passed on (RFC 9700 section 4.3.2). Nor from
    /// cookies, which other sites make the browser send: [`cookie`](Self::cookie) looks at that.
    #[must_use]
    pub fn from_fn<F>(find: F) -> Self
    where
        F: Fn(&Parts) -> Option<AccessToken> + Send + Sync + 'static,
    {
        Self(Kind::Function(Arc::new(find)))
    }

    /// The credential that a request presents here. A cookie that another site made the browser send is none.
    pub(in crate::bearer) fn find<'r>(&'r self, parts: &'r Parts, edge: &Edge) -> Result<Option<Credential<'r>>, Malformed> {
        let token = match &self.0 {
            Kind::Header => bearer_token(&parts.headers)?.map(Token::InRequest),
            Kind::Cookie(name, origins) => cookie::token(parts, name, origins, edge)?.map(Token::InRequest),
            Kind::WebSocketProtocol => websocket::token(&parts.headers)?.map(Token::InRequest),
            Kind::Ticket(_) => Tickets::find(&parts.uri)?.map(Token::InRequest),
            Kind::Function(find) => find(parts).map(Token::Made),
        };
        let scheme = match &self.0 {
            Kind::Ticket(tickets) => Scheme::Ticket(tickets),
            _ => Scheme::Bearer,
        };
        Ok(token.map(|token| Credential { scheme, token }))
    }

    /// Sent by the browser, whether the page wants it or not.
    pub(in crate::bearer) fn is_ambient(&self) -> bool {
        matches!(self.0, Kind::Cookie(..))
    }

    /// Takes out what the handler must not see.
    pub(in crate::bearer) fn strip(&self, parts: &mut Parts) {
        if matches!(self.0, Kind::WebSocketProtocol) {
            websocket::strip(&mut parts.headers);
        }
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Header => f.write_str("Header"),
            Kind::Cookie(name, _) => write!(f, "Cookie({name:?})"),
            Kind::WebSocketProtocol => f.write_str("WebSocketProtocol"),
            Kind::Ticket(_) => f.write_str("Ticket"),
            Kind::Function(_) => f.write_str("Function"),
        }
    }
}
