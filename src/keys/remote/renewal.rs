//! [`Renewal`] fetches keys in one task, which everyone else asks.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::asks::Asks;
use super::fetch_error::FetchError;
use super::fetcher::{Fetched, Fetcher};
use super::settings::Settings;
use crate::clock::Clock;
use crate::error::BoxError;
use crate::keys::current_keys::CurrentKeys;
use crate::keys::key_source::{AskReason, KeysFuture};
use crate::limits::with_timeout;
use crate::shown::OneLine;
use crate::task::{Background, FailureLog};

/// The keys at hand, and the task that renews them. The task is started at first use, and ends with
/// the last handle.
pub(super) struct Renewal {
    fetcher: Fetcher,
    clock: Arc<dyn Clock>,
    keys: CurrentKeys,
    /// When the next fetch is due, by the monotonic clock, in nanoseconds. While one is under way
    /// none is due.
    due: AtomicU64,
    state: watch::Sender<State>,
    /// Whether a caller waits for a fetch, even if none is due.
    asked: AtomicBool,
    /// Whether a token caused the next fetch.
    token_asked: AtomicBool,
    asks: Asks,
    asking: Mutex<()>,
    /// Whether the last fetch brought keys, and no other is under way or asked for.
    is_settled: AtomicBool,
    wanted: Arc<Notify>,
    task: Background,
}

#[derive(Default)]
struct State {
    /// The number of fetches that have ended.
    fetches: u64,
    is_fetching: bool,
    /// Until when the issuer wants not to be asked, by the monotonic clock.
    paused_until: Duration,
    /// The failure of the last fetch.
    failure: Option<JwksError>,
    /// The number of fetches that have failed in a row.
    failures: u32,
}

