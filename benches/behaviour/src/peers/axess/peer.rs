//! [`Axess`] sends requests to the application, with a session cookie and a refresh token.

use std::time::Duration;

use axess::backends::memory::SessionRegistry;
use axess::session::RefreshTokenConfig;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, StatusCode, header};

use super::application::Application;
use crate::http::{self, Reply, form};
use crate::peer::{Peer, Received, Sender, Tokens};

pub struct Axess {
    app: Router,
    state: Application,
    thief_sends: &'static str,
}

impl Axess {
    /// With its defaults. The thief sends the headers of the owner.
    pub fn new() -> Self {
        Self::with(RefreshTokenConfig::default(), None, false)
    }

    /// With a reuse grace of a few seconds, as its documentation proposes.
    pub fn with_grace() -> Self {
        let config = RefreshTokenConfig {
            reuse_grace: chrono::Duration::seconds(10),
            ..RefreshTokenConfig::default()
        };
        Self::with(config, None, false)
    }

    /// The application's compromise hook ends all sessions of the user.
    pub fn with_hook() -> Self {
        let registry = SessionRegistry::new();
        Self::with(RefreshTokenConfig::default(), Some(registry), false)
    }

    /// Sessions and refresh tokens are bound to the browser, and the thief has another one.
    pub fn with_other_browser() -> Self {
        let bound = Self::with(RefreshTokenConfig::default(), None, true);
        Self {
            thief_sends: "Chrome",
            ..bound
        }
    }

    fn with(config: RefreshTokenConfig, registry: Option<SessionRegistry>, is_bound: bool) -> Self {
        let state = Application::new(config, registry, is_bound);
        Self {
            app: state.router(),
            state,
            thief_sends: "Firefox",
        }
    }

    /// Sends a request with the session cookie, and the browser of the sender.
    async fn send(
        &self,
        mut request: Request<Body>,
        cookie: Option<&str>,
        sender: Sender,
    ) -> Reply {
        let browser = match sender {
            Sender::Owner => "Firefox",
            Sender::Thief => self.thief_sends,
        };
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, HeaderValue::from_static(browser));
        if let Some(cookie) = cookie {
            let cookie = cookie.parse().expect("a cookie is a header");
            headers.insert(header::COOKIE, cookie);
        }
        http::send(&self.app, request).await
    }
}

impl Peer for Axess {
    const COOKIE: bool = false;

    async fn log_in(&self) -> Tokens {
        pair(&self.send(form("/login", &[]), None, Sender::Owner).await)
    }

    async fn refresh(&self, tokens: &Tokens, sender: Sender) -> Received {
        let request = form("/refresh", &[("refresh_token", &tokens.refresh)]);
        let reply = self.send(request, Some(&tokens.access), sender).await;
        match reply.status {
            StatusCode::OK => Received::Tokens(pair(&reply)),
            StatusCode::CONFLICT => Received::Elsewhere,
            StatusCode::BAD_REQUEST => Received::Denied,
            status => panic!("{status}: {}", reply.json),
        }
    }

    async fn check(&self, access: &str, sender: Sender) -> bool {
        let request = Request::get("/me")
            .body(Body::empty())
            .expect("a valid request");
        self.send(request, Some(access), sender).await.status == StatusCode::OK
    }

    async fn log_out(&self, tokens: &Tokens) {
        let request = form("/logout", &[("refresh_token", &tokens.refresh)]);
        let reply = self
            .send(request, Some(&tokens.access), Sender::Owner)
            .await;
        assert_eq!(reply.status, StatusCode::OK);
    }

    fn advance(&self, by: Duration) {
        let by = chrono::Duration::from_std(by).expect("some minutes");
        self.state.clock.advance(by);
    }

    fn has_noticed(&self) -> bool {
        self.state.has_noticed()
    }
}

fn pair(reply: &Reply) -> Tokens {
    Tokens {
        access: reply.cookie().expect("a session sets a cookie"),
        refresh: reply.text("refresh_token"),
    }
}
