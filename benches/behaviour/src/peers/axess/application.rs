//! An Axum application with axess: its session layer, and handlers that use its refresh tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axess::backends::memory::{RefreshTokenStore, SessionRegistry, SessionStore};
use axess::session::{
    IssueRequest, Refresh, RefreshError, RefreshTokenConfig, issue_refresh_token,
    revoke_refresh_token,
};
use axess::testing::{MockClock, tenant, user};
use axess::{
    AuthSession, AuthState, Clock, SessionLayer, SessionRegistryAdapter, SystemRng,
    UserAgentBinding,
};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use serde::{Deserialize, Serialize};

use super::store::Watched;

#[derive(Clone)]
pub struct Application {
    store: Watched,
    config: RefreshTokenConfig,
    pub clock: MockClock,
    is_bound: bool,
}

impl Application {
    /// Makes the application. With a registry, its compromise hook ends the sessions of the user.
    /// If it is bound, sessions and refresh tokens belong to a `User-Agent`.
    pub fn new(
        config: RefreshTokenConfig,
        registry: Option<SessionRegistry>,
        is_bound: bool,
    ) -> Self {
        let clock = MockClock::now();
        Self {
            store: Watched {
                inner: RefreshTokenStore::new().with_clock(Arc::new(clock.clone())),
                noticed: Arc::new(AtomicBool::new(false)),
                registry,
            },
            config,
            clock,
            is_bound,
        }
    }

    pub fn has_noticed(&self) -> bool {
        self.store.noticed.load(Ordering::Relaxed)
    }

    pub fn router(&self) -> Router {
        let sessions = SessionStore::new().with_clock(Arc::new(self.clock.clone()));
        let mut layer = SessionLayer::new(sessions, std::array::from_fn(|at| at as u8))
            .with_clock(self.clock.clone());
        if self.is_bound {
            layer = layer.with_binding(UserAgentBinding);
        }
        if let Some(registry) = &self.store.registry {
            layer = layer.with_registry(Arc::new(SessionRegistryAdapter(registry.clone())));
        }
        Router::new()
            .route("/me", get(me))
            .route("/login", post(log_in))
            .route("/refresh", post(refresh))
            .route("/logout", post(log_out))
            .with_state(self.clone())
            .layer(layer)
    }

    /// Makes the session of this request that of the user.
    async fn authenticate(&self, session: &AuthSession, at: chrono::DateTime<chrono::Utc>) {
        session
            .set_authenticated(user("alice"), tenant("main"), at)
            .await;
        let id = session.session_id().await;
        self.store.register(&user("alice"), &id).await;
    }

    fn device(&self, headers: &HeaderMap) -> Option<String> {
        let agent = headers.get(header::USER_AGENT)?.to_str().ok()?;
        self.is_bound.then(|| agent.to_owned())
    }
}

#[derive(Deserialize, Serialize)]
struct Token {
    refresh_token: String,
}

async fn log_in(
    State(app): State<Application>,
    session: AuthSession,
    headers: HeaderMap,
) -> Json<Token> {
    let now = app.clock.now();
    app.authenticate(&session, now).await;
    let request = IssueRequest {
        user_id: &user("alice"),
        tenant_id: &tenant("main"),
        device_info: app.device(&headers),
        family_id: None,
        device_id: None,
    };
    let issued = issue_refresh_token(request, &app.config, &app.store, &SystemRng, now).await;
    let (refresh_token, _) = issued.expect("the store is in memory");
    Json(Token { refresh_token })
}

async fn refresh(
    State(app): State<Application>,
    session: AuthSession,
    headers: HeaderMap,
    Form(token): Form<Token>,
) -> Result<Json<Token>, StatusCode> {
    let device = app.device(&headers);
    let (data, new) = Refresh::new(&token.refresh_token, |_| async { true })
        .in_tenant(&tenant("main"))
        .device_info(device.as_deref())
        .run(&app.store, &app.config, &SystemRng, app.clock.now())
        .await
        .map_err(|error| match error {
            RefreshError::ConcurrentRefresh => StatusCode::CONFLICT,
            RefreshError::DeviceMismatch | RefreshError::NotFound | RefreshError::Revoked => {
                StatusCode::BAD_REQUEST
            }
            other => panic!("{other}"),
        })?;
    let AuthState::Authenticated { authn_time, .. } = data.auth_state else {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    };
    app.authenticate(&session, authn_time).await;
    let (refresh_token, _) = new.expect("rotation is on");
    Ok(Json(Token { refresh_token }))
}

async fn me(session: AuthSession) -> StatusCode {
    if session.is_authenticated().await {
        StatusCode::OK
    } else {
        StatusCode::UNAUTHORIZED
    }
}

async fn log_out(State(app): State<Application>, session: AuthSession, Form(token): Form<Token>) {
    session.clear().await;
    let revoked = revoke_refresh_token(&token.refresh_token, &app.store, &app.config).await;
    revoked.expect("the token is in the store");
}
