//! [`TokenSource`] is where a request carries its access token.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{COOKIE, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;

use super::credential::{Credential, Scheme, Token};
use super::ticket::Tickets;
use super::websocket;
use crate::bearer::credentials::{Malformed, bearer_token};
use crate::browser as cookie;
use crate::browser::Origins;
use crate::edge::Edge;
use crate::error::ConfigError;
use crate::keys::AccessToken;
use crate::sensitive::mark_sensitive;

/// A place where a request carries its access token. A layer has a
/// [list](crate::BearerAuthLayer::with_token_sources) of sources; the default is
/// [`header`](Self::header) alone.
///
/// More than one token is an error: 400 `invalid_request` (RFC 6750 section 2). A cookie does not
/// count as a second one, since the browser sends it by itself: it is used where there is no other
/// token.
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

impl TokenSource {
    /// Takes the token from `Authorization: Bearer …` (RFC 6750 section 2.1).
    #[must_use]
    pub fn header() -> Self {
        Self(Kind::Header)
    }

    /// Takes the token from the cookie of this name.
    ///
    /// The browser sends the cookie with the requests of every site. So it is ignored if another
    /// origin made the request: as `Sec-Fetch-Site` says, or, if that is absent, `Origin` compared
    /// with this server's own origin. Such a request has no token. There are two exceptions: a link
    /// from another site that opens a page (`GET`, in a window of its own), and a request that does
    /// not say where it comes from, which is not from a browser, or from an old one. So set the
    /// cookie itself with `HttpOnly; Secure; SameSite=Lax` or `Strict`.
    ///
    /// A repeated cookie is 400, because someone else has set one of them. If two cookie sources
    /// find a token, the first in the list counts.
    ///
    /// # Errors
    ///
    /// The name is not a token of RFC 6265 section 4.1.1.
    pub fn cookie(name: &str) -> Result<Self, ConfigError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(allowed) {
            return Err(ConfigError::new(
                "the name of a cookie is made of letters and digits, without spaces and separators",
            ));
        }
        Ok(Self::cookie_named(name, &Origins::default()))
    }

    /// Makes the source of a cookie whose name is known to be valid.
    pub(crate) fn cookie_named(name: &str, origins: &Origins) -> Self {
        Self(Kind::Cookie(name.into(), origins.clone()))
    }

    /// Accepts the [`cookie`](Self::cookie) in requests from pages of this origin too, as in
    /// `https://app.example.com`. It does not change other sources.
    ///
    /// # Errors
    ///
    /// The text is not an origin: `https` (or `http` on this machine), a host, and a port if it is
    /// not the usual one.
    pub fn with_origin(mut self, origin: &str) -> Result<Self, ConfigError> {
        if let Kind::Cookie(_, origins) = &mut self.0 {
            origins.add(origin)?;
        }
        Ok(self)
    }

    /// Takes the token from an entry `bearer.…` of `Sec-WebSocket-Protocol`, the one header that a
    /// page can set when it opens a WebSocket.
    ///
    /// ```js
    /// new WebSocket("wss://api.example.com/feed", ["feed.v1", "bearer." + accessToken])
    /// ```
    ///
    /// The entry is removed before the handler sees the request, so it is never the protocol that
    /// is agreed on. The page offers another one, which the handler accepts: a browser closes a
    /// connection if none of its protocols was accepted.
    #[must_use]
    pub fn websocket_protocol() -> Self {
        Self(Kind::WebSocketProtocol)
    }

    /// Takes one of these tickets from the parameter `ticket` of the query string: see [`Tickets`].
    #[must_use]
    pub fn ticket(tickets: &Tickets) -> Self {
        Self(Kind::Ticket(tickets.clone()))
    }

    /// Takes the token that this function finds.
    ///
    /// Do not take it from the URL: URLs are logged, stored and passed on (RFC 9700 section 4.3.2).
    /// Do not take it from a cookie either, which other sites can make the browser send:
    /// [`cookie`](Self::cookie) checks that.
    #[must_use]
    pub fn from_fn<F>(find: F) -> Self
    where
        F: Fn(&Parts) -> Option<AccessToken> + Send + Sync + 'static,
    {
        Self(Kind::Function(Arc::new(find)))
    }

    /// Returns the credential that a request presents here. For each request, before the token is
    /// verified, a cookie is ignored if another site made the request.
    pub(in crate::bearer) fn find<'r>(
        &'r self,
        parts: &'r Parts,
        edge: &Edge,
    ) -> Result<Option<Credential<'r>>, Malformed> {
        let token = match &self.0 {
            Kind::Header => bearer_token(&parts.headers)?.map(Token::InRequest),
            Kind::Cookie(name, origins) => {
                cookie::token(parts, name, origins, edge)?.map(Token::InRequest)
            }
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

    /// Returns whether the browser sends the token by itself, even if the page does not want that.
    pub(in crate::bearer) fn is_ambient(&self) -> bool {
        matches!(self.0, Kind::Cookie(..))
    }

    /// Marks the header of the token, if it is not `Authorization`, which always is.
    pub(in crate::bearer) fn mark_sensitive(&self, headers: &mut HeaderMap) {
        match self.0 {
            Kind::Cookie(..) => mark_sensitive(headers, COOKIE),
            Kind::WebSocketProtocol => mark_sensitive(headers, SEC_WEBSOCKET_PROTOCOL),
            Kind::Header | Kind::Ticket(_) | Kind::Function(_) => {}
        }
    }

    /// Removes the token where the handler must not see it.
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
