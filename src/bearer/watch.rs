//! [`AccessTokenWatch`]: for what outlives a request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Extensions;

use super::admission::Admission;
use super::gate::Gate;
use crate::revocation::ensure_started;
use crate::token::AccessTokenClaims;

/// Sees when the access token of a request ends, and when its session is revoked: for a WebSocket, or a stream of events, which goes on long after
/// the layer has let its request through.
///
/// It ends at `exp`, without leeway. A session that is revoked on this process is seen at once, on another one when that is heard of, as the layer
/// hears of it. Where the store cannot be asked, it ends as the layer ends to let requests through, within a minute. Tokens of other issuers and legacy tokens have no session here: they only expire.
///
/// ```
/// use tower_bearer::{AccessTokenWatch, EndReason};
///
/// async fn feed(extensions: &http::Extensions) {
///     let Some(watch) = AccessTokenWatch::from_extensions(extensions) else { return };
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
}

/// Why an access token no longer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// `exp` has passed.
    Expired,
    /// The session was ended.
    SessionRevoked,
    /// Nobody can say whether the session was ended: the store has not answered for too long ([`StoreOutage`](crate::StoreOutage)).
    Unknown,
}

impl AccessTokenWatch {
    /// The watch over the token that [`BearerAuthLayer`](crate::BearerAuthLayer) let through. `None` without the layer, and without a token.
    #[must_use]
    pub fn from_extensions(extensions: &Extensions) -> Option<Self> {
        let admission = extensions.get::<Admission>()?;
        Some(Self { claims: admission.claims.clone()?, gate: Arc::clone(&admission.gate) })
    }

    /// Whose token it is.
    #[must_use]
    pub fn claims(&self) -> &AccessTokenClaims {
        &self.claims
    }

    /// Why the token no longer counts; `None` while it does, by what is known now: never [`Unknown`](EndReason::Unknown).
    #[must_use]
    pub fn end_reason(&self) -> Option<EndReason> {
        let sessions = self.gate.sessions.as_ref().zip(self.claims.session_id());
        if sessions.is_some_and(|(sessions, id)| sessions.revocations.contains(id)) {
            return Some(EndReason::SessionRevoked);
        }
        (self.gate.verifiers.now() >= self.claims.expires_at()).then_some(EndReason::Expired)
    }

    /// Waits until the token no longer counts. It may be given up and asked again.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime with time enabled.
    pub async fn ended(&self) -> EndReason {
        loop {
            // Listens before it looks: what comes in between wakes it.
            let sessions = self.gate.sessions.as_ref().filter(|_| self.claims.session_id().is_some());
            let revoked = sessions.map(|sessions| sessions.revocations.changed());
            if let Some(reason) = self.end_reason() {
                return reason;
            }
            if let Some(sessions) = sessions {
                // A process whose other requests are few hears of revocations all the same.
                ensure_started(&sessions.sync);
                if !sessions.revocations.is_current(sessions.max_lag) {
                    if sessions.revocations.load(sessions.max_lag).await.is_err() {
                        return EndReason::Unknown;
                    }
                    continue;
                }
            }
            let left = self.claims.expires_at().saturating_since(self.gate.verifiers.now());
            // The time of day may be set meanwhile.
            let pause = left.min(LONGEST_PAUSE);
            match revoked {
                Some(revoked) => drop(tokio::time::timeout(pause, revoked).await),
                None => tokio::time::sleep(pause).await,
            }
        }
    }
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
