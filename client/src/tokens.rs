//! [`Tokens`]: what all clones of a client share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use tokio::sync::OwnedMutexGuard;
use tower_bearer::BoxError;
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::keys::{AccessToken, RefreshToken};

use super::ClientError;
use super::wire::{DeviceMark, TokenAnswer};

/// The tokens of one login, or none. Clones are the same tokens. `Debug` shows none of them.
///
/// They are one user's: for another user there is another client.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    clock: Arc<dyn Clock>,
    /// Never held while something is waited for. So a login need not wait for a refresh.
    held: Arc<Mutex<Held>>,
    /// The caller that holds it refreshes.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Held {
    pair: Option<Pair>,
    /// The number of pairs so far.
    pairs: u64,
    refreshes: u64,
    /// What the last login left here. A logout keeps it. An application that keeps its tokens on
    /// disk keeps this too.
    mark: Option<DeviceMark>,
    /// The last refresh failed: for how it went, and until when none is tried.
    rest: Option<(ClientError, Duration)>,
}

/// An access token and the refresh token that came with it.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// Identifies the pair. Tokens themselves cannot be compared, because the time of a comparison
    /// could reveal them.
    pub(super) number: u64,
    pub(super) access: AccessToken,
    pub(super) refresh: RefreshToken,
    /// Goes with every refresh by this pair. It is random: a thief who could derive it from
    /// the token would pass for a client that lost an answer.
    pub(super) key: HeaderValue,
    ends: Timestamp,
    margin: Duration,
}

impl Pair {
    /// The end is counted from when the client asked: the server cannot have begun before.
    fn new(answer: TokenAnswer, asked: Timestamp) -> Result<Self, BoxError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        let mut key = HeaderValue::from_str(&format!("{:032x}", u128::from_ne_bytes(random)))?;
        key.set_sensitive(true);
        let life = Duration::from_secs(answer.expires_in);
        Ok(Self {
            number: 0,
            access: AccessToken::new(answer.access_token),
            refresh: RefreshToken::new(answer.refresh_token),
            key,
            ends: asked + life,
            margin: MARGIN.min(life / 10),
        })
    }
}

/// The next step before a request is sent.
pub(super) enum Due {
    Nothing(Pair),
    Refresh(Pair),
}

impl Tokens {
    /// None yet.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            held: Arc::default(),
            turn: Arc::default(),
        }
    }

    /// The number of renewals, for metrics.
    pub(crate) fn refreshes(&self) -> u64 {
        self.held().refreshes
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Waits until no other call refreshes.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// The pair that is held. `refused` is the number of one whose access token the server no
    /// longer takes.
    pub(super) fn due(&self, refused: Option<u64>) -> Result<Due, ClientError> {
        let held = self.held();
        let pair = held.pair.clone().ok_or_else(nobody)?;
        let (now, refused) = (self.now(), refused == Some(pair.number));
        if !refused && pair.ends.saturating_since(now) > pair.margin {
            return Ok(Due::Nothing(pair));
        }
        match &held.rest {
            Some((failure, until)) if self.clock.monotonic() < *until => {
                match pair.ends > now && !refused {
                    true => Ok(Due::Nothing(pair)),
                    false => Err(failure.clone()),
                }
            }
            _ => Ok(Due::Refresh(pair)),
        }
    }

    /// The pair that is held, whatever its age.
    pub(super) fn pair(&self) -> Result<Pair, ClientError> {
        self.held().pair.clone().ok_or_else(nobody)
    }

    /// Returns what the next login sends along.
    pub(super) fn mark(&self) -> Option<DeviceMark> {
        self.held().mark.clone()
    }

    /// The answer to a login replaces what there was.
    pub(super) fn log_in(
        &self,
        mut answer: TokenAnswer,
        asked: Timestamp,
    ) -> Result<(), ClientError> {
        let mark = answer.device_mark.take();
        let pair = Pair::new(answer, asked).map_err(ClientError::unavailable)?;
        let mut held = self.held();
        held.put(pair);
        // A server without a throttle sends none.
        held.mark = mark.or(held.mark.take());
        Ok(())
    }

    /// Puts the answer to a refresh in place of `before`, unless the login has changed meanwhile.
    pub(super) fn renew(
        &self,
        before: &Pair,
        answer: TokenAnswer,
        asked: Timestamp,
    ) -> Result<Pair, ClientError> {
        let pair = Pair::new(answer, asked).map_err(ClientError::unavailable)?;
        let mut held = self.held();
        if held.holds(before) {
            held.put(pair);
            held.refreshes += 1;
        }
        held.pair.clone().ok_or_else(nobody)
    }

    /// Forgets `pair`, unless there is another by now.
    pub(super) fn forget(&self, pair: &Pair) {
        let mut held = self.held();
        if held.holds(pair) {
            (held.pair, held.rest) = (None, None);
        }
    }

    /// There is no further attempt for a while, and callers that wait for their turn hear the same:
    /// if each of them tried, that would take minutes.
    pub(super) fn rest(&self, pair: &Pair, failure: ClientError, time: Duration) {
        let mut held = self.held();
        if held.holds(pair) {
            held.rest = Some((failure, self.clock.monotonic() + time));
        }
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

    fn put(&mut self, pair: Pair) {
        self.pairs += 1;
        self.pair = Some(Pair {
            number: self.pairs,
            ..pair
        });
        self.rest = None;
    }
}

fn nobody() -> ClientError {
    ClientError::log_in_again("nobody is logged in")
}

/// An access token is renewed when less than this is left, or less than a tenth of its life where
/// that is shorter.
const MARGIN: Duration = Duration::from_secs(60);
