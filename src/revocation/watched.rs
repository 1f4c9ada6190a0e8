//! [`Watched`] wakes those that wait until one session is revoked.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::Notify;

use crate::names::SessionId;
use crate::sync::{Mutex, MutexGuard};

/// The sessions of long connections, each with what wakes its own watches and the number of them.
#[derive(Default)]
pub(super) struct Watched(Mutex<HashMap<SessionId, (Arc<Notify>, usize)>>);

impl Watched {
    /// Adds a watch of this session, until [`leave`](Self::leave).
    pub(super) fn join(&self, id: &SessionId) -> Arc<Notify> {
        let mut watched = self.lock();
        let (notify, watches) = watched.entry(*id).or_default();
        *watches += 1;
        Arc::clone(notify)
    }

    pub(super) fn leave(&self, id: &SessionId) {
        let mut watched = self.lock();
        if let Some((_, watches)) = watched.get_mut(id) {
            *watches -= 1;
            if *watches == 0 {
                watched.remove(id);
            }
        }
    }

    /// Wakes the watches of the sessions that have ended.
    pub(super) fn wake(&self, has_ended: impl Fn(&SessionId) -> bool) {
        for (id, (notify, _)) in &*self.lock() {
            if has_ended(id) {
                notify.notify_waiters();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, (Arc<Notify>, usize)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
