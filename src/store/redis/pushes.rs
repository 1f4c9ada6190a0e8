//! [`Pushes`] counts what the nodes of a cluster say without being asked.

use redis::PushKind;

/// How many announcements there were, and how often the subscription was lost.
#[derive(Clone, Copy, Default)]
pub(super) struct Pushes {
    announcements: u64,
    losses: u64,
}

impl Pushes {
    /// Counts a push, and returns whether it matters.
    pub(super) fn count(&mut self, kind: &PushKind) -> bool {
        match kind {
            PushKind::Message | PushKind::SMessage => self.announcements += 1,
            // A connection is gone, or a slot moved to another node. The driver subscribes again to
            // all channels of a node at once, which Redis refuses: they are in several slots.
            PushKind::Disconnection | PushKind::SUnsubscribe => self.losses += 1,
            _ => return false,
        }
        true
    }

    /// Returns whether the subscription was lost since these pushes.
    pub(super) fn lost_since(&self, before: &Self) -> bool {
        self.losses != before.losses
    }
}
