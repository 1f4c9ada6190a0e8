//! axum-login with tower-sessions: a cookie that is looked up with each request, and no refresh.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::{get, post};

use axum_login::{AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use tower_sessions::{MemoryStore, SessionManagerLayer};

use crate::http::{self, form, send};
use crate::peer::{Peer, Received, Sender, Tokens};

type AuthSession = axum_login::AuthSession<Backend>;

pub struct AxumLogin(Router);

impl AxumLogin {
    /// With its defaults. Its clock cannot be set: no time passes.
    pub fn new() -> Self {
        let sessions = SessionManagerLayer::new(MemoryStore::default());
        let app = Router::new()
            .route("/me", get(me))
            .route("/login", post(log_in))
            .route("/logout", post(log_out))
            .layer(AuthManagerLayerBuilder::new(Backend, sessions).build());
        Self(app)
    }
}

async fn log_in(mut session: AuthSession) -> StatusCode {
    match session.login(&Alice).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

async fn me(session: AuthSession) -> StatusCode {
    match session.user {
        Some(_) => StatusCode::OK,
        None => StatusCode::UNAUTHORIZED,
    }
}

async fn log_out(mut session: AuthSession) -> StatusCode {
    match session.logout().await {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Peer for AxumLogin {
    const COOKIE: bool = true;

    async fn log_in(&self) -> Tokens {
        let cookie = send(&self.0, form("/login", &[])).await.cookie();
        let cookie = cookie.expect("a login sets a cookie");
        one_cookie(&cookie)
    }

    async fn refresh(&self, tokens: &Tokens, _: Sender) -> Received {
        let reply = send(&self.0, http::get("/me", header::COOKIE, &tokens.refresh)).await;
        match reply.status {
            StatusCode::OK if reply.cookie().is_none() => Received::Kept,
            StatusCode::UNAUTHORIZED => Received::Denied,
            status => panic!("{status}: {:?}", reply.headers),
        }
    }

    async fn check(&self, access: &str, sender: Sender) -> bool {
        self.refresh(&one_cookie(access), sender).await.lets_in()
    }

    async fn log_out(&self, tokens: &Tokens) {
        let mut request = form("/logout", &[]);
        let cookie = tokens.access.parse().expect("a cookie is a header");
        request.headers_mut().insert(header::COOKIE, cookie);
        assert_eq!(send(&self.0, request).await.status, StatusCode::OK);
    }

    fn advance(&self, _: Duration) {}

    fn has_noticed(&self) -> bool {
        false
    }
}

fn one_cookie(cookie: &str) -> Tokens {
    Tokens {
        access: cookie.into(),
        refresh: cookie.into(),
    }
}

#[derive(Clone)]
struct Backend;

#[derive(Clone, Debug)]
struct Alice;

impl AuthUser for Alice {
    type Id = i64;

    fn id(&self) -> i64 {
        1
    }

    fn session_auth_hash(&self) -> &[u8] {
        b"the hash of her password"
    }
}

impl AuthnBackend for Backend {
    type User = Alice;
    type Credentials = ();
    type Error = Infallible;

    async fn authenticate(&self, (): ()) -> Result<Option<Alice>, Infallible> {
        Ok(Some(Alice))
    }

    async fn get_user(&self, _: &i64) -> Result<Option<Alice>, Infallible> {
        Ok(Some(Alice))
    }
}
