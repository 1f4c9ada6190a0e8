//! The connection to Redis.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use super::link::Link;
use super::schema;
use super::servers::Servers;
use crate::error::BoxError;
use crate::limits::with_timeout;
use crate::shown::ShownCause;

/// The connection, and the role of the server at the last pull, which all clones of a store share.
///
/// The driver reconnects by itself if a connection breaks. It does not if Redis refuses the
/// handshake, or if the connection stays open and silent: then a new one replaces it.
#[derive(Clone)]
pub(super) struct Connection(Arc<Shared>);

struct Shared {
    servers: Servers,
    current: RwLock<Link>,
    /// Whether the servers may be others than those whose settings were looked at.
    is_unchecked: AtomicBool,
    /// What the last look at the settings has found.
    refusal: Mutex<Option<String>>,
    /// Whether the last pull failed.
    has_failed: AtomicBool,
    /// When the link was replaced, or that was tried.
    replaced: Mutex<Option<Instant>>,
    is_replica: AtomicBool,
}

impl Connection {
    pub(super) async fn open(servers: Servers) -> Result<Self, BoxError> {
        let mut link = servers.connect().await?;
        schema::check(&mut link).await?;
        Ok(Self(Arc::new(Shared {
            servers,
            current: RwLock::new(link),
            is_unchecked: AtomicBool::new(false),
            refusal: Mutex::default(),
            has_failed: AtomicBool::new(false),
            replaced: Mutex::default(),
            is_replica: AtomicBool::new(false),
        })))
    }

    pub(super) fn servers(&self) -> &Servers {
        &self.0.servers
    }

    /// Returns the link, whether the server is a primary or not.
    pub(super) fn any(&self) -> Link {
        self.0
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns the link, if the server is a primary. A replica may not have the newest sessions. It
    /// also runs a script that finds no row and so writes nothing, and would say that a session
    /// does not exist although it cannot know that. Nodes of a cluster answer only for slots that
    /// they are the primary of.
    pub(super) fn primary(&self) -> Result<Link, BoxError> {
        if self.0.is_replica.load(Ordering::Relaxed) {
            return Err(IS_REPLICA.into());
        }
        Ok(self.any())
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.0.servers, Servers::Cluster(_))
    }

    /// Notes the role of the server, as a pull saw it.
    pub(super) fn set_replica(&self, is_replica: bool) {
        let is_replica = is_replica && !self.is_cluster();
        self.0.is_replica.store(is_replica, Ordering::Relaxed);
    }

    /// Notes whether a pull succeeded.
    pub(super) fn note_pull(&self, is_good: bool) {
        self.0.has_failed.store(!is_good, Ordering::Relaxed);
    }

    /// Replaces the link after a pull that failed, if a new one can be made quickly, because the
    /// host name in the URL may lead to another server by now, and a node that is silent may no
    /// longer be the primary. Otherwise nothing changes until the next pull fails.
    pub(super) async fn replace(&self) {
        if let Link::Cluster(nodes) = self.any() {
            nodes.forget_feeds();
            // The driver finds most changes by itself, and many connections are opened at once.
            if !self.0.has_failed.load(Ordering::Relaxed) || !self.is_due() {
                return;
            }
        }
        let servers = &self.0.servers;
        match with_timeout(servers.connect_within(), servers.connect()).await {
            Ok(link) => {
                *self
                    .0
                    .current
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = link;
                self.0.is_unchecked.store(true, Ordering::Relaxed);
            }
            Err(error) => {
                tracing::debug!(
                    cause = %ShownCause(&*error),
                    "Redis could not be reached again"
                );
            }
        }
    }

    /// Logs a warning if servers that were reached after a failure would be refused at the opening:
    /// a replica that was promoted has settings of its own. Where they do not say so, they are
    /// asked again after the next pull.
    pub(super) async fn check_settings(&self) {
        if !self.0.is_unchecked.swap(false, Ordering::Relaxed) {
            return;
        }
        match schema::refusal(&mut self.any()).await {
            Ok(refusal) => self.warn_of(refusal),
            Err(_) => self.0.is_unchecked.store(true, Ordering::Relaxed),
        }
    }

    /// Writes a line where the refusal is another one than that of the link before.
    fn warn_of(&self, refusal: Option<String>) {
        let mut known = self
            .0
            .refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = refusal.as_ref().filter(|_| *known != refusal) {
            tracing::warn!("{why}");
        }
        *known = refusal;
    }

    /// Returns whether the link may be replaced now.
    fn is_due(&self) -> bool {
        let mut replaced = self
            .0
            .replaced
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let is_due = replaced.is_none_or(|at| now.duration_since(at) >= REPLACE_EVERY);
        if is_due {
            *replaced = Some(now);
        }
        is_due
    }
}

pub(super) const IS_REPLICA: &str =
    "this Redis is a replica, and may lag: use the URL of the primary";
/// How often the link to a cluster is replaced at the most.
const REPLACE_EVERY: Duration = Duration::from_secs(5);
