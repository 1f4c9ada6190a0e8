//! [`BearerClientLayer`] and [`BearerClient`].

use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use tower_layer::Layer;
use tower_service::Service;

use super::call::ResponseFuture;
use super::request::{HttpRequest, HttpResponse, origin};
use super::resend::{Resend, SendTwice};
use crate::refresh::{Shared, fresh_of};
use crate::tokens::Due;
use crate::{BoxError, ClientError};

/// Wraps HTTP clients, which then send the tokens of one login. See
/// [`Login::layer`](crate::Login::layer).
///
/// ```
/// use tower::ServiceBuilder;
/// use tower_bearer_client::{BearerClient, Login};
///
/// fn client<S>(login: &Login, http: S) -> BearerClient<S> {
///     ServiceBuilder::new().layer(login.layer()).service(http)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct BearerClientLayer<M = SendTwice> {
    shared: Arc<Shared>,
    resend: M,
}

impl<M> BearerClientLayer<M> {
    pub(crate) fn new(shared: Arc<Shared>, resend: M) -> Self {
        Self { shared, resend }
    }

    /// Sets which requests go out again after a 401.
    ///
    /// ```
    /// use tower::Layer;
    /// use tower_bearer_client::{BearerClient, Login, SendOnce};
    ///
    /// /// For an HTTP client whose bodies are streams, as tonic's channel.
    /// fn client<S>(login: &Login, http: S) -> BearerClient<S, SendOnce> {
    ///     login.layer().resend(SendOnce).layer(http)
    /// }
    /// ```
    #[must_use]
    pub fn resend<N>(self, resend: N) -> BearerClientLayer<N> {
        BearerClientLayer::new(self.shared, resend)
    }
}

impl<S, M: Clone> Layer<S> for BearerClientLayer<M> {
    type Service = BearerClient<S, M>;

    fn layer(&self, http: S) -> Self::Service {
        BearerClient {
            http,
            shared: Arc::clone(&self.shared),
            resend: self.resend.clone(),
        }
    }
}

/// An HTTP client that sends the access token, renews it ahead of time, and repeats a request once
/// whose token was refused.
///
/// A request to an origin that the [`Server`](crate::Server) does not name is sent unchanged, and
/// so is one with an `Authorization` of its own. A layer that follows redirects belongs around this
/// one, so that each URL is checked. An HTTP client that follows them itself, below this layer,
/// takes the token along: the one of `hyper-util` and `ReqwestClient` follow none.
///
/// A request is sent with tokens of the login that is held when it is passed here. If another login
/// replaces that one while the request waits for a refresh, it fails with
/// [`LoginReplaced`](crate::ClientErrorKind::LoginReplaced): the next user does not do what the one
/// before has asked for. A request that is refused after that is not repeated.
///
/// With gRPC the origin of the calls has to be said: `GreeterClient::with_origin(client, origin)`.
///
/// ```
/// use bytes::Bytes;
/// use http::Request;
/// use http_body_util::Full;
/// use tower::ServiceExt;
/// use tower_bearer_client::{BearerClient, ClientError, HttpClient};
///
/// async fn status(client: BearerClient<impl HttpClient>) -> Result<u16, ClientError> {
///     let request = Request::new(Full::<Bytes>::default());
///     Ok(client.oneshot(request).await?.status().as_u16())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct BearerClient<S, M = SendTwice> {
    http: S,
    shared: Arc<Shared>,
    resend: M,
}

impl<S, R, M> Service<R> for BearerClient<S, M>
where
    S: Service<R::Sent, Response: HttpResponse, Error: Into<BoxError>> + Clone,
    R: HttpRequest,
    M: Resend<R> + Clone,
{
    type Response = S::Response;
    type Error = ClientError;
    type Future = ResponseFuture<S, R, M>;

    /// Always: each request waits for the inner service when it goes out. A place that is taken
    /// here would be kept while the refresh waits for one, and under a limit on concurrency both
    /// would wait for ever.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let (http, resend) = (self.http.clone(), self.resend.clone());
        let is_theirs = request.headers().contains_key(AUTHORIZATION);
        if is_theirs
            || !shared
                .endpoints
                .server
                .owns(origin(request.target()).as_ref())
        {
            return ResponseFuture::unchanged(shared, http, resend, request);
        }
        match shared.tokens.due(None) {
            Ok(Due::Use(pair)) => ResponseFuture::with(shared, http, resend, request, pair),
            Ok(Due::Refresh(pair)) => {
                let fresh = Box::pin(fresh_of(pair.login, Arc::clone(&shared), None));
                ResponseFuture::after(shared, http, resend, request, fresh)
            }
            Err(error) => ResponseFuture::failed(shared, http, resend, error),
        }
    }
}
