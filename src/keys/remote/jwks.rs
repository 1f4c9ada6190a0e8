//! [`RemoteJwks`] is the keys that an external issuer publishes.

use std::fmt;
use std::sync::Arc;

use super::client::{HttpClient, Reqwest};
use super::location::{ANYWHERE, KeySetLocation};
use super::renewal::{JwksError, Renewal};
use super::settings::Settings;
use crate::clock::{Clock, SystemClock};
use crate::error::ConfigError;
use crate::keys::algorithm::{Algorithm, Family};
use crate::keys::current_keys::CurrentKeys;
use crate::keys::key_set::KeySet;
use crate::keys::key_source::{AskReason, KeySource, KeysFuture, ProvideKeys};
use crate::url::is_loopback;

/// The keys that an external issuer publishes as a JWK set. They are fetched in the background,
/// kept, and renewed before they are needed.
///
/// **When keys are fetched.** The first fetch starts when a verifier is built with these keys in a
/// Tokio runtime, or else with the first token. The next one starts after three quarters of the
/// time for which `Cache-Control` allows the set to be kept (one minute to one day, ten minutes
/// where the header is missing). A token that no key at hand fits (an unknown `kid`, or a signature
/// of another key with the same `kid`) causes one fetch for all requests with such tokens, which
/// wait for it, and then none for a minute, whatever `kid`s other tokens have. Unknown keys and bad
/// signatures each have one fetch a minute.
///
/// **When the issuer is down.** The keys at hand are kept. The fetch is retried after one second,
/// and the pause doubles up to one minute, or up to four seconds while there are no keys. A token
/// that needs keys which are not there yet is answered with 503, not 401, because it may be valid.
/// So a server may start before its issuer. An issuer that answers 429 or 503 with `Retry-After` is
/// not asked again before, for at most an hour.
///
/// **What is accepted.** A document of at most 256 KiB that arrives within 5 seconds without
/// redirects, and its first 100 keys. `use`, `key_ops` and `alg` of a key are honoured. A key that
/// cannot be used (an unknown type, RSA below 2048 or above 8192 bits, or above 4096 bits with
/// `rust_crypto`, malformed) is left out and does not affect the others, but a set with a repeated
/// name is not used. HMAC keys and private keys are left out too, because a published key is not
/// secret. A set that has keys, of which none can be used, is a fault of the issuer: the keys
/// before it are gone, tokens are answered with 503, and a warning names each key and the reason.
/// An empty set withdraws all keys: tokens are refused, after one warning, and the set is fetched
/// again within a minute.
///
/// **Which URLs are allowed.** An `https` URL. Plain `http` is allowed only on this machine, or
/// with [`dangerous_over_http`](Self::dangerous_over_http).
///
/// **At most four keys are tried** for a token that does not say which it means: see [`KeySet`]. A
/// set with more keys without a name is used as it is, with a warning.
///
/// Clones share the same keys, so give each of several verifiers a clone. The task that fetches
/// runs on the Tokio runtime where the keys were first used, which has to run as long as they do.
///
/// A set that can be read replaces the one before, even if it has fewer keys. A key that the issuer
/// withdraws is gone after the next renewal.
///
/// ```
/// use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, RemoteJwks};
///
/// let keys = RemoteJwks::discover("https://id.example.com/realms/main")?;
/// let verifier = AccessTokenVerifier::builder(keys.clone())
///     .issuer("https://id.example.com/realms/main")
///     .audience("https://api.example.com")
///     .accept_untyped_jwt()
///     .scope_claim(&["realm_access", "roles"])
///     .build()?;
/// let layer = BearerAuthLayer::new(verifier);
/// // For a readiness probe.
/// assert!(!keys.is_ready());
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct RemoteJwks {
    settings: Settings,
    renewal: Arc<Renewal>,
}

