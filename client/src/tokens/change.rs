//! What a login, a refresh and a logout change in [`Tokens`].

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use super::held::{Held, Tokens};
use super::pair::Pair;
use super::rest::Rest;
use super::version::Lineage;
use crate::ClientError;
use crate::secret::Secret;

impl Tokens {
    /// The answer to a login replaces what there was.
    pub(crate) fn begin(&self, mut pair: Pair, lineage: Lineage, mark: Option<Secret>) {
        let mut held = self.held();
        pair.login = lineage.login();
        let before = [held.former.take(), held.lineage.take()];
        let before = before.iter().flatten();
        held.lineage = Some(before.fold(lineage, Lineage::replacing));
        let pair = held.numbered(pair);
        if let Some(before) = held.pair.take() {
            held.note_replaced(before);
        }
        held.put(pair);
        // A server without a throttle sends none.
        if mark.is_some() {
            held.put_mark(mark);
        }
        held.saved.note_own_change();
    }

    /// The session of this pair has to be ended.
    pub(crate) fn note_replaced(&self, pair: Arc<Pair>) {
        self.held().note_replaced(pair);
    }

    /// Returns the pairs whose sessions have to be ended, which were replaced since the last call.
    pub(crate) fn take_replaced(&self) -> Vec<Arc<Pair>> {
        mem::take(&mut self.held().replaced)
    }

    /// Takes a mark that came in another way than with a login.
    pub(crate) fn set_mark(&self, mark: Secret) {
        let mut held = self.held();
        held.put_mark(Some(mark));
        held.saved.note_own_mark();
    }

    /// The same, unless the login has changed meanwhile.
    pub(crate) fn set_mark_of(&self, login: u64, mark: Secret) {
        let mut held = self.held();
        if held.pair.as_ref().is_some_and(|pair| pair.login == login) {
            held.put_mark(Some(mark));
            held.saved.note_own_mark();
        }
    }

    /// What the server has sent in place of `before`, unless the login has changed meanwhile. It is
    /// used from [`Tokens::use_next`] on.
    pub(crate) fn offer(&self, before: &Arc<Pair>, pair: Pair) {
        let mut held = self.held();
        if held.holds(before) {
            held.next = Some(held.numbered(pair));
            held.saved.note_change();
        }
    }

    pub(crate) fn note_refresh(&self) {
        self.held().refreshes += 1;
    }

    /// Returns the pair that was offered, if it is used now.
    pub(crate) fn use_next(&self) -> Option<Arc<Pair>> {
        self.held().use_next()
    }

    /// Begins the pause after a failure. `time` gets the number of failures before this one in a
    /// row, and `is_named` tells whether the server has asked for it.
    pub(crate) fn rest(
        &self,
        pair: &Arc<Pair>,
        failure: ClientError,
        is_named: bool,
        time: impl FnOnce(u32) -> Duration,
    ) {
        let now = self.monotonic();
        let mut held = self.held();
        if held.holds(pair) {
            let until = now.saturating_add(time(held.failures));
            held.failures = held.failures.saturating_add(1);
            held.rest = Some(Rest {
                failure,
                until,
                is_named,
            });
        }
    }

    /// Ends the pause, unless the server has asked for it.
    pub(crate) fn end_rest(&self) {
        self.held().rest.take_if(|rest| !rest.is_named);
    }

    pub(crate) fn holds(&self, pair: &Arc<Pair>) -> bool {
        self.held().holds(pair)
    }

    /// Forgets `pair`, unless there is another by now.
    pub(crate) fn forget(&self, pair: &Arc<Pair>) {
        let mut held = self.held();
        if held.holds(pair) {
            held.clear();
            held.saved.note_change();
        }
    }

    /// Forgets all tokens of this login: another process may have stored newer ones meanwhile.
    pub(crate) fn forget_login(&self, login: u64) {
        let mut held = self.held();
        if held.pair.as_ref().is_some_and(|pair| pair.login == login) {
            held.clear();
            held.saved.note_change();
        }
    }

    pub(crate) fn forget_all(&self) {
        let mut held = self.held();
        held.clear();
        held.replaced.clear();
        held.put_mark(None);
        held.saved.note_own_change();
    }
}

impl Held {
    pub(super) fn numbered(&mut self, mut pair: Pair) -> Arc<Pair> {
        self.pairs += 1;
        pair.number = self.pairs;
        Arc::new(pair)
    }

    pub(super) fn put(&mut self, pair: Arc<Pair>) {
        self.clear();
        self.pair = Some(pair);
    }

    pub(super) fn use_next(&mut self) -> Option<Arc<Pair>> {
        let next = self.next.take()?;
        self.put(Arc::clone(&next));
        Some(next)
    }

    pub(super) fn note_replaced(&mut self, pair: Arc<Pair>) {
        self.replaced.retain(|other| other.login != pair.login);
        self.replaced.push(pair);
    }

    fn put_mark(&mut self, mark: Option<Secret>) {
        self.mark = mark;
        self.marks += 1;
    }

    pub(super) fn clear(&mut self) {
        (self.pair, self.next, self.rest, self.failures) = (None, None, None, 0);
    }
}
