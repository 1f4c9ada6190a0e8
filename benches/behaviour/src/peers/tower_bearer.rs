//! This crate: its endpoints and its layer, in an Axum application.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::get;
use tower_bearer::session::{AuthEventKind, authenticate_fn};
use tower_bearer::test_util::ManualClock;
use tower_bearer::{
    CurrentUser, Grant, Identity, Login, MemoryStore, PasswordCredentials, Secret, SessionPolicy,
    Sessions,
};

use crate::http::{self, form, send};
use crate::peer::{Peer, Received, Sender, Tokens};

pub struct TowerBearer {
    pub app: Router,
    sessions: Sessions,
    clock: ManualClock,
    noticed: Arc<AtomicBool>,
}

impl TowerBearer {
    /// With its defaults, and a client that sends no `Idempotency-Key`.
    pub fn new() -> Self {
        Self::with(SessionPolicy::default())
    }

    /// Strict single use.
    pub fn without_overlap() -> Self {
        Self::with(SessionPolicy::default().with_overlap(Duration::ZERO))
    }

    fn with(policy: SessionPolicy) -> Self {
        let clock = ManualClock::new();
        let noticed = Arc::new(AtomicBool::new(false));
        let told = noticed.clone();
        let accounts = authenticate_fn(
            |login: Login<PasswordCredentials>| async move {
                let is_right = login.password() == "correct-horse";
                Ok::<_, Infallible>(is_right.then(|| Identity::new(login.username())).into())
            },
            |_| async { Ok(Grant::new().into()) },
        );
        let sessions = Sessions::builder(accounts, MemoryStore::new())
            .issuer("https://api.example.com")
            .audience("example-api")
            .secret(Secret::random().expect("there is randomness"))
            .policy(policy)
            .clock(Arc::new(clock.clone()))
            .events(move |event| {
                if matches!(event.kind(), AuthEventKind::RefreshTokenReused(_)) {
                    told.store(true, Ordering::Relaxed);
                }
            })
            .build()
            .expect("the settings are complete");
        let app = Router::new()
            .route(
                "/me",
                get(async |user: CurrentUser| user.subject().to_string()),
            )
            .route_layer(sessions.layer())
            .nest_service("/auth", sessions.endpoints());
        Self {
            app,
            sessions,
            clock,
            noticed,
        }
    }
}

impl Peer for TowerBearer {
    const COOKIE: bool = false;

    async fn log_in(&self) -> Tokens {
        let fields = [("username", "alice"), ("password", "correct-horse")];
        pair(&send(&self.app, form("/auth/login", &fields)).await)
    }

    async fn refresh(&self, tokens: &Tokens, _: Sender) -> Received {
        let fields = [("refresh_token", tokens.refresh.as_str())];
        let reply = send(&self.app, form("/auth/refresh", &fields)).await;
        match reply.status {
            StatusCode::OK => Received::Tokens(pair(&reply)),
            StatusCode::BAD_REQUEST => Received::Denied,
            status => panic!("{status}: {}", reply.json),
        }
    }

    async fn check(&self, access: &str, _: Sender) -> bool {
        let bearer = format!("Bearer {access}");
        let reply = send(&self.app, http::get("/me", header::AUTHORIZATION, &bearer)).await;
        // The background task writes the receipt of a token within a second.
        self.sessions.flush().await.expect("the store is in memory");
        match reply.status {
            StatusCode::OK => true,
            StatusCode::UNAUTHORIZED => false,
            status => panic!("{status}: {}", reply.json),
        }
    }

    async fn log_out(&self, tokens: &Tokens) {
        let request = form("/auth/logout", &[("token", &tokens.refresh)]);
        assert!(send(&self.app, request).await.status.is_success());
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn has_noticed(&self) -> bool {
        self.noticed.load(Ordering::Relaxed)
    }
}

fn pair(reply: &http::Reply) -> Tokens {
    Tokens {
        access: reply.text("access_token"),
        refresh: reply.text("refresh_token"),
    }
}
