//! [`RefusedLogin`] is the line of the log about a login that was refused.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::client_network::fields;

/// A login that was refused: who asked, and why. A tool that blocks attackers reads its line.
pub(crate) struct RefusedLogin {
    pub(crate) client: Option<IpAddr>,
    pub(crate) reason: Option<&'static str>,
}

impl RefusedLogin {
    pub(crate) fn log(&self) {
        let Self { client, reason } = *self;
        let (client, network) = fields(client);
        tracing::info!(client, network, reason, "login refused");
    }
}

/// The line of an attempt of the application's own login handler. It is written when its request is
/// over, also because the caller has hung up, unless the handler's response says why.
#[derive(Default)]
pub(crate) struct LateLine(Mutex<Option<RefusedLogin>>);

impl LateLine {
    /// Writes this line at the end.
    pub(crate) fn set(&self, refused: RefusedLogin) {
        self.replace(Some(refused));
    }

    /// The response says why: writes no line.
    pub(crate) fn forget(&self) {
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn replace(&self, next: Option<RefusedLogin>) {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *line, next);
        drop(line);
        if let Some(before) = before {
            before.log();
        }
    }
}

impl Drop for LateLine {
    fn drop(&mut self) {
        self.replace(None);
    }
}
