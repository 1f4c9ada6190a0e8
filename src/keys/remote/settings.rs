//! [`Settings`] of a renewal, and the limits of what it fetches.

use std::sync::Arc;

use super::client::HttpClient;
use super::location::KeySetLocation;
use crate::clock::Clock;
use crate::keys::algorithm::Algorithm;

/// The settings of a renewal.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) location: KeySetLocation,
    pub(super) client: Arc<dyn HttpClient>,
    pub(super) clock: Arc<dyn Clock>,
    /// The algorithm of RSA keys without `alg`.
    pub(super) rsa: Algorithm,
}

/// The maximum size of a document.
pub(super) const MAX_DOCUMENT_BYTES: usize = 256 * 1024;
/// The maximum number of keys of a set.
pub(super) const MAX_KEYS: usize = 100;
