//! Every lifetime and deadline that more than one room has to know; and [`with_timeout`], which
//! keeps a deadline.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::error::ConfigError;

/// Gives up after `limit`. Without a runtime there is no timer to ask, and no limit.
pub(crate) async fn with_timeout<T, E: From<TimedOut>>(
    limit: Duration,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    if Handle::try_current().is_err() {
        return work.await;
    }
    timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(TimedOut(limit).into()))
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

/// The seconds of a `Retry-After`, rounded up: nobody comes back too early.
pub(crate) fn whole_seconds(pause: Duration) -> u64 {
    let begun = u64::from(pause.subsec_nanos() > 0);
    pause.as_secs().saturating_add(begun)
}

/// How long one document of an issuer may take.
#[cfg(feature = "jwks")]
pub(crate) const FETCH_DEADLINE: Duration = Duration::from_secs(5);

/// The most data of the application that a session keeps, in bytes.
pub(crate) const MAX_DATA_BYTES: usize = 4096;

/// The shortest lifetime of a token and of a session.
pub(crate) const MIN_LIFETIME: Duration = Duration::from_secs(1);

/// The longest lifetime that an access token of a session may have.
pub(crate) const MAX_ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// How far another clock may be off, unless a verifier is told otherwise.
pub(crate) const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);

/// RFC 7519 section 4.1.4: "usually no more than a few minutes".
pub(crate) const MAX_LEEWAY: Duration = Duration::from_secs(300);

/// Whether an access token of a session may live for this long.
pub(crate) fn is_access_token_lifetime(lifetime: Duration) -> bool {
    (MIN_LIFETIME..=MAX_ACCESS_TOKEN_LIFETIME).contains(&lifetime)
}

/// A leeway as it may be.
///
/// # Errors
///
/// More than five minutes.
pub(crate) fn check_leeway(leeway: Duration) -> Result<(), ConfigError> {
    if leeway > MAX_LEEWAY {
        return Err(ConfigError::new(format!(
            "a leeway of {leeway:?} is too long. Five minutes are the most"
        )));
    }
    Ok(())
}

/// More than a working store takes, for a page that may hold a day of revocations.
pub(crate) const PULL_DEADLINE: Duration = Duration::from_secs(10);

/// A refresh that takes longer is given up.
pub(crate) const REFRESH_DEADLINE: Duration = Duration::from_secs(30);

/// How long a revocation is kept, in memory and in stores: as long as an access token of that
/// session may still be accepted.
///
/// That is the longest lifetime which any configuration, earlier ones too, could have given it, the
/// greatest leeway, a refresh that was under way, and a minute: 24 hours, 6 minutes and 30 seconds.
pub const REVOCATION_RETENTION: Duration = Duration::from_secs(
    MAX_ACCESS_TOKEN_LIFETIME.as_secs() + MAX_LEEWAY.as_secs() + REFRESH_DEADLINE.as_secs() + 60,
);
