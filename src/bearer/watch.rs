//! [`AccessTokenWatch`] is for connections that outlive their request.

use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use http::Extensions;

use super::admission::Admission;
use super::error::BearerError;
use super::gate::{Gate, SessionSide};
use crate::names::SessionId;
use crate::revocation::{Watching, ensure_started};
use crate::token::AccessTokenClaims;

/// Tells when the access token of a request expires, and when its session is revoked.
///
/// It is for a WebSocket or an event stream, which stays open long after the layer has let its
/// request through. The watch ends at `exp`, without leeway. It notices a revocation on this
/// process at once, and a revocation on another process as soon as the layer does. If the store
/// cannot be asked, the watch ends when the layer stops letting requests through, within a minute.
/// Tokens of other issuers and legacy tokens have no session here, so they only expire. Behind
/// several layers it also notices the revocations that an outer layer knows of the same user.
///
/// ```
/// use tower_bearer::bearer::{AccessTokenWatch, EndReason};
///
/// async fn feed(extensions: &http::Extensions) {
///     let Some(watch) = AccessTokenWatch::from_extensions(extensions) else {
///         return;
///     };
///     loop {
///         tokio::select! {
///             reason = watch.ended() => return match reason {
///                 EndReason::Expired => println!("closing with 4401: come back with a new token"),
///                 _ => println!("closing with 4403: log in"),
///             },
///             // message = socket.recv() => …
/// #           _ = std::future::ready(()) => return,
///         }
///     }
/// }
/// ```
#[derive(Clone)]
pub struct AccessTokenWatch {
    claims: AccessTokenClaims,
    gate: Arc<Gate>,
    sessions: Arc<[WatchedSession]>,
}

/// A session that may be revoked, and the revocations that may have it.
struct WatchedSession {
    id: SessionId,
    side: SessionSide,
    /// Makes the process go on asking the store, even without requests, and is woken when this
    /// session is revoked.
    watching: Watching,
}

/// Why an access token no longer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// The token has expired: `exp` has passed.
    Expired,
    /// The session was revoked.
    SessionRevoked,
    /// It is not known whether the session was revoked: the store has not answered for too long
    /// ([`StoreOutage`](crate::session::StoreOutage)).
    Unknown,
}

impl AccessTokenWatch {
    /// Returns the watch over the token that [`BearerAuthLayer`](crate::BearerAuthLayer) let
    /// through. It is `None` without the layer, and without a token. For Axum the watch is an
    /// extractor too.
    #[must_use]
    pub fn from_extensions(extensions: &Extensions) -> Option<Self> {
        Self::of(extensions).ok()
    }

    /// Returns the watch, or the error that says why there is none.
    pub(crate) fn of(extensions: &Extensions) -> Result<Self, BearerError> {
        Self::over(Admission::of(extensions)?)
    }

    pub(super) fn over(admission: &Admission) -> Result<Self, BearerError> {
        let claims = admission.claims()?.clone();
        let watched = |admission: &Admission| {
            let same = admission.claims.as_ref().filter(|other| {
                other.issuer() == claims.issuer() && other.subject() == claims.subject()
            })?;
            let side = admission.gate.sessions.clone()?;
            let id = *same.session_id()?;
            Some(WatchedSession {
                id,
                watching: side.revocations.watch(id),
                side,
            })
        };
        let sessions = admission.all().filter_map(watched).collect();
        Ok(Self {
            claims,
            gate: Arc::clone(&admission.gate),
            sessions,
        })
    }

    /// Returns the claims of the token.
    #[must_use]
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.claims
    }

    /// Returns why the token no longer counts, or `None` while it does. It says what is known now,
    /// so it is never [`Unknown`](EndReason::Unknown).
    #[must_use]
    pub fn end_reason(&self) -> Option<EndReason> {
        self.end_reason_with(Self::until_exp)
    }

    fn end_reason_with(&self, left: TimeLeft) -> Option<EndReason> {
        if self
            .sessions
            .iter()
            .any(|session| session.side.revocations.contains(&session.id))
        {
            return Some(EndReason::SessionRevoked);
        }
        left(self).is_zero().then_some(EndReason::Expired)
    }

    /// Waits until the token no longer counts. Cancel safe.
    ///
    /// # Panics
    ///
    /// It panics outside a Tokio runtime with time enabled.
    pub async fn ended(&self) -> EndReason {
        self.ended_with(Self::until_exp).await
    }

    /// Waits until the layer would refuse the token, which is later than [`ended`](Self::ended) by
    /// the leeway: a request that was let in within the leeway gets its response.
    pub(super) async fn refused(&self) {
        self.ended_with(Self::until_refused).await;
    }

    fn until_exp(&self) -> Duration {
        let expires_at = self.claims.expires_at();
        expires_at.saturating_since(self.gate.verifiers.now())
    }

    fn until_refused(&self) -> Duration {
        self.gate.verifiers.time_left(&self.claims)
    }

    async fn ended_with(&self, left: TimeLeft) -> EndReason {
        loop {
            // It listens before it looks, so that a revocation in between wakes it.
            let revoked = self
                .sessions
                .iter()
                .map(|session| session.watching.revoked());
            let mut revoked: Vec<_> = revoked.map(Box::pin).collect();
            if let Some(reason) = self.end_reason_with(left) {
                return reason;
            }
            match self.load().await {
                Ok(Loaded::Nothing) => {}
                Ok(Loaded::Revocations) => continue,
                Err(reason) => return reason,
            }
            // The time of day may be set in the meantime.
            let pause = left(self).min(LONGEST_PAUSE);
            let any_revoked = poll_fn(|cx| {
                let mut listening = revoked.iter_mut();
                let is_ready = listening.any(|changed| changed.as_mut().poll(cx).is_ready());
                if is_ready {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            });
            drop(tokio::time::timeout(pause, any_revoked).await);
        }
    }

    /// Loads the revocations that are not current.
    async fn load(&self) -> Result<Loaded, EndReason> {
        let mut loaded = Loaded::Nothing;
        for WatchedSession { side, .. } in &*self.sessions {
            // A process with few other requests has to hear of revocations too.
            ensure_started(&side.sync);
            if !side.revocations.is_current(side.max_lag) {
                let outcome = side.revocations.load(side.max_lag).await;
                outcome.map_err(|_| EndReason::Unknown)?;
                loaded = Loaded::Revocations;
            }
        }
        Ok(loaded)
    }
}

/// How long a token still counts, apart from revocations.
type TimeLeft = fn(&AccessTokenWatch) -> Duration;

enum Loaded {
    Nothing,
    Revocations,
}

impl fmt::Debug for AccessTokenWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokenWatch")
            .field("claims", &self.claims)
            .field("end_reason", &self.end_reason())
            .finish_non_exhaustive()
    }
}

const LONGEST_PAUSE: Duration = Duration::from_secs(60);
