//! Where the two flows meet: [`Sessions::layer`].

use std::sync::Arc;

use super::sessions::Sessions;
use crate::bearer::{BearerAuthLayer, SessionSide};

impl Sessions {
    /// A layer that accepts the access tokens of these sessions: same issuer, audience, keys and
    /// clock.
    ///
    /// A session that was ended is refused with the next request, before its access token expires.
    /// An access token that a handler answered below 500 is noted: it proves that the client
    /// received it.
    pub fn layer(&self) -> BearerAuthLayer {
        let sessions = SessionSide {
            revocations: self.sync().revocations().clone(),
            max_lag: self.0.outage.max_lag(),
            receipts: self.sync().receipts().clone(),
            sync: Arc::clone(self.sync()) as _,
            edge: Arc::clone(self.edge()),
        };
        BearerAuthLayer::with_sessions(self.verifier(), Some(sessions))
    }
}
