//! This crate's rule, driven through `Sessions` and its layer, with a store in memory.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_bearer::clock::Clock as _;
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::{Refresh, SessionErrorKind, TokenResponse, authorize_fn};
use tower_bearer::test_util::ManualClock;
use tower_bearer::{Grant, Identity, MemoryStore, Secret, SessionPolicy, Sessions};

use crate::rule::{Millis, Reply, Rule, Tokens};

pub struct TowerBearer {
    runtime: Runtime,
    sessions: Sessions,
    clock: ManualClock,
    /// A server that refreshes on a browser's behalf starts sessions without receipts.
    has_receipts: bool,
}

impl TowerBearer {
    pub fn new(policy: SessionPolicy, has_receipts: bool) -> Self {
        let clock = ManualClock::new();
        let accounts = authorize_fn(|_| async { Ok::<_, Infallible>(Grant::new().into()) });
        let sessions = Sessions::builder(accounts, MemoryStore::new())
            .issuer("https://api.example.com")
            .audience("simulation")
            .secret(Secret::random().expect("there is randomness"))
            .clock(Arc::new(clock.clone()))
            .policy(policy)
            .without_cache()
            .build()
            .expect("the settings are complete");
        Self {
            runtime: Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("there are threads"),
            sessions,
            clock,
            has_receipts,
        }
    }

    fn move_to(&self, now: Millis) {
        let now = Duration::from_millis(now);
        self.clock
            .advance(now.saturating_sub(self.clock.monotonic()));
    }
}

impl Rule for TowerBearer {
    fn log_in(&mut self, now: Millis) -> Tokens {
        self.move_to(now);
        let identity = Identity::new("alice");
        let identity = if self.has_receipts {
            identity
        } else {
            identity.without_receipts()
        };
        let started = self.runtime.block_on(self.sessions.start(identity));
        tokens(&started.expect("the store is in memory"))
    }

    fn refresh(&mut self, refresh: &str, key: Option<u64>, now: Millis) -> Reply {
        self.move_to(now);
        let mut request = Refresh::new(RefreshToken::new(refresh));
        if let Some(key) = key {
            let keyed = request.with_idempotency_key(key.to_be_bytes());
            request = keyed.expect("a key has eight bytes");
        }
        match self.runtime.block_on(self.sessions.refresh(request)) {
            Ok(answer) => Reply::Tokens(tokens(&answer)),
            Err(error) => match error.kind() {
                SessionErrorKind::RefreshTokenReused => Reply::Ended,
                SessionErrorKind::SessionRevoked => Reply::Rejected,
                // No user is away for longer than the idle timeout, and the store is in memory.
                _ => panic!("the simulation is wrong: {error}"),
            },
        }
    }

    fn accept(&mut self, access: &str, now: Millis) {
        self.move_to(now);
        let handler = service_fn(|_: Request<String>| async {
            Ok::<_, Infallible>(Response::new(String::new()))
        });
        let request = Request::builder()
            .header("authorization", format!("Bearer {access}"))
            .body(String::new())
            .expect("a token is a header value");
        self.runtime.block_on(async {
            let service = self.sessions.layer().layer(handler);
            // The token may have expired, or its session ended. Then there is no receipt.
            let _ = service.oneshot(request).await;
            self.sessions.flush().await.expect("the store is in memory");
        });
    }
}

fn tokens(answer: &TokenResponse) -> Tokens {
    let refresh = answer.refresh_token().expect("a session can be refreshed");
    Tokens {
        refresh: refresh.secret().to_owned(),
        access: answer.access_token().secret().to_owned(),
    }
}
