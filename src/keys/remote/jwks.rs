//! [`RemoteJwks`]: the keys that an external issuer publishes.

use std::fmt;
use std::sync::Arc;

use super::client::{HttpClient, Reqwest};
use super::discovery::set_url;
use super::renewal::{JwksError, Renewal};
use super::settings::{KeySetLocation, Settings};
use crate::clock::{Clock, SystemClock};
use crate::error::ConfigError;
use crate::keys::key_set::KeySet;
use crate::keys::key_source::{KeySource, KeysFuture, ProvideKeys};
use crate::url::{HttpUrl, is_loopback};

/// The keys that an external issuer publishes as a JWK set: fetched in the background, kept, and
/// renewed before they are needed.
///
/// **When it fetches.** At first use, which is when a verifier is made of it, within a Tokio
/// runtime; then at three quarters of the time for which `Cache-Control` lets the set be kept (one
/// minute to one day; ten minutes where it says nothing). A token whose `kid` is unknown fetches
/// once for everyone who waits, and not again for a minute, whatever `kid`s may come. A request
/// waits only where no key at hand fits its token.
///
/// **When the issuer is down.** The keys at hand are kept, and it is asked again after a second,
/// then after twice that, up to a minute, or to four seconds while there are none. A token that
/// needs keys which are not there yet is 503 then, not 401: it may be good. So a server may start
/// before its issuer.
///
/// **What it takes.** A document of at most 256 KiB within 5 seconds, without redirections; the
/// first 100 keys. `use`, `key_ops` and `alg` of a key are honoured. A key that cannot be used (an
/// unknown type, RSA below 2048 or above 8192 bits, malformed) is left out and spoils no other.
/// HMAC keys are left out too: what is published is not a secret.
///
/// **Where from.** An `https` URL; `http` only on this machine, unless [said
/// aloud](Self::dangerous_over_http).
///
/// A clone is the same keys: give several verifiers one of it. The task that fetches runs on the
/// Tokio runtime where it was first used, which has to be one that goes on.
///
/// A set that can be read replaces the one before, whatever it holds: a key that the
/// issuer withdraws is gone with the next renewal.
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
    /// The set at this URL (RFC 7517 section 5).
    ///
    /// # Errors
    ///
    /// It is not an `https` URL (or `http` on this machine).
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        Ok(Self::at(KeySetLocation::Set(set_url(url, is_loopback)?)))
    }

    /// The set that this issuer's metadata names: `{issuer}/.well-known/openid-configuration`
    /// (OpenID Connect Discovery), or, where that is not there, `/.well-known/
    /// oauth-authorization-server` (RFC 8414): where the first is answered with 4xx. The `issuer`
    /// in it must be this one, byte by byte.
    ///
    /// # Errors
    ///
    /// It is not an `https` URL (or `http` on this machine), or has a query.
    pub fn discover(issuer: &str) -> Result<Self, ConfigError> {
        let issuer = HttpUrl::parse(issuer, is_loopback)?;
        // What is fetched safely does not lead to what is not.
        let may_be_plain = if issuer.origin().starts_with("https:") {
            NOWHERE
        } else {
            is_loopback
        };
        Ok(Self::at(KeySetLocation::Issuer(issuer, may_be_plain)))
    }

    /// Like [`new`](Self::new), over plain `http` from any machine. An attacker on the network path
    /// can put in keys of their own, and log in as any user.
    ///
    /// # Errors
    ///
    /// It is not a URL.
    pub fn dangerous_over_http(url: &str) -> Result<Self, ConfigError> {
        Ok(Self::at(KeySetLocation::Set(set_url(url, ANYWHERE)?)))
    }

    /// Like [`discover`](Self::discover), over plain `http` from any machine. An attacker on the
    /// network path can put in keys of their own, and log in as any user.
    ///
    /// # Errors
    ///
    /// It is not a URL, or has a query.
    pub fn dangerous_discover_over_http(issuer: &str) -> Result<Self, ConfigError> {
        Ok(Self::at(KeySetLocation::Issuer(
            HttpUrl::parse(issuer, ANYWHERE)?,
            ANYWHERE,
        )))
    }

    /// Fetches by `client`: one with a private root of trust, say, or of another library. By
    /// default it is `reqwest`, with `rustls`, the roots of the operating system, and the
    /// proxies that the environment names.
    pub fn with_http_client(self, client: impl HttpClient) -> Self {
        Self::from_settings(Settings {
            client: Arc::new(client),
            ..self.settings
        })
    }

    /// Takes the time from `clock`: when to renew, and when a `kid` may fetch again.
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self::from_settings(Settings {
            clock,
            ..self.settings
        })
    }

    /// Whether there are keys. For a readiness probe; it starts the first fetch too.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.keys().is_some()
    }

    /// Fetches now, and waits for it: at start-up, for a process that should not begin without its
    /// issuer.
    ///
    /// # Errors
    ///
    /// The issuer cannot be reached, or its answer cannot be used. Keys that were at hand are kept.
    pub async fn renew(&self) -> Result<(), JwksError> {
        self.renewal.renew_now().await
    }

    fn at(location: KeySetLocation) -> Self {
        Self::from_settings(Settings {
            location,
            client: Arc::new(Reqwest::default()),
            clock: Arc::new(SystemClock),
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
    fn keys(&self) -> Option<Arc<KeySet>> {
        self.renewal.keys()
    }

    fn ask(&self) -> Option<KeysFuture> {
        self.renewal.ask()
    }

    fn never_has_any(&self) -> bool {
        false
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

/// To which hosts `http` may lead.
const ANYWHERE: fn(&str) -> bool = |_| true;
const NOWHERE: fn(&str) -> bool = |_| false;
