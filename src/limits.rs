//! The lifetimes and deadlines that more than one room needs, and [`with_timeout`].

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::unconstrained;
use tokio::time::{Instant, sleep_until};

use crate::error::ConfigError;

/// Runs `work` for at most `limit`. Outside a Tokio runtime there is no timer, so there is no
/// limit.
///
/// The timer is made when the work has to wait for the first time: that of a store in memory never
/// does.
pub(crate) async fn with_timeout<T, E: From<TimedOut>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let (mut work, mut timer) = (pin!(work), pin!(None));
    let end = Instant::now() + limit;
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        if timer.is_none() && Handle::try_current().is_ok() {
            // Work that has used up its share of the thread does not stop the timer.
            timer.set(Some(unconstrained(sleep_until(end))));
        }
        match timer.as_mut().as_pin_mut() {
            Some(timer) => timer.poll(cx).map(|()| Err(TimedOut(limit).into())),
            None => Poll::Pending,
        }
    })
    .await
}

/// Something did not answer in this time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimedOut(Duration);

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer within {:?}", self.0)
    }
}

impl std::error::Error for TimedOut {}

/// Returns a pause as `Retry-After` says it (RFC 9110 section 10.2.3): at least one second, and
/// rounded up to whole ones, so that no client comes back too early.
pub(crate) fn retry_after(pause: Duration) -> Duration {
    let begun = u64::from(pause.subsec_nanos() > 0);
    Duration::from_secs(pause.as_secs().saturating_add(begun).max(1))
}

/// The deadline for fetching one document of an issuer.
#[cfg(feature = "jwks")]
pub(crate) const FETCH_DEADLINE: Duration = Duration::from_secs(5);

/// The most data of the application that a session keeps, in bytes.
pub(crate) const MAX_DATA_BYTES: usize = 4096;

/// The shortest lifetime of a token and of a session.
pub(crate) const MIN_LIFETIME: Duration = Duration::from_secs(1);

/// The longest lifetime that an access token of a session may have.
pub(crate) const MAX_ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// The clock skew that a verifier tolerates by default.
pub(crate) const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);

/// The largest leeway. RFC 7519 section 4.1.4: "usually no more than a few minutes".
pub(crate) const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// Returns whether an access token of a session may have this lifetime.
pub(crate) fn is_access_token_lifetime(lifetime: Duration) -> bool {
    (MIN_LIFETIME..=MAX_ACCESS_TOKEN_LIFETIME).contains(&lifetime)
}

/// Checks a leeway.
///
/// # Errors
///
/// The leeway is above five minutes.
pub(crate) fn check_leeway(leeway: Duration) -> Result<(), ConfigError> {
    if leeway > MAX_LEEWAY {
        return Err(ConfigError::new(format!(
            "a leeway of {leeway:?} is too long. The maximum is five minutes"
        )));
    }
    Ok(())
}

/// The deadline for a pull of revocations, and for a request that waits for one: in a busy process
/// too, the request is answered within ten seconds. A working store needs less, even for a page of
/// revocations.
pub(crate) const PULL_DEADLINE: Duration = Duration::from_millis(9_500);

/// The deadline for a refresh.
pub(crate) const REFRESH_DEADLINE: Duration = Duration::from_secs(30);

/// How long a revocation is kept, in memory and in stores: for as long as an access token of that
/// session may still be accepted.
///
/// It is the sum of the longest lifetime that any configuration can give to an access token, the
/// largest leeway, the longest refresh, and one minute: 24 hours, 6 minutes and 30 seconds.
pub const REVOCATION_RETENTION: Duration = Duration::from_secs(
    MAX_ACCESS_TOKEN_LIFETIME.as_secs() + MAX_LEEWAY.as_secs() + REFRESH_DEADLINE.as_secs() + 60,
);
