//! [`Flow`]: what every endpoint of the login flow has; and [`Delivery`], tokens by another way than the body.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::response::Refused;
use crate::bearer::TokenSource;
use crate::session::{Sessions, TokenResponse};

/// What every endpoint of the login flow has.
pub(super) struct Flow<A> {
    pub(super) sessions: Sessions<A>,
    /// `None`: tokens come and go in bodies.
    pub(super) delivery: Option<Arc<dyn Delivery>>,
}

/// Tokens by cookie: `CookieDelivery`, of the feature `cookie`.
pub(super) trait Delivery: fmt::Debug + Send + Sync {
    /// Whether the answer goes by cookie. `asked` is what the request says of it.
    fn is_wanted(&self, asked: Option<&str>) -> Result<bool, Refused>;

    /// The refresh token that the browser sent by itself.
    fn refresh_token<'p>(&self, parts: &'p Parts) -> Result<Option<&'p str>, Refused>;

    /// Where access tokens are, for the endpoints that demand one.
    fn token_sources(&self) -> Vec<TokenSource>;

    /// Whether a page of ours made the browser send it.
    fn comes_from_us(&self, parts: &Parts) -> bool;

    /// Refuses what another site made the browser send.
    fn demand_own_site(&self, parts: &Parts) -> Result<(), Refused>;

    /// The tokens as cookies, and the rest as a body. `held`: the refresh token that the browser holds.
    fn deliver(&self, tokens: &TokenResponse, held: Option<&str>) -> Response<Bytes>;

    /// Takes the cookies back.
    fn clear(&self, answer: Response<Bytes>) -> Response<Bytes>;
}

impl<A> Flow<A> {
    pub(super) fn new(sessions: Sessions<A>) -> Self {
        Self { sessions, delivery: None }
    }

    /// Takes the cookies back, if a page of ours has logged out: another origin's, with a token of its own, has no say about this browser's cookies.
    pub(super) fn without_cookies(&self, parts: &Parts, answer: Response<Bytes>) -> Response<Bytes> {
        match &self.delivery {
            Some(delivery) if delivery.comes_from_us(parts) => delivery.clear(answer),
            _ => answer,
        }
    }

    /// How the answer goes: as the request asks for, if the application has more than one way.
    pub(super) fn delivery(&self, asked: Option<&str>) -> Result<Option<&dyn Delivery>, Refused> {
        match &self.delivery {
            Some(delivery) => Ok(delivery.is_wanted(asked)?.then_some(&**delivery)),
            None => Ok(None),
        }
    }
}

impl<A> Clone for Flow<A> {
    fn clone(&self) -> Self {
        Self { sessions: self.sessions.clone(), delivery: self.delivery.clone() }
    }
}

impl<A> fmt::Debug for Flow<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").field("sessions", &self.sessions).field("delivery", &self.delivery).finish()
    }
}
