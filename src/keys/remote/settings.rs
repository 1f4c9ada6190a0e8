//! [`Settings`] of a renewal, and the limits of what it fetches.

use std::sync::Arc;

use http::Uri;

use super::client::HttpClient;
use crate::clock::Clock;
use crate::url::HttpUrl;

/// The settings of a renewal.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) location: KeySetLocation,
    pub(super) client: Arc<dyn HttpClient>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Where a key set is found.
#[derive(Clone, Debug)]
pub(super) enum KeySetLocation {
    /// At this URL.
    Set(Uri),
    /// At the URL that this issuer's metadata names. The function tells the hosts from which the
    /// set may be fetched over plain `http`.
    Issuer(HttpUrl, fn(&str) -> bool),
}

/// The maximum size of a document.
pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// The maximum number of keys of a set.
pub(super) const MAX_KEYS: usize = 100;
