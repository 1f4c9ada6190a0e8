//! Our layer with sessions, and the tokens that these sessions issue.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use tokio::runtime::Handle;
use tower_bearer::clock::{Clock, SystemClock, Timestamp};
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::authorize_fn;
use tower_bearer::store::SessionStore;
use tower_bearer::{Grant, Identity, MemoryStore, Secret, SessionPolicy, Sessions, TokenResponse};

use super::ours;
use crate::kind::Kind;
use crate::side::Side;
use crate::tokens::{AUDIENCE, ISSUER, NAME, SCOPE, bearer, forged};

/// Sessions that start now, and others with the same keys that started three hours ago.
pub struct Site {
    pub sessions: Sessions,
    earlier: Sessions,
}

impl Site {
    /// Makes sessions in memory.
    pub fn new(kind: Kind) -> Self {
        Self::with_store(kind, MemoryStore::new())
    }

    pub fn with_store(kind: Kind, store: impl SessionStore) -> Self {
        let secret = Secret::random().expect("there is randomness");
        Self {
            sessions: sessions(kind, &secret, store, Arc::new(SystemClock)),
            earlier: sessions(kind, &secret, MemoryStore::new(), Arc::new(Earlier)),
        }
    }

    pub fn side(&self) -> Box<dyn Side> {
        ours::behind(&self.sessions.layer())
    }

    /// Makes `count` tokens, each of a session of its own.
    pub fn valid(&self, count: usize) -> Vec<HeaderValue> {
        let logins = (0..count).map(|_| log_in(&self.sessions));
        logins.map(|tokens| access(&tokens)).collect()
    }

    /// Makes tokens whose first use is not noted in the store.
    pub fn without_receipts(&self, count: usize) -> Vec<HeaderValue> {
        let identity = || another_user().without_receipts();
        let login = || Handle::current().block_on(self.sessions.start(identity()));
        (0..count)
            .map(|_| access(&login().expect("the login is good")))
            .collect()
    }

    /// Does the same as [`valid`](Self::valid) within a runtime.
    pub async fn valid_meanwhile(&self, count: usize) -> Vec<HeaderValue> {
        let mut tokens = Vec::new();
        for _ in 0..count {
            let login = self.sessions.start(another_user()).await;
            tokens.push(access(&login.expect("the login is good")));
        }
        tokens
    }

    /// Makes tokens that have expired.
    pub fn expired(&self, count: usize) -> Vec<HeaderValue> {
        let logins = (0..count).map(|_| log_in(&self.earlier));
        logins.map(|tokens| access(&tokens)).collect()
    }

    /// Makes good tokens with another signature.
    pub fn forged(&self, count: usize) -> Vec<HeaderValue> {
        let logins = (0..count).map(|_| log_in(&self.sessions));
        logins
            .map(|tokens| bearer(&forged(tokens.access_token().secret())))
            .collect()
    }
}

/// Every refresh rotates: there is no overlap.
fn sessions(
    kind: Kind,
    secret: &Secret,
    store: impl SessionStore,
    clock: Arc<dyn Clock>,
) -> Sessions {
    let accounts = authorize_fn(|_| async {
        let grant = Grant::new().with_scope(SCOPE).with_claim("name", NAME);
        Ok::<_, Infallible>(grant.into())
    });
    let policy = SessionPolicy::default().with_overlap(Duration::ZERO);
    let mut builder = Sessions::builder(accounts, store)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .secret(secret.clone())
        .policy(policy)
        .clock(clock);
    if let Some(key) = kind.signing_key() {
        builder = builder.signing_key(key);
    }
    builder.build().expect("the settings are complete")
}

/// Each session is of another user, since a user has at most a hundred.
pub fn another_user() -> Identity {
    static USERS: AtomicU32 = AtomicU32::new(0);
    let number = USERS.fetch_add(1, Ordering::Relaxed);
    Identity::new(format!("user-{number:08}"))
}

pub fn log_in(sessions: &Sessions) -> TokenResponse {
    let login = sessions.start(another_user());
    Handle::current()
        .block_on(login)
        .expect("the login is good")
}

pub fn refresh_token(tokens: &TokenResponse) -> RefreshToken {
    tokens.refresh_token().expect("there is one").clone()
}

fn access(tokens: &TokenResponse) -> HeaderValue {
    bearer(tokens.access_token().secret())
}

#[derive(Debug)]
struct Earlier;

impl Clock for Earlier {
    fn now(&self) -> Timestamp {
        let now = SystemTime::from(SystemClock.now());
        (now - Duration::from_secs(3 * 3600)).into()
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}
