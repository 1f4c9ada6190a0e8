//! [`Either`]: an HTTP client that goes to both servers in turn, as behind a load balancer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;
use tower::Service;
use tower_bearer_client::BoxError;

pub(crate) type Http = Client<HttpConnector, Full<Bytes>>;

#[derive(Clone, Debug)]
pub(crate) struct Either {
    http: Http,
    servers: [Authority; 2],
    turn: Arc<AtomicUsize>,
}

impl Either {
    pub(crate) fn of(http: Http, ports: [u16; 2], first: usize) -> Self {
        let server = |port| format!("127.0.0.1:{port}").parse().expect("an authority");
        Self {
            http,
            servers: ports.map(server),
            turn: Arc::new(AtomicUsize::new(first)),
        }
    }
}

pub(crate) fn http() -> Http {
    // A connection that a killed server has left is noticed by its next request.
    Client::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::from_secs(5))
        .build_http()
}

impl Service<Request<Full<Bytes>>> for Either {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Full<Bytes>>) -> Self::Future {
        let server = &self.servers[self.turn.fetch_add(1, Relaxed) % 2];
        let path = request.uri().path_and_query().cloned();
        let path = path.unwrap_or(PathAndQuery::from_static("/"));
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(server.clone());
        *request.uri_mut() = uri.path_and_query(path).build().expect("a URL");
        let sent = self.http.request(request);
        Box::pin(async move { Ok(timeout(PATIENCE, sent).await??) })
    }
}

/// A client hangs up after so long.
const PATIENCE: Duration = Duration::from_secs(8);
