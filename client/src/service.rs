//! [`BearerClientLayer`] and [`BearerClient`].

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use tower::{Layer, Service, ServiceExt};

use super::challenge::refuses_token;
use super::tokens::Pair;
use super::{ClientError, Http, Server, Tokens};

/// Wraps HTTP clients that share the tokens of one login.
#[derive(Clone, Debug)]
pub(crate) struct BearerClientLayer {
    server: Server,
    tokens: Tokens,
}

impl BearerClientLayer {
    pub(crate) fn new(server: Server, tokens: Tokens) -> Self {
        Self { server, tokens }
    }
}

impl<S> Layer<S> for BearerClientLayer {
    type Service = BearerClient<S>;

    fn layer(&self, http: S) -> BearerClient<S> {
        BearerClient {
            http,
            server: self.server.clone(),
            tokens: self.tokens.clone(),
        }
    }
}

/// An HTTP client that sends the access token. Clones have the same tokens.
///
/// A request to another origin is sent unchanged, and so is one with an `Authorization` of its own.
/// A layer that follows redirects belongs around this one, so that each URL is checked.
#[derive(Clone, Debug)]
pub(crate) struct BearerClient<S> {
    pub(super) http: S,
    pub(super) server: Server,
    pub(super) tokens: Tokens,
}

impl<S: Http> Service<Request<Full<Bytes>>> for BearerClient<S> {
    type Response = Response<S::Body>;
    type Error = ClientError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<S::Body>, ClientError>> + Send>>;

    /// Always: each request waits for the inner service when it goes out. A place that is taken
    /// here would be kept while the refresh waits for one, and under a limit on concurrency
    /// both would wait for ever.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let client = self.clone();
        Box::pin(async move {
            if !client.server.owns(request.uri()) || request.headers().contains_key(AUTHORIZATION) {
                return client.send(request).await;
            }
            let pair = client.fresh(None).await?;
            let response = client.send(with_token(request.clone(), &pair)?).await?;
            if !refuses_token(&response) {
                return Ok(response);
            }
            // The body is not read: drop it, so that its connection is free.
            drop(response);
            // The token was refused before anything was done: so a POST may be repeated too. Once:
            // if a new token does not help, the fault is elsewhere.
            let pair = client.fresh(Some(pair.number)).await?;
            client.send(with_token(request, &pair)?).await
        })
    }
}

impl<S: Http> BearerClient<S> {
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<S::Body>, ClientError> {
        self.http
            .clone()
            .oneshot(request)
            .await
            .map_err(ClientError::request)
    }
}

fn with_token(
    mut request: Request<Full<Bytes>>,
    pair: &Pair,
) -> Result<Request<Full<Bytes>>, ClientError> {
    // The error repeats nothing.
    let mut value = HeaderValue::try_from(format!("Bearer {}", pair.access.secret()))
        .map_err(ClientError::unavailable)?;
    // Keeps the token out of `Debug`, and out of the table with which HTTP/2 compresses headers.
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(request)
}
