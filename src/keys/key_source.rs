//! [`KeySource`] is where a verifier takes its keys from, and [`SharedKeySet`] holds keys that an
//! application replaces.

mod merged;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use self::merged::MergedKeys;
use super::current_keys::{CurrentKeys, KeyGeneration, KeysGuard};
use super::key_set::KeySet;
use crate::error::{BoxError, ConfigError};

/// The source from which an [`AccessTokenVerifier`](crate::AccessTokenVerifier) takes its keys. It
/// is asked for every token.
///
/// | made from | its keys |
/// |---|---|
/// | [`KeySet`] | stay as they are |
/// | [`SharedKeySet`] | are replaced by the application |
/// | [`AccessTokenSigner::keys`](crate::token::AccessTokenSigner::keys) | are our own, and change with [`SigningKeys`](crate::keys::SigningKeys) |
/// | `RemoteJwks` (feature `jwks`) | are those that an issuer publishes |
/// | two sources, with [`merge`](Self::merge) | are those of both |
///
/// Clones share the same source, so a change reaches every clone of every verifier.
#[derive(Clone)]
pub struct KeySource(Arc<dyn ProvideKeys>);

impl KeySource {
    pub(crate) fn new(provider: impl ProvideKeys + 'static) -> Self {
        Self(Arc::new(provider))
    }

    /// Adds the keys of another source of the same issuer, such as an HMAC secret from the days
    /// before the issuer published keys. A token may be signed with a key of either.
    ///
    /// Each key keeps its one algorithm, so a public key of one source is never a secret of the
    /// other. While the keys of one source are not known yet, tokens that fit the other pass, and
    /// all others are answered with 503. A token that fits no key causes a fetch by each source
    /// that can fetch; if one of them fails, the token is answered with 503.
    ///
    /// ```
    /// use tower_bearer::keys::{Algorithm, KeySource, SharedKeySet};
    /// use tower_bearer::{AccessTokenVerifier, KeySet};
    ///
    /// # let published = SharedKeySet::new(KeySet::default());
    /// let former = KeySet::from_hmac_secret(Algorithm::Hs256, [7; 32])?;
    /// let keys = KeySource::from(published).merge(former);
    /// let verifier = AccessTokenVerifier::builder(keys)
    ///     .issuer("https://id.example.com/auth/v1")
    ///     .audience("authenticated")
    ///     .build()?;
    /// # Ok::<(), tower_bearer::ConfigError>(())
    /// ```
    #[must_use]
    pub fn merge(self, other: impl Into<Self>) -> Self {
        Self::new(MergedKeys::new(vec![self, other.into()]))
    }

    /// Returns the current keys, or `None` while they are not known yet.
    #[must_use]
    pub fn key_set(&self) -> Option<KeySet> {
        self.keys().get().cloned()
    }

    /// Returns the current keys without waiting.
    pub(crate) fn keys(&self) -> KeysGuard {
        self.0.current().load()
    }

    /// Returns the number of the current keys. A verified token may be taken from the cache while
    /// this has not changed since before the keys were read that verified it.
    ///
    /// It costs a few loads of atomics, and wakes the renewal of keys that are due like
    /// [`keys`](Self::keys).
    pub(crate) fn generation(&self) -> KeyGeneration {
        self.0.current().generation()
    }

    /// Starts the first fetch, where keys are fetched. Outside a Tokio runtime it does nothing.
    pub(crate) fn start(&self) {
        self.0.current();
    }

    pub(crate) fn never_has_any(&self) -> bool {
        self.0.never_has_any()
    }

    /// Checks the keys that the application gave.
    pub(crate) fn check_given(&self) -> Result<(), ConfigError> {
        self.given().check_tried()
    }

    fn given(&self) -> KeySet {
        self.0.given()
    }

    /// Returns whether there can be newer keys to [ask](Self::ask) for.
    pub(crate) fn can_ask(&self) -> bool {
        self.0.can_ask()
    }

    /// Asks for newer keys, for a token that no key fits: see [`ProvideKeys::ask`].
    pub(crate) fn ask(&self, reason: AskReason) -> Option<KeysFuture> {
        self.0.ask(reason)
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A source of keys.
pub(crate) trait ProvideKeys: fmt::Debug + Send + Sync {
    /// Returns the keys, which are those of this moment. It is called for every token, so it locks
    /// nothing unless they have to be replaced.
    fn current(&self) -> &CurrentKeys;

    /// Returns whether there can be newer keys to wait for.
    fn can_ask(&self) -> bool {
        false
    }

    /// Waits for newer keys, for a token that no key fits. It is `None` where there are none to
    /// wait for.
    fn ask(&self, _reason: AskReason) -> Option<KeysFuture> {
        None
    }

    /// Returns whether the source can never have keys, so that a verifier with it is a mistake.
    fn never_has_any(&self) -> bool;

    /// Returns the keys that the application chose itself, and none that an issuer publishes.
    fn given(&self) -> KeySet {
        self.current().load().get().cloned().unwrap_or_default()
    }
}

/// Why newer keys are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskReason {
    /// No key at hand has the name and the algorithm of the token, or there are no keys yet.
    UnknownKey,
    /// The key that the token names did not sign it. There may be another one with the same name.
    BadSignature,
}

/// A wait for newer keys. After it the token is verified again. `Err` means that the keys may not
/// be the newest, so that a key which is still missing may exist.
pub(crate) type KeysFuture = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Keys that stay as they are.
impl ProvideKeys for CurrentKeys {
    fn current(&self) -> &CurrentKeys {
        self
    }

    fn never_has_any(&self) -> bool {
        self.load().get().is_none_or(KeySet::is_empty)
    }
}

impl From<KeySet> for KeySource {
    fn from(keys: KeySet) -> Self {
        Self::new(CurrentKeys::new(Some(keys)))
    }
}

/// Keys that the application can replace while verifiers use them, such as keys from a vault or a
/// file.
///
/// ```
/// use tower_bearer::keys::{Algorithm, SharedKeySet};
/// use tower_bearer::{AccessTokenVerifier, KeySet};
///
/// let keys = SharedKeySet::new(KeySet::from_hmac_secret(Algorithm::Hs256, [7; 32])?);
/// let verifier = AccessTokenVerifier::builder(keys.clone())
///     .issuer("https://id.example.com")
///     .audience("example-api")
///     .build()?;
/// // From now on the verifier and all its clones trust only the new key.
/// keys.replace(KeySet::from_hmac_secret(Algorithm::Hs256, [8; 32])?)?;
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SharedKeySet(Arc<CurrentKeys>);

impl SharedKeySet {
    /// Starts with these keys.
    #[must_use]
    pub fn new(keys: KeySet) -> Self {
        Self(Arc::new(CurrentKeys::new(Some(keys))))
    }

    /// Replaces all keys, from the next token on. To go on accepting old tokens, keep their key:
    /// `new.merge(old)`.
    ///
    /// # Errors
    ///
    /// More than four of the keys are for one algorithm and have no name, or the same one: see
    /// [`KeySet`]. The keys before stay.
    pub fn replace(&self, keys: KeySet) -> Result<(), ConfigError> {
        keys.check_tried()?;
        self.0.replace(Some(keys));
        Ok(())
    }
}

impl ProvideKeys for SharedKeySet {
    fn current(&self) -> &CurrentKeys {
        &self.0
    }

    fn never_has_any(&self) -> bool {
        false
    }
}

impl From<SharedKeySet> for KeySource {
    fn from(keys: SharedKeySet) -> Self {
        Self::new(keys)
    }
}

impl fmt::Debug for SharedKeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
