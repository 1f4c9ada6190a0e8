//! [`Row`] is the one row, with the rules of the store's contract.
//!
//! A row here has ages instead of moments. Two worlds that differ only in the date are then one
//! state, and a client may try again any number of times without a new state, so the search ends by
//! itself.

use std::sync::LazyLock;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::names::SessionId;
use crate::store::{RevocationReason, Session, SessionParts};

/// The unit of ages. A clock that is five units ahead is at the limit of what the rule accepts.
pub(super) const UNIT: Duration = Duration::from_secs(60);
/// A time that never comes.
pub(super) const NEVER: i8 = i8::MAX;
/// The current moment, which never changes. Ages change instead.
const NOW: u64 = 10_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Row {
    /// Whether the login has inserted it.
    pub(super) exists: bool,
    pub(super) generation: u8,
    /// The age of `rotated_at`. It is below zero if a clock that was ahead wrote it.
    pub(super) opened: Option<i8>,
    pub(super) confirmed: bool,
    pub(super) recoveries: u8,
    pub(super) recovered: bool,
    pub(super) retry: Option<u8>,
    pub(super) revision: u8,
    pub(super) revoked: bool,
    pub(super) created: i8,
    /// The rest of the absolute lifetime.
    pub(super) left: i8,
    /// The age of the generation itself, which no repeat and no recovery reduces. Only the explorer
    /// keeps it.
    pub(super) made: i8,
}

impl Row {
    pub(super) fn new(long: i8, left: i8) -> Self {
        Self {
            exists: true,
            generation: 0,
            opened: None,
            confirmed: false,
            recoveries: 0,
            recovered: false,
            retry: None,
            revision: 0,
            revoked: false,
            created: 0,
            left,
            made: long,
        }
    }

    /// Lets one unit pass. Times that are `long` ago stay so.
    pub(super) fn tick(&mut self, long: i8) {
        let older = |age: i8| (age + 1).min(long);
        self.opened = self.opened.map(older);
        self.created = older(self.created);
        self.made = older(self.made);
        if self.left != NEVER {
            self.left = (self.left - 1).max(-1);
        }
    }

    /// Returns how long the session has not been refreshed.
    pub(super) fn unused_for(&self) -> i8 {
        self.opened.unwrap_or(self.created)
    }

    /// Returns the row as the rule sees it.
    pub(super) fn session(&self) -> Session {
        static ANY: LazyLock<SessionParts> = LazyLock::new(any);
        Session::from_parts(SessionParts {
            created_at: now(-self.created),
            expires_at: if self.left == NEVER {
                Timestamp::from_millis(u64::MAX)
            } else {
                now(self.left)
            },
            generation: self.generation.into(),
            rotated_at: self.opened.map(|age| now(-age)),
            confirmed: self.confirmed,
            recoveries: self.recoveries,
            recovered: self.recovered,
            retry_key: self.retry.map(|key| [key; 16]),
            revision: self.revision.into(),
            revoked: self.revoked.then(|| RevocationReason::LoggedOut.at(now(0))),
            ..ANY.clone()
        })
    }

    /// Returns the row that the rule made of this one.
    pub(super) fn changed(&self, next: &SessionParts) -> Self {
        let generation = u8::try_from(next.generation).unwrap();
        let opened = next.rotated_at.map(age);
        Self {
            generation,
            opened,
            confirmed: next.confirmed,
            recoveries: next.recoveries,
            recovered: next.recovered,
            retry: next.retry_key.map(|key| key[0]),
            revision: u8::try_from(next.revision).unwrap(),
            made: opened
                .filter(|_| generation != self.generation)
                .unwrap_or(self.made),
            ..*self
        }
    }

    /// Contract: writes iff the row is not revoked and has the revision before. It never writes
    /// `expires_at` or the revocation.
    pub(super) fn replace(&mut self, next: &Self) -> bool {
        let may = self.exists && !self.revoked && self.revision + 1 == next.revision;
        if may {
            let Self { created, left, .. } = *self;
            *self = Self {
                created,
                left,
                revoked: false,
                ..*next
            };
        }
        may
    }

    /// Contract: writes iff the row is not revoked, has this generation, and is not confirmed yet.
    pub(super) fn confirm(&mut self, generation: u8) -> bool {
        let may = self.exists && !self.revoked && self.generation == generation && !self.confirmed;
        if may {
            self.confirmed = true;
            self.revision += 1;
        }
        may
    }

    /// Contract: writes iff the row is not revoked yet, whatever its revision.
    pub(super) fn revoke(&mut self) {
        if self.exists && !self.revoked {
            self.revoked = true;
            self.revision += 1;
        }
    }
}

/// Returns the current moment by a clock that is `ahead` by this many units.
pub(super) fn now(ahead: i8) -> Timestamp {
    Timestamp::from_secs(
        NOW.checked_add_signed(i64::from(ahead) * UNIT.as_secs() as i64)
            .unwrap(),
    )
}

/// Returns how many units a moment is from now.
pub(super) fn left(moment: Timestamp) -> i8 {
    -age(moment)
}

fn age(moment: Timestamp) -> i8 {
    let seconds = i64::try_from(NOW).unwrap() - i64::try_from(moment.as_secs()).unwrap();
    i8::try_from(seconds / UNIT.as_secs() as i64).unwrap()
}

/// Returns the fields that the rule does not look at.
fn any() -> SessionParts {
    SessionParts::new(SessionId::from_bytes([0; 16]), "a".into(), now(0), now(0))
}
