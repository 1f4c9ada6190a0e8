//! [`Fetcher`] fetches a key set from its URL, or from the URL that an issuer's metadata names.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;

use super::discovery::discover;
use super::document::{demand_ok, get, unreadable};
use super::fetch_error::FetchError;
use super::freshness::lifetime;
use super::location::KeySetLocation;
use super::settings::{MAX_KEYS, Settings};
use crate::keys::jwk::Reading;
use crate::keys::jwk_set;
use crate::keys::key_set::KeySet;
use crate::keys::left_out::{self, LeftOut};
use crate::shown::ShownCause;

/// Fetches a key set, and remembers the URL that its issuer's metadata named.
pub(super) struct Fetcher {
    settings: Settings,
    discovered: Mutex<Option<Discovered>>,
}

/// The URL that the metadata named. Times are by the monotonic clock.
#[derive(Clone)]
struct Discovered {
    url: Uri,
    /// When the metadata is asked again.
    due: Duration,
    /// Until when the metadata wants not to be asked.
    paused_until: Duration,
}

/// A key set that was fetched, and for how long it may be kept.
pub(super) struct Fetched {
    pub(super) keys: KeySet,
    /// Says that the set is empty, where it is.
    pub(super) no_key: Option<FetchError>,
    pub(super) lifetime: Duration,
}

impl Fetcher {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            discovered: Mutex::default(),
        }
    }

    pub(super) async fn fetch(&self) -> Result<Fetched, FetchError> {
        let fetched = self.fetch_from(&self.url().await?).await;
        if fetched.is_err() {
            self.discover_again();
        }
        fetched
    }

    /// Asks the metadata for the URL before the next fetch, because the set may have moved. If the
    /// metadata does not answer, the URL still counts.
    pub(super) fn discover_again(&self) {
        if let Some(known) = self.discovered().as_mut() {
            known.due = Duration::ZERO;
        }
    }

    fn discovered(&self) -> MutexGuard<'_, Option<Discovered>> {
        self.discovered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch_from(&self, url: &Uri) -> Result<Fetched, FetchError> {
        let response = get(&self.settings, url).await?;
        let response = demand_ok(&self.settings, url, response, |target| {
            Some(format!("RemoteJwks::new({target:?})"))
        })?;
        let text = std::str::from_utf8(response.body()).map_err(|_| {
            let what = "the document is not JSON, because it is not UTF-8";
            unreadable(url, &response, what)
        })?;
        let reading = Reading {
            is_published: true,
            rsa: self.settings.rsa,
        };
        let set = jwk_set::read(text, MAX_KEYS, reading)
            .map_err(|error| unreadable(url, &response, error))?;
        if set.keys.is_empty() && !set.left_out.is_empty() {
            let reasons = left_out::list(&set.left_out);
            return Err(FetchError::no_usable_key(url, &reasons));
        }
        // This is not a warning: many sets have keys for encryption too, and every renewal would
        // repeat it.
        for LeftOut { index, reason, .. } in &set.left_out {
            tracing::debug!(index, error = %ShownCause(reason), "a key of the issuer is left out");
        }
        // An empty set counts too: an issuer may withdraw its keys.
        let no_key = set.keys.is_empty();
        Ok(Fetched {
            no_key: no_key.then(|| FetchError::new(url, "the key set is empty")),
            keys: set.into(),
            lifetime: lifetime(response.headers()),
        })
    }

    async fn url(&self) -> Result<Uri, FetchError> {
        let (issuer, may_be_plain) = match &self.settings.location {
            KeySetLocation::Set(url) => return Ok(url.clone()),
            KeySetLocation::Issuer(issuer, may_be_plain) => (issuer, *may_be_plain),
        };
        let now = self.settings.clock.monotonic();
        let known = self.discovered().clone();
        if let Some(known) = &known
            && now < known.due.max(known.paused_until)
        {
            return Ok(known.url.clone());
        }
        let (url, due, pause) = match discover(&self.settings, issuer, may_be_plain).await {
            Ok(url) => (url, now + REDISCOVER_AFTER, Duration::ZERO),
            Err(error) => {
                let Some(known) = known else {
                    return Err(error);
                };
                tracing::debug!(
                    error = %ShownCause(&error),
                    "the metadata failed, its last URL counts"
                );
                (known.url, now, error.retry_after.unwrap_or_default())
            }
        };
        *self.discovered() = Some(Discovered {
            url: url.clone(),
            due,
            paused_until: now + pause,
        });
        Ok(url)
    }
}

/// An issuer rarely moves its key set, and announces it beforehand.
const REDISCOVER_AFTER: Duration = Duration::from_secs(24 * 3600);
