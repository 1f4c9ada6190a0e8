//! [`SessionsBuilder`] has every setting of [`Sessions`].

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use tokio::sync::Semaphore;

use super::accounts::Accounts;
use super::authenticate::Authenticate;
use super::client_doubts::ClientDoubts;
use super::event::AuthEvent;
use super::events::Events;
use super::idle::IdlePulls;
use super::names::Names;
use super::outage::StoreOutage;
use super::policy::SessionPolicy;
use super::refresh_token::RefreshTokenKeys;
use super::sessions::{Inner, Sessions};
use super::sync::StoreSync;
use super::throttled_lines::ThrottledLines;
use super::to_the_end::MAX_UNATTENDED;
use super::untold::Untold;
use crate::bearer::McpSessions;
use crate::clock::{Clock, SystemClock};
use crate::edge::Edge;
use crate::error::{ConfigError, Problems};
use crate::keys::{Secret, SigningKey, SigningKeys};
use crate::limits::{DEFAULT_LEEWAY, check_leeway};
use crate::names::{Audience, Issuer};
use crate::store::SessionStore;
use crate::throttle::{LoginThrottle, Throttle};
use crate::token::{AccessTokenSigner, Verifiers};

/// Builds [`Sessions`]. [`Sessions::builder`] makes it.
///
/// The issuer, the audience and the secret are required. The error that [`build`](Self::build)
/// returns has a sentence for each wrong setting.
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
    caches: bool,
    outage: StoreOutage,
    idle: IdlePulls,
    edge: Edge,
    throttle: LoginThrottle,
    events: Events,
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
            caches: true,
            outage: StoreOutage::default(),
            idle: IdlePulls::default(),
            edge: Edge::default(),
            throttle: LoginThrottle::default(),
            events: Events::default(),
            former: Vec::new(),
            problems: Problems::default(),
        }
    }

    /// Sets the issuer of the access tokens: their claim `iss`. By convention it is the `https` URL
    /// of this service. Deployments that share a store, such as staging and production, need
    /// different issuers or audiences, or they are one application.
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the audience of the access tokens: their claim `aud`. The keys of refresh tokens depend
    /// on it. So another name logs out all users, unless the old one is among the
    /// [former names](Self::former_names).
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Adds the issuer and the audience that this application had before, so that a new name does
    /// not log users out. Each call adds a pair, at most 8.
    ///
    /// Refresh tokens and access tokens with these names still work, and every method sees the
    /// sessions from that time. A login or a refresh gives the current names, so the former ones
    /// can be removed after the longest idle timeout.
    ///
    /// **With several processes** rename in two deployments, as in a
    /// [rotation of keys](crate::keys::SigningKeys): first give every process the *new* names with
    /// this method, then swap them. A process that does not know the new names refuses their
    /// tokens: the client has to log in again. The session itself is not ended.
    ///
    /// Never name another application that is in use: its sessions would be those of this one.
    ///
    /// ```
    /// # use tower_bearer::session::SessionsBuilder;
    /// # fn example(builder: SessionsBuilder) -> SessionsBuilder {
    /// builder
    ///     .issuer("https://api.example.com")
    ///     .audience("acme-api")
    ///     .former_names("https://api.example.com", "example-api")
    /// # }
    /// ```
    pub fn former_names(mut self, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        self.former.push((issuer.into(), audience.into()));
        self
    }

    /// Sets the secret from which the keys of refresh tokens are derived, and the HS256 key of
    /// access tokens unless there is a [`signing_key`](Self::signing_key).
    pub fn secret(mut self, secret: Secret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// Signs access tokens with this [`SigningKey`], or with [`SigningKeys`] one after the other.
    /// With an asymmetric key, other services can verify the tokens but not make any.
    pub fn signing_key(mut self, keys: impl Into<SigningKeys>) -> Self {
        self.keys = Some(keys.into());
        self
    }

    /// Sets the lifetimes of sessions and tokens. The defaults are those of [`SessionPolicy`].
    /// Existing sessions keep their absolute end.
    pub fn policy(mut self, policy: SessionPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how far the clocks of this application's processes may differ when an access token is
    /// verified: 60 seconds by default, and at most 5 minutes (RFC 7519 section 4.1.4).
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Verifies each access token each time, instead of remembering those that have passed: see
    /// [`without_cache`](crate::token::AccessTokenVerifierBuilder::without_cache) of a verifier.
    pub fn without_cache(mut self) -> Self {
        self.caches = false;
        self
    }

    /// Sets what happens to access tokens while the store cannot be asked:
    /// [`StoreOutage::RefuseTokens`] by default.
    pub fn store_outage(mut self, outage: StoreOutage) -> Self {
        self.outage = outage;
        self
    }

    /// Sets how often the store is asked while this process serves no requests: every 15 seconds by
    /// default.
    pub fn idle_pulls(mut self, idle: IdlePulls) -> Self {
        self.idle = idle;
        self
    }

    /// Sets how guesses at passwords are bounded: [`LoginThrottle`] says how by default, which is
    /// on. It counts in the store, so all processes count together.
    pub fn login_throttle(mut self, throttle: LoginThrottle) -> Self {
        self.throttle = throttle;
        self
    }

    /// Sets a closure that is called with each [`AuthEvent`]: for an audit log, an alarm, or an
    /// email to the user. Without it no event is made. A second call replaces the first closure.
    ///
    /// **It must not block.** It is called where the event happens, on a thread of the runtime, and
    /// the login waits for it. It takes no future, so that no slow receiver delays a login, and no
    /// queue grows here. What takes time goes to a channel, whose overflow the application counts:
    ///
    /// ```
    /// use tower_bearer::session::{AuthEventKind, SessionsBuilder};
    ///
    /// # fn example(builder: SessionsBuilder) -> SessionsBuilder {
    /// let (sender, mut events) = tokio::sync::mpsc::channel(1024);
    /// tokio::spawn(async move {
    ///     while let Some(event) = events.recv().await {
    ///         println!("{event:?}");
    ///     }
    /// });
    /// builder.events(move |event| {
    ///     let is_alarm = matches!(event.kind(), AuthEventKind::RefreshTokenReused(_));
    ///     if is_alarm && sender.try_send(event.clone()).is_err() {
    ///         eprintln!("events are lost");
    ///     }
    /// })
    /// # }
    /// ```
    ///
    /// If it panics, the log has an error, and the login goes on as if it had returned. With
    /// `panic = "abort"` the process ends.
    pub fn events(mut self, subscriber: impl Fn(&AuthEvent) + Send + Sync + 'static) -> Self {
        self.events = Events::to(subscriber);
        self
    }

    /// Sets the clock of the sessions, their verifier and their layer. The default is the operating
    /// system's clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Sets the scheme, host and port of this application as clients see them, as in
    /// `https://app.example.com`. It is for an application behind a proxy that changes `Host`. The
    /// check whether another site made a request uses it.
    pub fn public_origin(mut self, origin: &str) -> Self {
        let outcome = self.edge.set_public_origin(origin);
        self.problems.note(outcome);
        self
    }

    /// Sets the proxies whose `Forwarded` (RFC 7239) or `X-Forwarded-For` headers are trusted, as
    /// IP addresses or networks: `10.0.0.0/8`, `::1`. There are none by default.
    pub fn trusted_proxies<'p>(mut self, proxies: impl IntoIterator<Item = &'p str>) -> Self {
        let outcome = self.edge.set_trusted_proxies(proxies);
        self.problems.note(outcome);
        self
    }

    /// Sets where the address of the connection is found in the head of a request. With Axum:
    /// `|parts| parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip())`. A
    /// request has `ConnectInfo` only if the application is served with
    /// `app.into_make_service_with_connect_info::<SocketAddr>()`. By default it is the extension
    /// [`ClientAddress`](crate::edge::ClientAddress).
    pub fn client_address<F>(mut self, find: F) -> Self
    where
        F: Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    {
        self.edge.set_client_address(find);
        self
    }

    /// Builds the sessions.
    ///
    /// # Errors
    ///
    /// The issuer, the audience or the secret is missing or empty, or another setting is wrong. The
    /// error names all of them.
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
        self.policy.check(&mut self.problems);
        self.problems.note(self.idle.check());
        let names = Names::read(issuer.zip(audience), &self.former, &mut self.problems);
        let owners = names.as_ref().map(Names::owners).unwrap_or_default();
        let throttle = secret.as_ref().and_then(|secret| {
            let throttle = Throttle::for_owners(self.throttle, secret, &owners);
            self.problems.note(throttle)
        });
        let secrets = secret.zip(throttle);
        let (names, (keys, (secret, throttle))) =
            self.problems.finish_with(|| names.zip(keys.zip(secrets)))?;
        let refresh_keys = RefreshTokenKeys::new(&secret, &names.audiences());
        let (issuer, audience) = names.own().clone();
        #[cfg(feature = "metrics")]
        let store: Arc<dyn SessionStore> = {
            super::event_counter::describe();
            Arc::new(crate::store::TimedStore::new(self.store))
        };
        #[cfg(not(feature = "metrics"))]
        let store = self.store;
        let signer = AccessTokenSigner::of(issuer, audience, keys).with_clock(self.clock);
        let verifier = signer.verifier().with_leeway(self.leeway);
        let (verifier, former) = names.verifiers(&verifier.with_cache(self.caches));
        Ok(Sessions(Arc::new(Inner {
            accounts: self.accounts,
            sync: StoreSync::new(Arc::clone(&store), Arc::clone(signer.clock()), self.idle),
            store,
            keys: refresh_keys,
            mcp_sessions: McpSessions::new(&secret),
            throttle,
            throttled_lines: ThrottledLines::new(),
            untold: Untold::default(),
            unattended: Arc::new(Semaphore::new(MAX_UNATTENDED)),
            client_doubts: ClientDoubts::default(),
            events: self.events,
            verifiers: Verifiers::new(verifier).with_former(former),
            signer,
            policy: self.policy,
            outage: self.outage,
            edge: Arc::new(self.edge),
            owners,
        })))
    }
}

impl Sessions {
    /// Returns a builder of the sessions of the users that `accounts` knows, kept in `store`.
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
