//! The line between the client and the server, which can be told to fail.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_bearer::{BoxError, Sessions};

/// A fault that a request meets on its way.
pub(crate) enum Fault {
    /// The server does its work, and the answer is lost.
    AnswerLost,
    /// No answer ever comes.
    Silence,
    /// Something else answers, with `Retry-After` or without.
    Respond(u16, Option<&'static str>, &'static str),
    /// 503 at this `Date`, with this `Retry-After`.
    Busy(&'static str, &'static str),
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
    pub(crate) fn new(sessions: Sessions) -> Self {
        Self {
            sessions,
            faults: Arc::default(),
            sent: Arc::default(),
        }
    }

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
            Some(Fault::Busy(date, retry_after)) => {
                *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                let headers = answer.headers_mut();
                headers.insert(DATE, date.parse()?);
                headers.insert(RETRY_AFTER, retry_after.parse()?);
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
