//! [`Tokens`]: what all clones of a login share, and what to do next.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::ending::Ending;
use super::pair::Pair;
use super::rest::Rest;
use super::saved::Saved;
use super::version::Lineage;
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
pub(super) struct Held {
    pub(super) pair: Option<Arc<Pair>>,
    /// What the server has just sent. It is stored before it is used.
    pub(super) next: Option<Arc<Pair>>,
    /// Of logins that another one has replaced: their sessions have to be ended.
    pub(super) replaced: Vec<Arc<Pair>>,
    /// The number of pairs so far.
    pub(super) pairs: u64,
    pub(super) refreshes: u64,
    /// The number of a pair whose access token was refused, when the request could not be repeated.
    refused: Option<u64>,
    /// The number of a pair whose access token does not say that the user has proven since who they
    /// are.
    outdated: Option<u64>,
    /// The login that is held, or that was held last.
    pub(super) lineage: Option<Lineage>,
    /// The login that was held when the store was emptied. The next one of this process names it.
    pub(super) former: Option<Lineage>,
    /// What the last login left here. A logout keeps it.
    pub(super) mark: Option<Secret>,
    /// Grows with each mark.
    pub(super) marks: u64,
    pub(super) rest: Option<Rest>,
    /// Refreshes in a row that failed.
    pub(super) failures: u32,
    /// The refresh or logout that is under way.
    turn: Option<watch::Receiver<Ending>>,
    pub(super) saved: Saved,
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

    /// What a caller who hung up has left is used all the same.
    pub(super) fn end_turn(&self) {
        let mut held = self.held();
        held.use_next();
        held.turn = None;
    }

    /// How long a call may wait for the refresh of this pair: not at all while its access token
    /// serves for a while, and then half of what it has left. `None`: it serves no longer.
    pub(crate) fn patience(&self, pair: &Pair, refused: Option<u64>) -> Option<Duration> {
        let now = self.now();
        let left = pair.left(now);
        let may_serve = !left.is_zero() && !pair.was_set_back(now);
        if !may_serve || self.held().has_to_go(pair, refused) {
            None
        } else if left > pair.margin() / 2 {
            Some(Duration::ZERO)
        } else {
            Some(left / 2)
        }
    }

    /// The pair that is held. `refused` is the number of one whose access token the server no
    /// longer takes.
    pub(crate) fn due(&self, refused: Option<u64>) -> Result<Due, ClientError> {
        let held = self.held();
        let pair = held.pair.clone().ok_or_else(ClientError::not_logged_in)?;
        let (now, has_to_go) = (self.now(), held.has_to_go(&pair, refused));
        if !has_to_go && !pair.is_due(now) {
            return Ok(Due::Use(pair));
        }
        let Some(Rest { failure, until, .. }) = &held.rest else {
            return Ok(Due::Refresh(pair));
        };
        let rest = until.saturating_sub(self.clock.monotonic());
        if rest.is_zero() {
            Ok(Due::Refresh(pair))
        } else if !pair.left(now).is_zero() && !has_to_go {
            Ok(Due::Use(pair))
        } else {
            Err(failure.clone().with_retry_after(Some(rest)))
        }
    }

    /// Returns the pair that is held, whatever its age.
    pub(crate) fn pair(&self) -> Option<Arc<Pair>> {
        self.held().pair.clone()
    }

    /// Returns the id of the login that is held.
    pub(crate) fn login(&self) -> Result<u64, ClientError> {
        let pair = self.pair().ok_or_else(ClientError::not_logged_in)?;
        Ok(pair.login)
    }

    /// Whether another login has replaced the one with this id.
    pub(crate) fn is_replaced(&self, login: u64) -> bool {
        let held = self.held();
        held.pair.as_ref().is_some_and(|pair| pair.login != login)
    }

    /// The mark that the next login sends along.
    pub(crate) fn mark(&self) -> Option<Secret> {
        self.held().mark.clone()
    }

    /// Whether the access token of `pair` is no longer taken.
    pub(crate) fn is_refused(&self, pair: &Pair, refused: Option<u64>) -> bool {
        self.held().is_refused(pair, refused)
    }

    /// The access token of this pair was refused, and the request cannot be repeated: the next one
    /// gets a new token.
    pub(crate) fn note_refused(&self, number: u64) {
        let mut held = self.held();
        // A late refusal of an older token says nothing of this one.
        if held.pair.as_ref().is_some_and(|pair| pair.number == number) {
            held.refused = Some(number);
        }
    }

    /// The next request of this login gets a new token, although no API has refused this one.
    pub(crate) fn note_outdated(&self, login: u64) {
        let mut held = self.held();
        let pair = held.pair.as_ref().filter(|pair| pair.login == login);
        held.outdated = pair.map(|pair| pair.number);
    }

    pub(crate) fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// What is held, or has just come.
    pub(super) fn newest(&self) -> Option<&Arc<Pair>> {
        self.next.as_ref().or(self.pair.as_ref())
    }

    pub(super) fn holds(&self, pair: &Arc<Pair>) -> bool {
        self.pair
            .as_ref()
            .is_some_and(|held| Arc::ptr_eq(held, pair))
    }

    /// Whether the access token of `pair` serves no longer, however long it lives.
    fn has_to_go(&self, pair: &Pair, refused: Option<u64>) -> bool {
        self.is_refused(pair, refused) || self.outdated == Some(pair.number)
    }

    fn is_refused(&self, pair: &Pair, refused: Option<u64>) -> bool {
        refused == Some(pair.number) || self.refused == Some(pair.number)
    }
}
