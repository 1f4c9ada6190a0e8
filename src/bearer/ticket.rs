//! [`Tickets`]: what opens a connection where no header can bear a token.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use zeroize::Zeroizing;

use super::challenge::{BearerError, BearerErrorKind};
use super::credentials::Malformed;
use crate::clock::{Clock, SystemClock};
use crate::error::BoxError;
use crate::token::{AccessTokenClaims, digest};

/// Tickets: each opens one connection within 30 seconds, for whom it was issued.
///
/// For a WebSocket or an event stream whose client can set no header at all. A page asks [`TicketEndpoint`](crate::TicketEndpoint) for one, with its
/// access token as usual, and opens `wss://…/feed?ticket=…`. An address may end in a log: by then the ticket is spent.
///
/// **What passes.** A ticket of these, once, within 30 seconds, while the access token that it was issued for has not ended and its session has
/// not been revoked.
///
/// **Caveat.** Tickets are in the memory of one process, so a ticket has to come back to where it was issued. Behind a load balancer that spreads
/// requests take [`websocket_protocol`](crate::TokenSource::websocket_protocol), which needs no memory at all.
///
/// At most 65,536 tickets wait at a time; more are refused.
///
/// ```
/// # use axum::{Router, routing::get};
/// use tower_bearer::{BearerAuthLayer, TicketEndpoint, Tickets, TokenSource};
///
/// # fn example(layer: BearerAuthLayer) -> Router {
/// let tickets = Tickets::new();
/// let feed = layer.clone().with_token_sources([TokenSource::header(), TokenSource::ticket(&tickets)]);
/// Router::new()
///     .route_service("/feed/ticket", TicketEndpoint::new(&tickets))
///     .route_layer(layer)
///     .route("/feed", get(|| async { "the feed" }).route_layer(feed))
/// # }
/// ```
#[derive(Clone)]
pub struct Tickets {
    /// By the hash of the ticket: a lookup by the ticket itself would tell by its time how much of a guess is right.
    waiting: Arc<Mutex<HashMap<[u8; 16], Waiting>>>,
    clock: Arc<dyn Clock>,
}

struct Waiting {
    claims: AccessTokenClaims,
    /// By the monotonic clock.
    until: Duration,
}

impl Tickets {
    /// No tickets yet.
    #[must_use]
    pub fn new() -> Self {
        Self { waiting: Arc::default(), clock: Arc::new(SystemClock) }
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// How long a ticket may wait: 30 seconds. A page asks for it when it needs it.
    pub const LIFETIME: Duration = Duration::from_secs(30);

    /// A ticket for whom these claims are about: 43 characters for an address.
    ///
    /// # Errors
    ///
    /// `Unavailable`: too many tickets wait, or the operating system has no randomness to give.
    pub fn issue(&self, claims: &AccessTokenClaims) -> Result<Zeroizing<String>, BearerError> {
        let mut ticket = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *ticket).map_err(|error| BearerError::unavailable(BoxError::from(error.to_string())))?;
        let ticket = Zeroizing::new(URL_SAFE_NO_PAD.encode(*ticket));

        let now = self.clock.monotonic();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MAX_WAITING {
            waiting.retain(|_, ticket| ticket.until > now);
        }
        if waiting.len() >= MAX_WAITING {
            return Err(BearerError::unavailable("too many tickets are waiting".into()));
        }
        waiting.insert(digest("ticket", &*ticket), Waiting { claims: claims.clone(), until: now + Self::LIFETIME });
        Ok(ticket)
    }

    /// Spends a ticket.
    pub(super) fn redeem(&self, ticket: &str) -> Result<AccessTokenClaims, BearerError> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.remove(&digest("ticket", ticket));
        drop(waiting);
        match found.filter(|ticket| ticket.until > self.clock.monotonic()) {
            Some(Waiting { claims, .. }) if claims.expires_at() > self.clock.now() => Ok(claims),
            Some(_) => Err(BearerError::new(BearerErrorKind::TokenExpired)),
            None => Err(BearerError::new(BearerErrorKind::TokenInvalid)),
        }
    }

    /// The ticket of an address. It stands there as it was issued: nothing in it needs an escape.
    pub(super) fn find(uri: &Uri) -> Result<Option<&str>, Malformed> {
        let parameters = uri.query().into_iter().flat_map(|query| query.split('&'));
        let mut tickets = parameters.filter_map(|parameter| parameter.strip_prefix("ticket="));
        let ticket = tickets.next().filter(|ticket| !ticket.is_empty());
        if tickets.next().is_some() {
            return Err(Malformed::SeveralTokens);
        }
        Ok(ticket)
    }
}

impl Default for Tickets {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("Tickets").field("waiting", &waiting).finish_non_exhaustive()
    }
}

const MAX_WAITING: usize = 65_536;
