//! A client, and the real server in the same process. Between them is a line that can be told to
//! fail.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use tokio::task::JoinSet;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_bearer::{BoxError, SessionPolicy, Sessions};
use tower_bearer_client::{
    BearerClient, ClientError, HttpClient, Login, LoginBuilder, ManualClock, Server,
};

pub(crate) const ORIGIN: &str = "https://api.example.com";
pub(crate) const LOGIN: &str = "/auth/login";
pub(crate) const REFRESH: &str = "/auth/refresh";

/// A fault that a request meets on its way.
pub(crate) enum Fault {
    /// The server does its work, and the answer is lost.
    AnswerLost,
    /// No answer ever comes.
    Silence,
    /// Something else answers, with `Retry-After` or without.
    Respond(u16, Option<&'static str>, &'static str),
    /// 400 `invalid_grant`, whose reason is this field of the request, or its key.
    Repeat(&'static str),
    /// 401, with this challenge.
    Challenge(&'static str),
    /// 200, with this `grpc-status` and challenge.
    Grpc(&'static str, &'static str),
}

/// A request, as it was on the line.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) uri: String,
    pub(crate) authorization: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) body: String,
    /// The `Debug` of its headers.
    pub(crate) headers: String,
}

/// The inner HTTP client. Clones are the same line.
#[derive(Clone)]
pub(crate) struct Line {
    sessions: Sessions,
    faults: Arc<Mutex<HashMap<&'static str, VecDeque<Fault>>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl Line {
    /// Sets the faults of the next requests to this path, one by one.
    pub(crate) fn faults(&self, path: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.faults
            .lock()
            .unwrap()
            .insert(path, faults.into_iter().collect());
    }

    /// The requests to this path so far.
    pub(crate) fn sent(&self, path: &str) -> Vec<Sent> {
        self.sent
            .lock()
            .unwrap()
            .iter()
            .filter(|sent| sent.uri.ends_with(path))
            .cloned()
            .collect()
    }

    async fn carry(
        self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<BoxBody<Bytes, Infallible>>, BoxError> {
        let path = request.uri().path().to_owned();
        let header = |name| {
            request
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        let body = request.body().clone().collect().await.unwrap().to_bytes();
        self.sent.lock().unwrap().push(Sent {
            uri: request.uri().to_string(),
            authorization: header("authorization"),
            key: header("idempotency-key"),
            body: String::from_utf8(body.to_vec()).unwrap(),
            headers: format!("{:?}", request.headers()),
        });
        // Time for others to ask as well.
        tokio::task::yield_now().await;
        let fault = self
            .faults
            .lock()
            .unwrap()
            .get_mut(&*path)
            .and_then(VecDeque::pop_front);
        let mut answer = Response::new(BoxBody::default());
        match fault {
            None => return Ok(self.serve(&path, request).await),
            Some(Fault::AnswerLost) => {
                self.serve(&path, request).await;
                return Err("the line is dead".into());
            }
            Some(Fault::Silence) => std::future::pending().await,
            Some(Fault::Respond(status, retry_after, body)) => {
                *answer.status_mut() = StatusCode::from_u16(status)?;
                answer
                    .headers_mut()
                    .extend(retry_after.map(|value| (RETRY_AFTER, value.parse().unwrap())));
                *answer.body_mut() = Full::from(body).boxed();
            }
            Some(Fault::Repeat(name)) => {
                let mut fields = form_urlencoded::parse(&body);
                let field = fields.find(|(field, _)| field == name);
                let value = match field {
                    Some((_, value)) => value.into_owned(),
                    None => header(name).unwrap(),
                };
                let said = format!(r#"{{"error":"invalid_grant","reason":"{value}"}}"#);
                *answer.status_mut() = StatusCode::BAD_REQUEST;
                *answer.body_mut() = Full::from(said).boxed();
            }
            Some(Fault::Challenge(challenge)) => {
                *answer.status_mut() = StatusCode::UNAUTHORIZED;
                answer
                    .headers_mut()
                    .insert(WWW_AUTHENTICATE, challenge.parse()?);
            }
            Some(Fault::Grpc(status, challenge)) => {
                let headers = answer.headers_mut();
                headers.insert("grpc-status", status.parse()?);
                headers.insert(WWW_AUTHENTICATE, challenge.parse()?);
            }
        }
        Ok(answer)
    }

    /// The endpoints, and beside them a service behind the layer that answers with what was sent.
    async fn serve(
        &self,
        path: &str,
        request: Request<Full<Bytes>>,
    ) -> Response<BoxBody<Bytes, Infallible>> {
        if path.starts_with("/auth/") {
            let endpoints = self.sessions.endpoints().with_path("/auth");
            return endpoints
                .oneshot(request)
                .await
                .unwrap()
                .map(BodyExt::boxed);
        }
        let echo = service_fn(async |request: Request<Full<Bytes>>| {
            Ok::<_, Infallible>(Response::new(request.into_body()))
        });
        self.sessions
            .layer()
            .layer(echo)
            .oneshot(request)
            .await
            .unwrap()
            .map(BodyExt::boxed)
    }
}

impl Service<Request<Full<Bytes>>> for Line {
    type Response = Response<BoxBody<Bytes, Infallible>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        Box::pin(self.clone().carry(request))
    }
}

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

    /// With other settings of the client.
    pub(crate) async fn with(
        policy: SessionPolicy,
        settings: impl FnOnce(LoginBuilder) -> LoginBuilder,
    ) -> Self {
        let (server, clock) = (support::Login::with_policy(policy), ManualClock::new());
        let line = Line {
            sessions: server.sessions.clone(),
            faults: Arc::default(),
            sent: Arc::default(),
        };
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
