//! [`Tickets`] open a connection where a client cannot send a token in a header.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use zeroize::Zeroizing;

use crate::bearer::credentials::Malformed;
use crate::bearer::error::BearerError;
use crate::bearer::error_kind::BearerErrorKind;
use crate::clock::{Clock, SystemClock};
use crate::digest::digest;
use crate::error::BoxError;
use crate::names::{Issuer, Subject};
use crate::token::AccessTokenClaims;

/// A set of tickets. Each opens one connection within 30 seconds, as the user who asked for it.
///
/// It is for a WebSocket or an event stream whose client cannot set any header. A page asks
/// [`TicketEndpoint`](crate::endpoint::TicketEndpoint) for a ticket, with its access token as
/// usual, and opens `wss://…/feed?ticket=…`. A URL may end up in a log, but a ticket that is read
/// there is used already, or expires soon.
///
/// **What passes.** One of these tickets, once, within 30 seconds, while the access token that it
/// was issued for has not expired and its session has not been revoked. The layer that looks for
/// tickets has to accept the issuer, the audience and the scope of that token, and all its checks
/// hold: a ticket opens nothing that the token itself does not.
///
/// **Caveat.** Tickets are in the memory of one process, so a ticket has to come back to the
/// process that issued it. Behind a load balancer that spreads requests, use
/// [`websocket_protocol`](crate::bearer::TokenSource::websocket_protocol), which needs no memory.
///
/// A user has at most 16 tickets at a time; a new one replaces the oldest. At most 65,536 wait in
/// all, and more are refused. Times are those of the system clock; in tests use
/// [that of the tokens](Self::with_clock).
///
/// ```
/// # use axum::{Router, routing::get};
/// use tower_bearer::bearer::{Tickets, TokenSource};
/// use tower_bearer::endpoint::TicketEndpoint;
/// use tower_bearer::BearerAuthLayer;
///
/// # fn example(layer: BearerAuthLayer) -> Router {
/// let tickets = Tickets::new();
/// let sources = [TokenSource::header(), TokenSource::ticket(&tickets)];
/// let feed = layer.clone().with_token_sources(sources);
/// Router::new()
///     .route_service("/feed/ticket", TicketEndpoint::new(&tickets))
///     .route_layer(layer)
///     .route("/feed", get(|| async { "the feed" }).route_layer(feed))
/// # }
/// ```
#[derive(Clone)]
pub struct Tickets {
    waiting: Arc<Mutex<Waiting>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Waiting {
    tickets: HashMap<Hash, Ticket>,
    /// The tickets of each user, the oldest first. Some may be used already.
    of_users: HashMap<(Issuer, Subject), VecDeque<Hash>>,
    /// The tickets in the order in which they were issued, which is the order in which they expire.
    /// Some may be used already.
    order: VecDeque<(Duration, Hash)>,
}

/// Tickets are looked up by their hash, because the time of a lookup by the ticket itself would
/// tell how much of a guess is right.
type Hash = [u8; 16];

struct Ticket {
    claims: AccessTokenClaims,
    /// The end of the ticket on the monotonic clock.
    until: Duration,
}

impl Tickets {
    /// Makes an empty set of tickets.
    #[must_use]
    pub fn new() -> Self {
        Self {
            waiting: Arc::default(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Sets the clock. The default is the operating system's clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The lifetime of a ticket: 30 seconds. A page asks for a ticket right before it uses it.
    pub const LIFETIME: Duration = Duration::from_secs(30);

    /// Issues a ticket for the subject of these claims: 43 characters that need no escape in a URL.
    ///
    /// # Errors
    ///
    /// `TokenExpired`: the access token has expired. `Unavailable`: too many tickets are waiting,
    /// or the operating system has no randomness.
    pub fn issue(&self, claims: &AccessTokenClaims) -> Result<Zeroizing<String>, BearerError> {
        if self.lifetime(claims).is_zero() {
            return Err(BearerErrorKind::TokenExpired.into());
        }
        let mut ticket = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *ticket)
            .map_err(|error| BearerError::unavailable(BoxError::from(error.to_string())))?;
        let ticket = Zeroizing::new(URL_SAFE_NO_PAD.encode(*ticket));
        let now = self.clock.monotonic();
        if self.waiting().insert(hash(&ticket), claims, now) {
            Ok(ticket)
        } else {
            Err(BearerError::unavailable("too many tickets are waiting"))
        }
    }

    /// Returns how long a ticket for these claims is valid, which is no longer than the access
    /// token.
    pub(crate) fn lifetime(&self, claims: &AccessTokenClaims) -> Duration {
        claims
            .expires_at()
            .saturating_since(self.clock.now())
            .min(Self::LIFETIME)
    }

    /// Uses a ticket up, and returns its claims.
    pub(in crate::bearer) fn redeem(&self, ticket: &str) -> Result<AccessTokenClaims, BearerError> {
        let found = self.waiting().tickets.remove(&hash(ticket));
        match found.filter(|ticket| ticket.until > self.clock.monotonic()) {
            Some(Ticket { claims, .. }) if claims.expires_at() > self.clock.now() => Ok(claims),
            Some(_) => Err(BearerErrorKind::TokenExpired.into()),
            None => Err(BearerErrorKind::InvalidToken.into()),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the ticket in the query string. It is not decoded, because no character of a ticket
    /// needs an escape.
    pub(in crate::bearer) fn find(uri: &Uri) -> Result<Option<&str>, Malformed> {
        let parameters = uri.query().into_iter().flat_map(|query| query.split('&'));
        let mut tickets = parameters.filter_map(|parameter| parameter.strip_prefix("ticket="));
        let ticket = tickets.next().filter(|ticket| !ticket.is_empty());
        if tickets.next().is_some() {
            return Err(Malformed::SeveralTokens);
        }
        Ok(ticket)
    }
}

impl Waiting {
    /// Adds a ticket. It returns `false` if too many tickets are waiting.
    fn insert(&mut self, hash: Hash, claims: &AccessTokenClaims, now: Duration) -> bool {
        self.forget_ended(now);
        let user = (claims.issuer().clone(), claims.subject().clone());
        if let Some(of_user) = self.of_users.get_mut(&user) {
            of_user.retain(|hash| self.tickets.contains_key(hash));
            if of_user.len() >= MAX_OF_USER
                && let Some(oldest) = of_user.pop_front()
            {
                self.tickets.remove(&oldest);
            }
        }
        if self.tickets.len() >= MAX_WAITING {
            return false;
        }
        // Used tickets are in the queue too, until they expire.
        if self.order.len() >= 2 * MAX_WAITING {
            self.order
                .retain(|(_, hash)| self.tickets.contains_key(hash));
        }
        self.of_users.entry(user).or_default().push_back(hash);
        let until = now + Tickets::LIFETIME;
        self.order.push_back((until, hash));
        self.tickets.insert(
            hash,
            Ticket {
                claims: claims.clone(),
                until,
            },
        );
        true
    }

    fn forget_ended(&mut self, now: Duration) {
        let mut some_ended = false;
        while let Some(&(until, hash)) = self.order.front()
            && until <= now
        {
            self.order.pop_front();
            self.tickets.remove(&hash);
            some_ended = true;
        }
        // Looks at all users only after many tickets have ended. Otherwise each user would be
        // remembered forever.
        if some_ended && self.of_users.len() > self.tickets.len() * 2 {
            self.of_users
                .retain(|_, hashes| hashes.iter().any(|hash| self.tickets.contains_key(hash)));
        }
    }
}

fn hash(ticket: &str) -> Hash {
    digest("ticket", ticket)
}

impl Default for Tickets {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tickets")
            .field("waiting", &self.waiting().tickets.len())
            .finish_non_exhaustive()
    }
}

const MAX_WAITING: usize = 65_536;
const MAX_OF_USER: usize = 16;