impl RemoteJwks {
    /// Uses the key set at this URL (RFC 7517 section 5).
    ///
    /// # Errors
    ///
    /// The text is not an `https` URL (or `http` on this machine).
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        KeySetLocation::set(url, is_loopback).map(Self::at)
    }

    /// Uses the key set that this issuer's metadata names.
    ///
    /// The metadata is at `{issuer}/.well-known/openid-configuration` (OpenID Connect Discovery),
    /// or, if that is answered with 4xx, at `/.well-known/oauth-authorization-server` (RFC 8414).
    /// It is fetched again after a day, or after a fetch that fails or that brings no new key for a
    /// token that needs one.
    /// The `issuer` in it must be this one, byte by byte. Where it is a pattern for many tenants,
    /// use [`new`](Self::new) with the `jwks_uri` of the metadata.
    ///
    /// # Errors
    ///
    /// The text is not an `https` URL (or `http` on this machine), it has a query, or it is that of
    /// the metadata, with `/.well-known/`.
    pub fn discover(issuer: &str) -> Result<Self, ConfigError> {
        let issuer = KeySetLocation::issuer(issuer, is_loopback)?;
        Ok(Self::at(KeySetLocation::discovered(issuer)))
    }

    /// Like [`new`](Self::new), over plain `http` from any machine. An attacker on the network path
    /// can insert their own keys, and log in as any user.
    ///
    /// # Errors
    ///
    /// The text is not a URL.
    pub fn dangerous_over_http(url: &str) -> Result<Self, ConfigError> {
        KeySetLocation::set(url, ANYWHERE).map(Self::at)
    }

    /// Like [`discover`](Self::discover), over plain `http` from any machine. An attacker on the
    /// network path can insert their own keys, and log in as any user.
    ///
    /// # Errors
    ///
    /// The text is not a URL, it has a query, or it is that of the metadata.
    pub fn dangerous_discover_over_http(issuer: &str) -> Result<Self, ConfigError> {
        let issuer = KeySetLocation::issuer(issuer, ANYWHERE)?;
        Ok(Self::at(KeySetLocation::Issuer(issuer, ANYWHERE)))
    }

    /// Fetches with `client`: a `reqwest::Client` of the application, or one of another library.
    /// See [`HttpClient`] for private certificates and protected key sets.
    ///
    /// The default is `reqwest` with `rustls`, the root certificates of the operating system, or
    /// on Linux and BSD those of `SSL_CERT_FILE`, and the proxies that `HTTPS_PROXY`, `HTTP_PROXY`
    /// and `NO_PROXY` name. This machine is never asked through a proxy.
    pub fn with_http_client(self, client: impl HttpClient) -> Self {
        Self::from_settings(Settings {
            client: Arc::new(client),
            ..self.settings
        })
    }

    /// Sets the algorithm of RSA keys without `alg`. The default is RS256.
    ///
    /// A key has one algorithm (RFC 8725 section 3.1). If the issuer does not say which, and signs
    /// with another one, such as PS256, its tokens are refused until it is named here.
    ///
    /// # Errors
    ///
    /// The algorithm is not one of RSA. All other keys have only one algorithm.
    pub fn with_rsa_algorithm(self, algorithm: Algorithm) -> Result<Self, ConfigError> {
        if algorithm.family() != Family::Rsa {
            return Err(ConfigError::new(format!(
                "{algorithm} is not an algorithm of RSA keys. Only these have a choice: try PS256"
            )));
        }
        Ok(Self::from_settings(Settings {
            rsa: algorithm,
            ..self.settings
        }))
    }

    /// Takes the time from `clock`. It decides when to renew, and when an unknown `kid` may cause
    /// the next fetch.
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self::from_settings(Settings {
            clock,
            ..self.settings
        })
    }

    /// Returns whether there is a key, for a readiness probe. It also starts the first fetch.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let keys = self.current().load();
        keys.get().is_some_and(|keys| !keys.is_empty())
    }

    /// Fetches the keys now, and waits for them. Use it at start-up, if a process should not start
    /// without its issuer.
    ///
    /// # Errors
    ///
    /// The issuer cannot be reached, or its response cannot be used. Keys at hand are kept.
    pub async fn renew(&self) -> Result<(), JwksError> {
        self.renewal.renew_now().await
    }

    fn at(location: KeySetLocation) -> Self {
        Self::from_settings(Settings {
            location,
            client: Arc::new(Reqwest::default()),
            clock: Arc::new(SystemClock),
            rsa: Algorithm::Rs256,
        })
    }

    fn from_settings(settings: Settings) -> Self {
        Self {
            renewal: Renewal::new(settings.clone()),
            settings,
        }
    }
}

impl ProvideKeys for RemoteJwks {
    fn current(&self) -> &CurrentKeys {
        self.renewal.current()
    }

    fn can_ask(&self) -> bool {
        true
    }

    fn ask(&self, reason: AskReason) -> Option<KeysFuture> {
        self.renewal.ask(reason)
    }

    fn never_has_any(&self) -> bool {
        false
    }

    fn given(&self) -> KeySet {
        KeySet::default()
    }
}

impl From<RemoteJwks> for KeySource {
    fn from(keys: RemoteJwks) -> Self {
        Self::new(keys)
    }
}

impl fmt::Debug for RemoteJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteJwks")
            .field("location", &self.settings.location)
            .finish_non_exhaustive()
    }
}
