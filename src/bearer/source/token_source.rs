//! [`TokenSource`] is where a request carries its access token.

use std::fmt;
use std::sync::Arc;

use http::header::{COOKIE, SEC_WEBSOCKET_PROTOCOL};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::credential::{Credential, Scheme, Taken, Token};
use super::query;
use super::tickets::Tickets;
use super::websocket::{Form, WebSocketProtocol};
use crate::bearer::credentials::{Malformed, bearer_credentials};
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
    WebSocketProtocol(WebSocketProtocol),
    Query(Arc<str>),
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
        Self(Kind::WebSocketProtocol(WebSocketProtocol::bearer()))
    }

    /// Takes the token from two entries of `Sec-WebSocket-Protocol`: `marker`, and then the token.
    ///
    /// ```js
    /// new WebSocket("wss://api.example.com/feed", ["access_token", accessToken])
    /// ```
    ///
    /// The token is removed before the handler sees the request. The marker stays, since it may be
    /// the only protocol that is left: the handler accepts it, or another one that the page offers.
    /// In Axum that is `upgrade.protocols(["access_token"])`. Upper and lower case differ. A marker
    /// without a token behind it is 400.
    ///
    /// # Errors
    ///
    /// The marker is not a protocol of RFC 6455 section 4.1.
    pub fn websocket_protocol_pair(marker: &str) -> Result<Self, ConfigError> {
        WebSocketProtocol::new(Form::Pair, marker).map(|form| Self(Kind::WebSocketProtocol(form)))
    }

    /// Takes the token from an entry of `Sec-WebSocket-Protocol` with this prefix, as
    /// [`websocket_protocol`](Self::websocket_protocol) does for `bearer.`.
    ///
    /// # Errors
    ///
    /// The prefix has a character that is not allowed in a protocol (RFC 6455 section 4.1).
    pub fn websocket_protocol_prefix(prefix: &str) -> Result<Self, ConfigError> {
        WebSocketProtocol::new(Form::Prefix, prefix).map(|form| Self(Kind::WebSocketProtocol(form)))
    }

    /// Takes the token, in base64url, from an entry of `Sec-WebSocket-Protocol` with this prefix.
    /// The clients of Kubernetes have the prefix `base64url.bearer.authorization.k8s.io.`.
    ///
    /// # Errors
    ///
    /// As for [`websocket_protocol_prefix`](Self::websocket_protocol_prefix).
    pub fn websocket_protocol_base64url(prefix: &str) -> Result<Self, ConfigError> {
        let form = WebSocketProtocol::new(Form::Base64Url, prefix)?;
        Ok(Self(Kind::WebSocketProtocol(form)))
    }

    /// Takes the token from this parameter of the query string, for clients that cannot be changed.
    /// SignalR sends `access_token` when it opens a WebSocket or an event stream.
    ///
    /// **URLs are logged, stored and passed on** (RFC 9700 section 4.3.2), so the token ends up
    /// where others read it: in the logs of every proxy, and in the browser's history. Use
    /// [`ticket`](Self::ticket) where you can change the client. It is read with `GET`, and with
    /// the `CONNECT` of a WebSocket over HTTP/2. The parameter is removed before the handler sees
    /// the request; layers further out, and Axum's `OriginalUri`, still have it.
    #[must_use]
    pub fn dangerous_query(name: &str) -> Self {
        Self(Kind::Query(name.into()))
    }

    /// Takes one of these tickets from the parameter `ticket` of the query string: see [`Tickets`].
    /// It is read with `GET`, and with the `CONNECT` of a WebSocket over HTTP/2. With other methods
    /// it is ignored, and not used up.
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
            Kind::Header => bearer_credentials(&parts.headers)?.map(Token::InHeader),
            Kind::Cookie(name, origins) => {
                cookie::token(parts, name, origins, edge)?.map(Token::InRequest)
            }
            Kind::WebSocketProtocol(form) => form.token(&parts.headers)?,
            Kind::Query(name) if [Method::GET, Method::CONNECT].contains(&parts.method) => {
                query::parameter(&parts.uri, name)?.map(Token::InRequest)
            }
            Kind::Ticket(_) if [Method::GET, Method::CONNECT].contains(&parts.method) => {
                Tickets::find(&parts.uri)?.map(Token::InRequest)
            }
            Kind::Query(_) | Kind::Ticket(_) => None,
            Kind::Function(find) => find(parts).map(Token::Made),
        };
        let scheme = match &self.0 {
            Kind::Ticket(tickets) => Scheme::Ticket(tickets),
            _ => Scheme::Bearer,
        };
        Ok(token.map(|token| Credential {
            scheme,
            token,
            taken: self.taken(),
        }))
    }

    /// Returns how a token that was found here is taken out of the request.
    pub(in crate::bearer) fn taken(&self) -> Option<Taken> {
        match self.0 {
            Kind::WebSocketProtocol(_) => Some(Taken::FromProtocols),
            Kind::Query(_) => Some(Taken::FromQuery),
            Kind::Ticket(_) => Some(Taken::Ticket),
            Kind::Header | Kind::Cookie(..) | Kind::Function(_) => None,
        }
    }

    /// Returns whether this is the header `Authorization`.
    pub(in crate::bearer) fn is_header(&self) -> bool {
        matches!(self.0, Kind::Header)
    }

    /// Returns whether the browser sends the token by itself, even if the page does not want that.
    pub(in crate::bearer) fn is_ambient(&self) -> bool {
        matches!(self.0, Kind::Cookie(..))
    }

    /// Marks the header of the token, if it is not `Authorization`, which always is.
    pub(in crate::bearer) fn mark_sensitive(&self, headers: &mut HeaderMap) {
        match self.0 {
            Kind::Cookie(..) => mark_sensitive(headers, COOKIE),
            Kind::WebSocketProtocol(_) => mark_sensitive(headers, SEC_WEBSOCKET_PROTOCOL),
            Kind::Header | Kind::Query(_) | Kind::Ticket(_) | Kind::Function(_) => false,
        };
    }

    /// Removes the token where the handler must not see it.
    pub(in crate::bearer) fn strip(&self, parts: &mut Parts) {
        match &self.0 {
            Kind::WebSocketProtocol(form) => form.strip(&mut parts.headers),
            Kind::Query(name) => query::strip(&mut parts.uri, name),
            Kind::Header | Kind::Cookie(..) | Kind::Ticket(_) | Kind::Function(_) => {}
        }
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Header => f.write_str("Header"),
            Kind::Cookie(name, _) => write!(f, "Cookie({name:?})"),
            Kind::WebSocketProtocol(_) => f.write_str("WebSocketProtocol"),
            Kind::Query(name) => write!(f, "Query({name:?})"),
            Kind::Ticket(_) => f.write_str("Ticket"),
            Kind::Function(_) => f.write_str("Function"),
        }
    }
}
