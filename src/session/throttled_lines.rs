//! [`ThrottledLines`] bounds what guesses write to the log.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::client_network::ClientNetwork;
use crate::clock::Timestamp;
use crate::throttle::ThrottledBy;

/// Remembers in which minute a line was written for a client and a counter: at most 1,024 lines a
/// minute, from any number of clients. Those that share a place share its line.
pub(super) struct ThrottledLines {
    key: RandomState,
    /// The last minute of each place, counted from 1.
    minutes: Box<[AtomicU64]>,
}

impl ThrottledLines {
    pub(super) fn new() -> Self {
        Self {
            key: RandomState::new(),
            minutes: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Returns whether this is the first such refusal in this minute.
    pub(super) fn is_new(
        &self,
        network: Option<ClientNetwork>,
        by: ThrottledBy,
        now: Timestamp,
    ) -> bool {
        let minute = now.as_secs() / 60 + 1;
        let hash = self.key.hash_one((network, by));
        // The remainder is below the number of places.
        let place = usize::try_from(hash % PLACES).unwrap_or_default();
        let last = self.minutes.get(place);
        last.is_some_and(|last| last.swap(minute, Ordering::Relaxed) != minute)
    }
}

const PLACES: u64 = 1024;
