//! [`Queue`] has the events that are to come, the next one first.

use std::collections::BTreeMap;

use crate::rule::Millis;

#[derive(Debug)]
pub struct Queue<E> {
    /// By moment, and by the order in which they were added.
    events: BTreeMap<(Millis, u64), E>,
    added: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self {
            events: BTreeMap::new(),
            added: 0,
        }
    }
}

impl<E> Queue<E> {
    /// Adds an event. Of two at one moment the one that was added first comes first.
    pub fn add(&mut self, at: Millis, event: E) {
        self.events.insert((at, self.added), event);
        self.added += 1;
    }

    /// Takes the next event, and its moment.
    pub fn take(&mut self) -> Option<(Millis, E)> {
        let ((at, _), event) = self.events.pop_first()?;
        Some((at, event))
    }
}
