//! [`Counts`] of all clients together.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) answered: AtomicU64,
    pub(crate) unavailable: AtomicU64,
    pub(crate) cut_off: AtomicU64,
    pub(crate) logged_out: AtomicU64,
    /// Requests with the token of a client that has logged out.
    pub(crate) refused: AtomicU64,
    /// What must not happen, with the number of the client.
    faults: Mutex<Vec<String>>,
}

impl Counts {
    pub(crate) fn fault(&self, client: usize, what: &str) {
        let mut faults = self.faults.lock().expect("nobody panicked with it");
        if faults.len() < 20 {
            faults.push(format!("client {client}: {what}"));
        }
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.lock().expect("nobody panicked with it").clone()
    }

    pub(crate) fn line(&self) -> String {
        let of = |count: &AtomicU64| count.load(Relaxed);
        format!(
            "{} answered, {} unavailable, {} cut off, {} logged out, {} refused since",
            of(&self.answered),
            of(&self.unavailable),
            of(&self.cut_off),
            of(&self.logged_out),
            of(&self.refused)
        )
    }
}
