//! [`Tokens`]: what all clones of a login share, and what to do next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::ending::Ending;
use super::pair::Pair;
use crate::clock::since_1970;
use crate::secret::Secret;
use crate::{ClientError, Clock};

/// The tokens of one login, or none.
#[derive(Debug)]
pub(crate) struct Tokens {
    clock: Arc<dyn Clock>,
    /// Never held while something is waited for.
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    pair: Option<Arc<Pair>>,
    /// The number of pairs so far.
    pairs: u64,
    refreshes: u64,
    /// The number of a pair whose access token was refused, when the request could not be repeated.
    refused: Option<u64>,
    /// What the last login left here. A logout keeps it.
    mark: Option<Secret>,
    /// The last refresh failed: how, and until when none is tried.
    rest: Option<(ClientError, Duration)>,
    /// The refresh or logout that is under way.
    turn: Option<watch::Receiver<Ending>>,
    /// The number of changes so far, and how many of them the store has.
    changes: u64,
    saved: u64,
}

/// The next step before a request is sent.
pub(crate) enum Due {
    Use(Arc<Pair>),
    Refresh(Arc<Pair>),
}

impl Tokens {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            held: Mutex::default(),
        }
    }

    /// Since 1970.
    pub(crate) fn now(&self) -> Duration {
        since_1970(self.clock.now())
    }

    pub(crate) fn refreshes(&self) -> u64 {
        self.held().refreshes
    }

    pub(crate) fn is_logged_in(&self) -> bool {
        self.held().pair.is_some()
    }

    /// Notes a refresh or logout that begins, or returns the one that is under way.
    pub(super) fn begin_turn(
        &self,
        turn: watch::Receiver<Ending>,
    ) -> Result<(), watch::Receiver<Ending>> {
        let mut held = self.held();
        match &held.turn {
            Some(other) => return Err(other.clone()),
            None => held.turn = Some(turn),
        }
        Ok(())
    }

    pub(super) fn end_turn(&self) {
        self.held().turn = None;
    }

    /// Whether the access token serves for a while, although it should be renewed.
    pub(super) fn is_good(&self, pair: &Pair, refused: Option<u64>) -> bool {
        pair.left(self.now()) > pair.margin() / 2 && !self.held().is_refused(pair, refused)
    }

    /// The pair that is held. `refused` is the number of one whose access token the server no
    /// longer takes.
    pub(crate) fn due(&self, refused: Option<u64>) -> Result<Due, ClientError> {
        let held = self.held();
        let pair = held.pair.clone().ok_or_else(ClientError::not_logged_in)?;
        let (now, is_refused) = (self.now(), held.is_refused(&pair, refused));
        if !is_refused && !pair.is_due(now) {
            return Ok(Due::Use(pair));
        }
        let Some((failure, until)) = &held.rest else {
            return Ok(Due::Refresh(pair));
        };
        let rest = until.saturating_sub(self.clock.monotonic());
        if rest.is_zero() {
            Ok(Due::Refresh(pair))
        } else if !pair.left(now).is_zero() && !is_refused {
            Ok(Due::Use(pair))
        } else {
            Err(failure.clone().with_retry_after(Some(rest)))
        }
    }

    /// Returns the pair that is held, whatever its age.
    pub(crate) fn pair(&self) -> Option<Arc<Pair>> {
        self.held().pair.clone()
    }

    /// The mark that the next login sends along.
    pub(crate) fn mark(&self) -> Option<Secret> {
        self.held().mark.clone()
    }

    /// The pair and the mark, to be saved, and the number of the last change.
    pub(crate) fn snapshot(&self) -> (Option<Arc<Pair>>, Option<Secret>, u64) {
        let held = self.held();
        (held.pair.clone(), held.mark.clone(), held.changes)
    }

    /// Takes what the store has, at the beginning.
    pub(crate) fn load(&self, pair: Option<Pair>, mark: Option<Secret>) {
        let mut held = self.held();
        if let Some(pair) = pair {
            held.put(pair);
        }
        held.mark = mark;
        held.saved = held.changes;
    }

    /// The answer to a login replaces what there was.
    pub(crate) fn begin(&self, pair: Pair, mark: Option<Secret>) {
        let mut held = self.held();
        held.put(pair);
        // A server without a throttle sends none.
        held.mark = mark.or(held.mark.take());
    }

    /// Puts the answer to a refresh in place of `before`, unless the login has changed meanwhile.
    pub(crate) fn renew(&self, before: &Pair, pair: Pair) {
        let mut held = self.held();
        if held.holds(before) {
            held.put(pair);
            held.refreshes += 1;
        }
    }

    /// Puts what another process has stored in place of `before`, in the same way.
    pub(crate) fn adopt(&self, before: &Pair, pair: Pair) {
        let mut held = self.held();
        if held.holds(before) {
            held.put(pair);
            held.saved = held.changes;
        }
    }

    /// Forgets `pair`, unless there is another by now.
    pub(crate) fn forget(&self, pair: &Pair) {
        let mut held = self.held();
        if held.holds(pair) {
            (held.pair, held.rest) = (None, None);
            held.changes += 1;
        }
    }

    pub(crate) fn forget_all(&self) {
        let mut held = self.held();
        (held.pair, held.rest, held.mark) = (None, None, None);
        held.changes += 1;
    }

    /// The access token of this pair was refused, and the request cannot be repeated: the next one
    /// gets a new token.
    pub(crate) fn note_refused(&self, number: u64) {
        self.held().refused = Some(number);
    }

    /// There is no further attempt for a while, and callers that come meanwhile hear the same: if
    /// each of them tried, that would take minutes.
    pub(crate) fn rest(&self, pair: &Pair, failure: ClientError, time: Duration) {
        let mut held = self.held();
        if held.holds(pair) {
            held.rest = Some((failure, self.clock.monotonic().saturating_add(time)));
        }
    }

    /// The store has everything up to this change.
    pub(crate) fn note_saved(&self, change: u64) {
        let mut held = self.held();
        held.saved = held.saved.max(change);
    }

    /// Whether the store has what is held.
    pub(crate) fn is_saved(&self) -> bool {
        let held = self.held();
        held.saved == held.changes
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn holds(&self, pair: &Pair) -> bool {
        self.pair
            .as_ref()
            .is_some_and(|held| held.number == pair.number)
    }

    fn is_refused(&self, pair: &Pair, refused: Option<u64>) -> bool {
        refused == Some(pair.number) || self.refused == Some(pair.number)
    }

    fn put(&mut self, mut pair: Pair) {
        self.pairs += 1;
        self.changes += 1;
        pair.number = self.pairs;
        self.rest = None;
        self.pair = Some(Arc::new(pair));
    }
}
