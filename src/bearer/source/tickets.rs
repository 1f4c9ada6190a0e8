//! [`Tickets`] open a connection where a client cannot send a token in a header.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Uri;

use super::ticket::{Entry, PLACES, TicketBytes, TicketKeys};
use crate::bearer::credentials::Malformed;
use crate::bearer::error::BearerError;
use crate::bearer::error_kind::BearerErrorKind;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::keys::{Secret, Ticket};
use crate::limits::with_timeout;
use crate::store::StoreError;
use crate::store::{self, EphemeralKey, EphemeralStore, Found, MemoryStore, SessionStore};
use crate::token::AccessTokenClaims;

/// A set of tickets. Each opens one connection within 30 seconds, as the user who asked for it.
///
/// It is for a WebSocket or an event stream whose client cannot set any header. A page asks
/// [`TicketEndpoint`](crate::endpoint::TicketEndpoint) for a ticket, with its access token as
/// usual, and opens `wss://…/feed?ticket=…`. A URL may end up in a log, but a ticket that is read
/// there is used already, or expires soon.
///
/// **What passes.** One of these tickets, once, within 30 seconds, with `GET` or `CONNECT`, while
/// the access token that it was issued for has not expired and its session has not been revoked.
/// The layer that looks for tickets has to accept the issuer, the audience and the scope of that
/// token, and all its checks hold: a ticket opens nothing that the token itself does not.
///
/// **Several processes.** Tickets of [`new`](Self::new) are in the memory of this process, and have
/// to come back to it. With [`in_store`](Self::in_store) they are in the store of the sessions, so
/// that each process accepts the tickets of the others.
///
/// **What is stored.** The claims of the access token, with a tag that only the ticket and the
/// secret of the application make. Neither the token nor the ticket is there. A ticket that is used
/// leaves nothing behind; the claims of others stay until the clean-up after their end.
///
/// A user has at most 16 tickets at a time; a new one replaces the oldest. `new` has room for
/// 65,536 in all, and a store for as many as it has room for: more are refused with 503. Times are
/// those of the system clock, or of the store's server; in tests use [that of the
/// tokens](Self::with_clock).
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
    place: Place,
    keys: TicketKeys,
    clock: Arc<dyn Clock>,
}

/// Where the tickets are.
#[derive(Clone)]
enum Place {
    Own(Arc<Own>),
    Shared(Arc<dyn SessionStore>),
}

/// A store of this process alone.
struct Own {
    store: MemoryStore,
    /// When what has ended is forgotten next, in milliseconds of the monotonic clock.
    clean_up: AtomicU64,
}

impl Tickets {
    /// Makes an empty set of tickets in the memory of this process.
    #[must_use]
    pub fn new() -> Self {
        let own = Own {
            store: MemoryStore::with_most_values(MAX_WAITING),
            clean_up: AtomicU64::new(0),
        };
        // Without randomness there are no keys, and `issue` fails.
        let keys = Secret::random().map_or_else(|_| TicketKeys::none(), |key| TicketKeys::of(&key));
        Self::with(Place::Own(Arc::new(own)), keys)
    }

