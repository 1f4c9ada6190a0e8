//! [`Settings`]: what a renewal is made of, and the limits of what it fetches.

use std::sync::Arc;

use http::Uri;

use super::client::HttpClient;
use crate::clock::Clock;
use crate::url::HttpUrl;

/// What a renewal is made of.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) location: KeySetLocation,
    pub(super) client: Arc<dyn HttpClient>,
    pub(super) clock: Arc<dyn Clock>,
}

/// Where a key set is, or whose metadata says so.
#[derive(Clone, Debug)]
pub(super) enum KeySetLocation {
    Set(Uri),
    /// With the hosts where its set may be fetched over plain `http`.
    Issuer(HttpUrl, fn(&str) -> bool),
}

/// How large a document may be.
pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// How many keys a set may have.
pub(super) const MAX_KEYS: usize = 100;
