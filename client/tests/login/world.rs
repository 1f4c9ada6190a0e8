//! A client, and the real server in the same process, with a line between them.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use http_body_util::Full;
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt};
use tower_bearer::SessionPolicy;
use tower_bearer_client::{
    BearerClient, ClientError, HttpClient, Login, LoginBuilder, ManualClock, Server, TokenStore,
};

pub(crate) use crate::line::{Fault, Line, Sent};

pub(crate) const ORIGIN: &str = "https://api.example.com";
pub(crate) const LOGIN: &str = "/auth/login";
pub(crate) const LOGOUT: &str = "/auth/logout";
pub(crate) const REFRESH: &str = "/auth/refresh";

/// A server, and a client that is logged in as alice.
pub(crate) struct World {
    pub(crate) server: support::Login,
    pub(crate) line: Line,
    /// The client's own.
    pub(crate) clock: ManualClock,
    pub(crate) login: Login,
    pub(crate) client: BearerClient<Line>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with_policy(SessionPolicy::default()).await
    }

    pub(crate) async fn with_policy(policy: SessionPolicy) -> Self {
        Self::with(policy, |builder| builder).await
    }

    /// With a store of the client.
    pub(crate) async fn on(store: impl TokenStore) -> Self {
        Self::with(SessionPolicy::default(), |builder| builder.store(store)).await
    }

    /// With other settings of the client.
    pub(crate) async fn with(
        policy: SessionPolicy,
        settings: impl FnOnce(LoginBuilder) -> LoginBuilder,
    ) -> Self {
        let (server, clock) = (support::Login::with_policy(policy), ManualClock::new());
        let line = Line::new(server.sessions.clone());
        let login = settings(builder(&clock)).open(line.clone()).await.unwrap();
        login.log_in("alice", "wonderland-7").await.unwrap();
        Self {
            server,
            clock,
            client: login.layer().layer(line.clone()),
            line,
            login,
        }
    }

    /// Another process of the same application, or the same one after a restart.
    pub(crate) async fn another(
        &self,
        settings: impl FnOnce(LoginBuilder) -> LoginBuilder,
    ) -> Login {
        let builder = settings(builder(&self.clock));
        builder.open(self.line.clone()).await.unwrap()
    }

    /// Time passes for both.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.server.clock.advance(time);
    }

    /// The server ends all sessions of the user.
    pub(crate) async fn end_sessions(&self) {
        let (sessions, alice) = (&self.server.sessions, "alice".into());
        sessions.log_out_everywhere(&alice).await.unwrap();
    }

    pub(crate) async fn me(&self) -> Result<u16, ClientError> {
        me(self.client.clone()).await
    }

    /// Sends so many calls, all under way before any is answered.
    pub(crate) async fn me_at_once(&self, calls: usize) -> Vec<Result<u16, ClientError>> {
        at_once(&self.client, calls).await
    }

    /// The number of refreshes that were sent.
    pub(crate) fn refreshes_sent(&self) -> usize {
        self.line.sent(REFRESH).len()
    }
}

fn builder(clock: &ManualClock) -> LoginBuilder {
    Login::builder(Server::new(ORIGIN, "/auth").unwrap()).clock(clock.clone())
}

pub(crate) async fn me(client: BearerClient<impl HttpClient>) -> Result<u16, ClientError> {
    Ok(client.oneshot(request("/me")).await?.status().as_u16())
}

pub(crate) async fn at_once(
    client: &BearerClient<impl HttpClient>,
    calls: usize,
) -> Vec<Result<u16, ClientError>> {
    (0..calls)
        .map(|_| me(client.clone()))
        .collect::<JoinSet<_>>()
        .join_all()
        .await
}

/// A request to a path of the server, or to another URL.
pub(crate) fn request(at: &str) -> Request<Full<Bytes>> {
    let uri = if at.starts_with('/') {
        format!("{ORIGIN}{at}")
    } else {
        at.to_owned()
    };
    Request::post(uri).body(Full::from("hello")).unwrap()
}

pub(crate) fn with_authorization(
    mut request: Request<Full<Bytes>>,
    value: &'static str,
) -> Request<Full<Bytes>> {
    request
        .headers_mut()
        .insert(AUTHORIZATION, value.parse().unwrap());
    request
}

/// The `device_mark` of each login that was sent.
pub(crate) fn marks(world: &World) -> Vec<Option<String>> {
    let sent = world.line.sent(LOGIN).into_iter();
    sent.map(|login| {
        let fields = form_urlencoded::parse(login.body.as_bytes());
        let mut marks = fields.filter(|(name, _)| name == "device_mark");
        marks.next().map(|(_, mark)| mark.into_owned())
    })
    .collect()
}