impl Renewal {
    pub(super) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            clock: Arc::clone(&settings.clock),
            fetcher: Fetcher::new(settings),
            keys: CurrentKeys::new(None),
            due: AtomicU64::new(0),
            state: watch::Sender::default(),
            asked: AtomicBool::new(false),
            token_asked: AtomicBool::new(false),
            asks: Asks::default(),
            asking: Mutex::default(),
            is_settled: AtomicBool::new(false),
            wanted: Arc::default(),
            task: Background::default(),
        })
    }

    pub(super) fn current(self: &Arc<Self>) -> &CurrentKeys {
        self.start();
        // The task sleeps by the runtime's clock, and our clock may be ahead of it.
        if self.due() <= self.clock.monotonic() {
            self.wanted.notify_one();
        }
        &self.keys
    }

    fn due(&self) -> Duration {
        Duration::from_nanos(self.due.load(Ordering::Acquire))
    }

    fn set_due(&self, due: Duration) {
        let nanos = u64::try_from(due.as_nanos()).unwrap_or(NEVER);
        self.due.store(nanos, Ordering::Release);
    }

    fn has_keys(&self) -> bool {
        self.keys.load().get().is_some()
    }

    /// Asks for a fetch, for a token that no key at hand fits.
    pub(super) fn ask(self: &Arc<Self>, reason: AskReason) -> Option<KeysFuture> {
        let now = self.clock.monotonic();
        // A flood of garbage takes no lock. The order matters: a token that sees that another one
        // has asked also sees that the fetch is not over.
        if !self.asks.may(reason, now) && self.is_settled.load(Ordering::Acquire) {
            return None;
        }
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.state.borrow();
        if !state.is_fetching && !self.asked.load(Ordering::Relaxed) {
            let too_early = if self.has_keys() {
                now < state.paused_until || !self.asks.may(reason, now)
            } else {
                // The task retries by itself, and garbage tokens must not hurry it.
                state.failure.is_some() && now < self.due()
            };
            if too_early {
                // If the last fetch failed, it is unknown whether the key exists.
                let failure = state.failure.clone()?;
                return Some(Box::pin(std::future::ready(Err(failure.into()))));
            }
            if self.has_keys() {
                self.token_asked.store(true, Ordering::Relaxed);
                self.ask_task();
                self.asks.note(reason, now);
            }
        }
        let fetched = self.fetched(state.fetches);
        drop(state);
        self.start();
        Some(Box::pin(async move { Ok(fetched.await?) }))
    }

    pub(super) async fn renew_now(self: &Arc<Self>) -> Result<(), JwksError> {
        let under_way = {
            let state = self.state.borrow();
            if let Some(failure) = &state.failure
                && self.clock.monotonic() < state.paused_until
            {
                return Err(failure.clone());
            }
            state.fetches + u64::from(state.is_fetching)
        };
        // This comes first, so that a new task begins with this fetch.
        self.ask_task();
        self.start();
        self.fetched(under_way).await
    }

    fn ask_task(&self) {
        self.is_settled.store(false, Ordering::Release);
        self.asked.store(true, Ordering::Relaxed);
        self.wanted.notify_one();
    }

    /// Waits until more than this many fetches have ended.
    fn fetched(&self, fetches: u64) -> impl Future<Output = Result<(), JwksError>> + Send + use<> {
        let mut state = self.state.subscribe();
        async move {
            let ended = async {
                Ok::<_, BoxError>(
                    state
                        .wait_for(|state| state.fetches > fetches)
                        .await?
                        .failure
                        .clone(),
                )
            };
            match with_timeout(ASK_DEADLINE, ended)
                .await
                .map_err(JwksError::new)?
            {
                Some(failure) => Err(failure),
                None => Ok(()),
            }
        }
    }

    /// Starts the task, unless it is running. Outside a Tokio runtime it does nothing.
    fn start(self: &Arc<Self>) {
        if self.task.is_running() {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let (renewal, wanted) = (Arc::downgrade(self), Arc::clone(&self.wanted));
            self.task.start(&runtime, || Self::run(renewal, wanted));
        }
    }

    async fn run(renewal: Weak<Self>, wanted: Arc<Notify>) {
        let mut failures = FailureLog::of("the issuer's keys cannot be fetched");
        let mut useless = FailureLog::of("the issuer publishes no key that can be used");
        // An earlier task may have ended during a fetch, for which callers still wait.
        let Some(first) = renewal.upgrade() else {
            return;
        };
        first.state.send_modify(|state| {
            if std::mem::take(&mut state.is_fetching) {
                first.asked.store(true, Ordering::Relaxed);
            }
        });
        drop(first);
        loop {
            let Some(renewal) = renewal.upgrade() else {
                return;
            };
            let now = renewal.clock.monotonic();
            let due = renewal.due();
            if renewal.asked.load(Ordering::Relaxed) || due <= now {
                match renewal.fetch().await {
                    // The fetch worked, so this is another failure, with its own cause.
                    Err(error) if error.withdraws_keys() => {
                        failures.note::<JwksError>(Ok(()));
                        useless.note(Err(error));
                    }
                    Err(error) => failures.note(Err(error)),
                    Ok(no_key) => {
                        failures.note::<JwksError>(Ok(()));
                        useless.note(no_key.map_or(Ok(()), Err));
                    }
                }
                continue;
            }
            drop(renewal);
            // The caller that wakes this task may have waited for the fetch that has just ended, so
            // the loop looks again.
            let _ = timeout(due - now, wanted.notified()).await;
        }
    }

    /// Fetches the keys. It also returns why there are none, if the set is empty.
    async fn fetch(&self) -> Result<Option<FetchError>, JwksError> {
        self.state.send_modify(|state| {
            state.is_fetching = true;
            self.is_settled.store(false, Ordering::Release);
            self.due.store(NEVER, Ordering::Release);
        });
        self.asked.store(false, Ordering::Relaxed);
        let token_asked = self.token_asked.swap(false, Ordering::Relaxed);
        let outcome = self.fetcher.fetch().await.map_err(JwksError::new);
        let now = self.clock.monotonic();
        // Callers that wait for the fetch find its keys.
        let outcome = match outcome {
            Ok(Fetched {
                keys,
                no_key,
                lifetime,
            }) => {
                let untried = keys.untried().map(OneLine);
                let is_new = self.keys.replace(Some(keys));
                // Not every renewal repeats it.
                if is_new && let Some(why) = untried {
                    tracing::warn!(%why, "the issuer publishes keys that are not tried");
                }
                // A set that has moved may go on at its old URL, without the newer keys.
                if no_key.is_some() || token_asked && !is_new {
                    self.fetcher.discover_again();
                }
                Ok((lifetime, no_key))
            }
            Err(error) => {
                if error.withdraws_keys() {
                    self.keys.replace(None);
                }
                Err(error)
            }
        };
        self.state.send_modify(|state| {
            state.is_fetching = false;
            state.fetches += 1;
            state.failure = outcome.as_ref().err().cloned();
            match &outcome {
                Ok((lifetime, no_key)) => {
                    let is_settled = !self.asked.load(Ordering::Relaxed);
                    self.is_settled.store(is_settled, Ordering::Release);
                    state.failures = 0;
                    let wait = *lifetime * 3 / 4;
                    // A probe that waits for a key lets no token in, which could ask for one.
                    let most = no_key.as_ref().map_or(wait, |_| MOST_BETWEEN_FAILURES);
                    self.set_due(now + wait.min(most));
                }
                Err(error) => {
                    let most = if self.has_keys() || error.withdraws_keys() {
                        MOST_BETWEEN_FAILURES
                    } else {
                        MOST_WITHOUT_KEYS
                    };
                    let pause = BETWEEN_FAILURES * 2_u32.pow(state.failures.min(6));
                    let mut due = now + pause.min(most);
                    state.failures += 1;
                    if let Some(pause) = error.retry_after() {
                        state.paused_until = now + pause;
                        due = due.max(state.paused_until);
                        // The next fetch would be too early: callers that wait for it get this one.
                        state.fetches += u64::from(self.asked.swap(false, Ordering::Relaxed));
                    }
                    self.set_due(due);
                }
            }
        });
        outcome.map(|(_, no_key)| no_key)
    }
}

/// An issuer's keys could not be fetched, or none of them can be used. The cause is for the log: it
/// names the URL, what was wrong with the response, and what to write instead.
#[derive(Clone)]
pub struct JwksError(Arc<BoxError>);

impl JwksError {
    fn new(cause: impl Into<BoxError>) -> Self {
        Self(Arc::new(cause.into()))
    }

    fn fetch_error(&self) -> Option<&FetchError> {
        self.0.downcast_ref()
    }

    fn withdraws_keys(&self) -> bool {
        self.fetch_error().is_some_and(|error| error.withdraws_keys)
    }

    fn retry_after(&self) -> Option<Duration> {
        self.fetch_error().and_then(|error| error.retry_after)
    }
}

impl fmt::Display for JwksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the issuer's keys cannot be fetched")
    }
}

impl fmt::Debug for JwksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JwksError").field(&self.0).finish()
    }
}

impl Error for JwksError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&**self.0)
    }
}

/// No fetch is due.
const NEVER: u64 = u64::MAX;
/// The pause after the first failure. It doubles.
const BETWEEN_FAILURES: Duration = Duration::from_secs(1);
const MOST_BETWEEN_FAILURES: Duration = Duration::from_secs(60);
/// The longest pause while there are no keys, because no token can be verified until then.
const MOST_WITHOUT_KEYS: Duration = Duration::from_secs(4);
/// More than six documents take, at five seconds each: the fetch that is under way and the next
/// one, each with two documents of metadata and the key set.
const ASK_DEADLINE: Duration = Duration::from_secs(35);
