//! [`SessionsBuilder`]: every setting of [`Sessions`] by its name.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::accounts::Accounts;
use super::authenticate::Authenticate;
use super::outage::StoreOutage;
use super::policy::SessionPolicy;
use super::refresh_token::RefreshTokenKeys;
use super::sessions::{Inner, Sessions};
use super::sync::StoreSync;
use crate::clock::{Clock, SystemClock};
use crate::edge::Edge;
use crate::error::{ConfigError, Problems};
use crate::keys::{Secret, SigningKey, SigningKeys};
use crate::limits::{DEFAULT_LEEWAY, check_leeway};
use crate::names::{Audience, Issuer};
use crate::store::{SessionOwner, SessionStore};
use crate::token::AccessTokenSigner;

/// Builds [`Sessions`]: made by [`Sessions::builder`].
///
/// Issuer, audience and secret are required. Every wrong setting is a sentence of the error that
/// [`build`](Self::build) returns.
#[must_use]
pub struct SessionsBuilder {
    accounts: Box<dyn Accounts>,
    store: Arc<dyn SessionStore>,
    issuer: Option<String>,
    audience: Option<String>,
    secret: Option<Secret>,
    keys: Option<SigningKeys>,
    clock: Arc<dyn Clock>,
    policy: SessionPolicy,
    leeway: Duration,
    outage: StoreOutage,
    edge: Edge,
    former: Vec<(String, String)>,
    problems: Problems,
}

impl SessionsBuilder {
    pub(super) fn new(accounts: Box<dyn Accounts>, store: Arc<dyn SessionStore>) -> Self {
        Self {
            accounts,
            store,
            issuer: None,
            audience: None,
            secret: None,
            keys: None,
            clock: Arc::new(SystemClock),
            policy: SessionPolicy::default(),
            leeway: DEFAULT_LEEWAY,
            outage: StoreOutage::default(),
            edge: Edge::default(),
            former: Vec::new(),
            problems: Problems::default(),
        }
    }

    /// Who makes the access tokens: their claim `iss`, by convention the `https` URL of this
    /// service.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Who accepts the access tokens: their claim `aud`. Refresh tokens have keys of this audience,
    /// so another name logs everybody out.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// The issuer and the audience that this application had before. The users' sessions of that
    /// time stay in [`list`](Sessions::list), and
    /// [`log_out_everywhere`](Sessions::log_out_everywhere) ends them too. Refresh tokens go on to
    /// work only if the audience is the same.
    pub fn former_names(mut self, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        self.former.push((issuer.into(), audience.into()));
        self
    }

    /// The secret that the keys of refresh tokens are derived from, and the HS256 key of access
    /// tokens unless there is a [`signing_key`](Self::signing_key).
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Signs access tokens with this [`SigningKey`], or with [`SigningKeys`] one after the other:
    /// with an asymmetric key, other services can verify the tokens and not make any.
    pub fn signing_key(mut self, keys: impl Into<SigningKeys>) -> Self {
        self.keys = Some(keys.into());
        self
    }

    /// Other lifetimes than the defaults of [`SessionPolicy`]. Sessions that exist keep their
    /// absolute end.
    pub fn policy(mut self, policy: SessionPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How far the clocks of this application's processes may differ when an access token is
    /// verified: 60 seconds by default, and at most 5 minutes (RFC 7519 section 4.1.4).
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// What happens to access tokens while the store cannot be asked: [`StoreOutage::RefuseTokens`]
    /// by default.
    pub fn store_outage(mut self, outage: StoreOutage) -> Self {
        self.outage = outage;
        self
    }

    /// Takes the time from `clock`; the verifier and the layer do so too. The default is the
    /// operating system's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The scheme, host and port of this application as clients see them, as in `https://app.example.com`: for an application behind a proxy
    /// that changes `Host`. The check of where a request comes from uses it.
    pub fn public_origin(mut self, origin: &str) -> Self {
        let outcome = self.edge.set_public_origin(origin);
        self.problems.note(outcome);
        self
    }

    /// The proxies whose `Forwarded` (RFC 7239) or `X-Forwarded-For` headers count, as IP addresses
    /// or networks: `10.0.0.0/8`, `::1`. None by default.
    pub fn trusted_proxies<'p>(mut self, proxies: impl IntoIterator<Item = &'p str>) -> Self {
        let outcome = self.edge.set_trusted_proxies(proxies);
        self.problems.note(outcome);
        self
    }

    /// Where a request's head has the address of the connection. With Axum:
    /// `|parts| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())`. Without
    /// this setting it is the extension [`ClientAddress`](crate::edge::ClientAddress).
    pub fn client_address<F>(mut self, find: F) -> Self
    where
        F: Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    {
        self.edge.set_client_address(find);
        self
    }

    /// The sessions.
    ///
    /// # Errors
    ///
    /// Issuer, audience or secret are missing or empty, or another setting is wrong: all of them
    /// are named.
    pub fn build(mut self) -> Result<Sessions, ConfigError> {
        let missing = |what: &str| {
            ConfigError::new(format!(
                "the sessions have no {what}. Call `.{what}(…)` before `.build()`"
            ))
        };
        let issuer = self
            .problems
            .note(self.issuer.ok_or_else(|| missing("issuer")))
            .and_then(|issuer| self.problems.note(Issuer::new(&issuer)));
        let audience = self
            .problems
            .note(self.audience.ok_or_else(|| missing("audience")))
            .and_then(|audience| self.problems.note(Audience::new(&audience)));
        let secret = self
            .problems
            .note(self.secret.ok_or_else(|| missing("secret")));
        let keys = match (self.keys, &secret) {
            (Some(keys), _) => Some(keys),
            (None, Some(secret)) => self
                .problems
                .note(SigningKey::hs256(secret))
                .map(SigningKeys::from),
            (None, None) => None,
        };
        self.problems.note(check_leeway(self.leeway));
        let mut former = Vec::new();
        for (issuer, audience) in self.former {
            let issuer = self.problems.note(Issuer::new(&issuer));
            let audience = self.problems.note(Audience::new(&audience));
            former.extend(
                issuer
                    .zip(audience)
                    .map(|(issuer, audience)| SessionOwner::of(&issuer, &audience)),
            );
        }
        let names = issuer.zip(audience);
        let ((issuer, audience), (keys, secret)) =
            self.problems.finish_with(|| names.zip(keys.zip(secret)))?;
        let signer = AccessTokenSigner::of(issuer, audience, keys).with_clock(self.clock);
        let own = SessionOwner::of(signer.issuer(), signer.audience());
        let owners = std::iter::once(own).chain(former).collect();
        Ok(Sessions(Arc::new(Inner {
            accounts: self.accounts,
            sync: StoreSync::new(Arc::clone(&self.store), Arc::clone(signer.clock())),
            store: self.store,
            keys: RefreshTokenKeys::new(&secret, signer.audience()),
            verifier: signer.verifier().with_leeway(self.leeway),
            signer,
            policy: self.policy,
            outage: self.outage,
            edge: Arc::new(self.edge),
            owners,
        })))
    }
}

impl Sessions {
    /// Sessions of the users that `accounts` knows, kept in `store`.
    ///
    /// An application with two kinds of users has two `Sessions`, each with an audience of its own.
    /// Sessions need a Tokio runtime with time enabled.
    pub fn builder(accounts: impl Authenticate, store: impl SessionStore) -> SessionsBuilder {
        SessionsBuilder::new(Box::new(accounts), Arc::new(store))
    }
}

impl fmt::Debug for SessionsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsBuilder")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("store", &self.store)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
