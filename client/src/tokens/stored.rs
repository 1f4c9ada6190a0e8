//! [`Kept`] comes from the store, which another process may have changed. [`Unsaved`] goes there.

use std::sync::Arc;

use super::held::Tokens;
use super::pair::Pair;
use super::version::Lineage;
use crate::secret::Secret;

/// What a store has.
#[derive(Debug)]
pub(crate) struct Kept {
    /// `None`: the login is over.
    pub(crate) pair: Option<Pair>,
    pub(crate) lineage: Lineage,
    pub(crate) mark: Option<Secret>,
    /// Grows with each mark.
    pub(crate) marks: u64,
}

/// What has to be stored.
pub(crate) struct Unsaved {
    pub(crate) pair: Option<Arc<Pair>>,
    pub(crate) lineage: Lineage,
    pub(crate) mark: Option<Secret>,
    pub(crate) marks: u64,
    change: u64,
}

impl Tokens {
    /// `None`: the store has what is held.
    pub(crate) fn unsaved(&self) -> Option<Unsaved> {
        let held = self.held();
        (!held.saved.is_saved()).then(|| Unsaved {
            pair: held.newest().cloned(),
            lineage: held.lineage.clone().unwrap_or_default(),
            mark: held.mark.clone(),
            marks: held.marks,
            change: held.saved.changes,
        })
    }

    /// From now on other processes may read the tokens, also if the store never answers. Returns
    /// what [`Tokens::undo_write`] takes.
    pub(crate) fn begin_write(&self, unsaved: &Unsaved) -> Option<u64> {
        let readable = &mut self.held().saved.readable;
        let before = *readable;
        *readable = unsaved.pair.as_ref().map(|pair| pair.login).or(before);
        before
    }

    /// The store says that it has written nothing.
    pub(crate) fn undo_write(&self, before: Option<u64>) {
        self.held().saved.readable = before;
    }

    /// Whether another process may have read tokens of this login.
    pub(crate) fn may_be_read(&self, pair: &Pair) -> bool {
        self.held().saved.readable == Some(pair.login)
    }

    pub(crate) fn note_saved(&self, unsaved: &Unsaved) {
        let saved = &mut self.held().saved;
        saved.note_saved(unsaved.change);
        saved.is_stored = unsaved.pair.is_some() || unsaved.mark.is_some();
    }

    /// Whether the store has what is held.
    pub(crate) fn is_saved(&self) -> bool {
        self.held().saved.is_saved()
    }

    /// Whether the login here replaces any other that is stored.
    pub(crate) fn replaces_stored(&self) -> bool {
        self.held().saved.is_own()
    }

    /// Whether an empty store would be news.
    pub(crate) fn is_stored(&self) -> bool {
        self.held().saved.is_stored
    }
}
