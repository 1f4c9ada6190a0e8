//! [`Subjects`] finds the sessions of a subject, without a walk through all of them.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::IdHasher;
use crate::names::{SessionId, Subject};

/// The ids of all rows by their subject, in parts as the rows are. A call locks one part at a time,
/// and takes no other lock meanwhile.
pub(super) struct Subjects {
    parts: [Mutex<Part>; PARTS],
    hasher: RandomState,
}

type Part = HashMap<Subject, Ids>;
type Ids = HashSet<SessionId, BuildHasherDefault<IdHasher>>;

impl Subjects {
    pub(super) fn enter(&self, subject: &Subject, id: SessionId) {
        let mut part = self.part(subject);
        match part.get_mut(subject) {
            Some(ids) => _ = ids.insert(id),
            None => _ = part.insert(subject.clone(), Ids::from_iter([id])),
        }
    }

    pub(super) fn leave(&self, subject: &Subject, id: &SessionId) {
        let mut part = self.part(subject);
        if let Some(ids) = part.get_mut(subject) {
            ids.remove(id);
            if ids.is_empty() {
                part.remove(subject);
            }
        }
    }

    /// Returns the sessions of a subject: ended ones too, as long as they have a row.
    pub(super) fn of(&self, subject: &Subject) -> Vec<SessionId> {
        let part = self.part(subject);
        let ids = part.get(subject).into_iter().flatten();
        ids.copied().collect()
    }

    /// Returns the number of these.
    pub(super) fn count(&self, subject: &Subject) -> usize {
        self.part(subject).get(subject).map_or(0, HashSet::len)
    }

    fn part(&self, subject: &Subject) -> MutexGuard<'_, Part> {
        let part = self.hasher.hash_one(subject) as usize % PARTS;
        self.parts[part]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Subjects {
    fn default() -> Self {
        Self {
            parts: Default::default(),
            hasher: RandomState::new(),
        }
    }
}

const PARTS: usize = 16;