    /// Makes a set of tickets in a store that processes share. All of them need the same secret,
    /// which may be that of the sessions: other keys are derived from it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use tower_bearer::bearer::Tickets;
    /// use tower_bearer::store::SessionStore;
    /// use tower_bearer::{MemoryStore, Secret};
    ///
    /// # fn main() -> Result<(), tower_bearer::ConfigError> {
    /// let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
    /// let tickets = Tickets::in_store(store, &Secret::random()?);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn in_store(store: impl SessionStore, secret: &Secret) -> Self {
        Self::with(Place::Shared(Arc::new(store)), TicketKeys::of(secret))
    }

    fn with(place: Place, keys: TicketKeys) -> Self {
        Self {
            place,
            keys,
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

    /// Issues a ticket for the subject of these claims.
    ///
    /// # Errors
    ///
    /// `TokenExpired`: the access token has expired. `TokenTooLarge`: its claims are above 15 KiB.
    /// `Unavailable`: the store fails or is full, or the operating system has no randomness.
    pub async fn issue(&self, claims: &AccessTokenClaims) -> Result<Ticket, BearerError> {
        if self.lifetime(claims).is_zero() {
            return Err(BearerErrorKind::TokenExpired.into());
        }
        let stored = claims.to_stored();
        if stored.len() > MAX_CLAIMS {
            return Err(BearerErrorKind::TokenTooLarge.into());
        }
        let issued = with_timeout(DEADLINE, self.write(claims, &stored)).await;
        let ticket = issued.map_err(BearerError::unavailable)?;
        let ticket = ticket.ok_or_else(|| BearerError::unavailable(NO_RANDOMNESS))?;
        Ok(ticket.to_text())
    }

    /// Writes a new ticket at a place of the user that is free, or else at that of the oldest one.
    async fn write(
        &self,
        claims: &AccessTokenClaims,
        stored: &[u8],
    ) -> Result<Option<TicketBytes>, StoreError> {
        let now = self.moment();
        self.clean_up(now).await?;
        let Some(places) = self.keys.places(claims) else {
            return Ok(None);
        };
        let found = self.store().read(&places, now).await?;
        let issued = |found: &Option<Found>| match found {
            Some(Found::Value(entry)) => Entry::issued(entry),
            _ => 0,
        };
        for (place, _) in places
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
        {
            let Some((ticket, entry)) = self.keys.issue(place, stored, now) else {
                return Ok(None);
            };
            // Another request of this user may be quicker.
            if self.store().put_new(entry_at(*place, &entry), now).await? {
                return Ok(Some(ticket));
            }
        }
        let oldest = (0..PLACES).min_by_key(|&place| issued(&found[place]));
        let place = places[oldest.unwrap_or(0)];
        let Some((ticket, entry)) = self.keys.issue(&place, stored, now) else {
            return Ok(None);
        };
        self.store().note(entry_at(place, &entry), now).await?;
        Ok(Some(ticket))
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
    pub(in crate::bearer) async fn redeem(
        &self,
        ticket: &str,
    ) -> Result<AccessTokenClaims, BearerError> {
        let claims = match TicketBytes::parse(ticket) {
            Some(ticket) => with_timeout(DEADLINE, self.take(&ticket)).await,
            None => Ok(None),
        };
        match claims.map_err(BearerError::unavailable)? {
            Some(claims) if claims.expires_at() > self.clock.now() => Ok(claims),
            Some(_) => Err(BearerErrorKind::TokenExpired.into()),
            None => Err(BearerErrorKind::InvalidToken.into()),
        }
    }

    /// Takes the entry of a ticket out of the store. It is read before that: a ticket that was used
    /// must not take away the next one at its place.
    async fn take(&self, ticket: &TicketBytes) -> Result<Option<AccessTokenClaims>, StoreError> {
        let (place, now) = (ticket.place(), self.moment());
        let open = |entry: &[u8]| self.keys.open(ticket, entry);
        let found = self.store().read(&[place], now).await?;
        let is_there = found.iter().any(|found| match found {
            Some(Found::Value(entry)) => open(entry).is_some(),
            _ => false,
        });
        if !is_there {
            return Ok(None);
        }
        let taken = self.store().take(place, now).await?;
        Ok(taken.and_then(|entry| open(&entry)))
    }

    /// Returns the ticket in the query string.
    pub(in crate::bearer) fn find(uri: &Uri) -> Result<Option<&str>, Malformed> {
        TicketBytes::find(uri)
    }

    fn store(&self) -> &dyn EphemeralStore {
        match &self.place {
            Place::Own(own) => own.store.ephemeral(),
            Place::Shared(store) => store.ephemeral(),
        }
    }

    /// Returns the time for the store. In the memory of this process, setting the clock makes no
    /// ticket older or younger.
    fn moment(&self) -> Timestamp {
        match &self.place {
            Place::Own(_) => Timestamp::from_millis(0) + self.clock.monotonic(),
            Place::Shared(_) => self.clock.now(),
        }
    }

    /// Forgets the tickets that nobody has used, which the clean-up of sessions does in a shared
    /// store.
    async fn clean_up(&self, now: Timestamp) -> Result<(), StoreError> {
        let Place::Own(own) = &self.place else {
            return Ok(());
        };
        let (now_millis, order) = (now.as_millis(), Ordering::Relaxed);
        let next = (now + Self::LIFETIME).as_millis();
        let is_due = |due: u64| (due <= now_millis).then_some(next);
        if own.clean_up.fetch_update(order, order, is_due).is_ok() {
            self.store().delete_ended(now).await?;
        }
        Ok(())
    }
}

impl Default for Tickets {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tickets = f.debug_struct("Tickets");
        match &self.place {
            Place::Own(own) => tickets.field("waiting", &own.store.values()),
            Place::Shared(store) => tickets.field("store", store),
        };
        tickets.finish_non_exhaustive()
    }
}

fn entry_at(place: EphemeralKey, entry: &[u8]) -> store::Entry<'_> {
    store::Entry::new(place, entry, Tickets::LIFETIME)
}

/// The tickets that one process keeps in its own memory.
const MAX_WAITING: usize = 65_536;
/// The rest of an entry is for its tag.
const MAX_CLAIMS: usize = store::Entry::MAX_BYTES - 1024;
/// The time that the store has for each ticket.
const DEADLINE: Duration = Duration::from_secs(5);
const NO_RANDOMNESS: &str = "the operating system has no randomness for a ticket";
