//! [`ReqwestClient`], and the requests of `reqwest` behind the layer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use reqwest::redirect::Policy;
use tower_service::Service;

use super::request::{HttpRequest, HttpResponse, sealed};
use super::resend::{Resend, SendTwice};

/// A client of `reqwest`, for the endpoints of a [`Login`](crate::Login) and behind its layer. It
/// follows no redirects: the caller gets the response with the `Location`, and sends a request
/// there as to any other URL.
///
/// `reqwest::Client` itself follows them, and does not fit. A redirected POST would take the
/// refresh token or the password along. Version 0.13.5 takes an access token off where a redirect
/// leads to another origin, but sends it again after a second redirect there.
///
/// `reqwest` sends plain HTTP through the proxy that `HTTP_PROXY` names, to this machine too, and
/// the proxy reads the password. For a server on loopback set `no_proxy`, as below, or `NO_PROXY`.
///
/// ```compile_fail
/// # use tower::{Layer, Service};
/// # fn call(login: &tower_bearer_client::Login, request: reqwest::Request) {
/// login.layer().layer(reqwest::Client::new()).call(request);
/// # }
/// ```
///
/// ```
/// use tower::{Layer, Service};
/// use tower_bearer_client::{Login, ReqwestClient, Server};
///
/// # async fn example() -> Result<(), tower_bearer_client::BoxError> {
/// let http = ReqwestClient::build(reqwest::Client::builder().no_proxy())?;
/// let login = Login::new(Server::new("http://127.0.0.1:3000", "/auth")?, http.clone());
/// login.log_in("alice", "wonderland-7").await?;
///
/// let mut client = login.layer().layer(http.clone());
/// let request = http.as_client().get("http://127.0.0.1:3000/me").build()?;
/// let response = client.call(request).await?;
/// println!("{}", response.text().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ReqwestClient(reqwest::Client);

impl ReqwestClient {
    /// Builds the client with the settings of `builder`, except for its redirects.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::ClientBuilder::build`].
    ///
    /// ```
    /// use tower_bearer_client::ReqwestClient;
    ///
    /// assert!(ReqwestClient::build(reqwest::Client::builder()).is_ok());
    /// ```
    pub fn build(builder: reqwest::ClientBuilder) -> Result<Self, reqwest::Error> {
        builder.redirect(Policy::none()).build().map(Self)
    }

    /// Returns the client of `reqwest`, which builds requests. What its own `send` sends goes out
    /// without a token.
    ///
    /// ```
    /// # use tower_bearer_client::ReqwestClient;
    /// fn order(http: &ReqwestClient) -> reqwest::Result<reqwest::Request> {
    ///     http.as_client().post("https://api.example.com/orders").body("tea").build()
    /// }
    /// ```
    #[must_use]
    pub fn as_client(&self) -> &reqwest::Client {
        &self.0
    }
}

/// A `reqwest::Request` with its token, which only a [`ReqwestClient`] sends.
///
/// ```
/// use tower::Service;
/// use tower_bearer_client::{BearerClient, ReqwestRequest};
///
/// /// A service of your own may be between the layer and the client.
/// fn wrapped<S>(client: BearerClient<S>) -> BearerClient<S>
/// where
///     S: Service<ReqwestRequest, Response = reqwest::Response>,
/// {
///     client
/// }
/// ```
#[derive(Debug)]
pub struct ReqwestRequest(reqwest::Request);

impl From<reqwest::Request> for ReqwestRequest {
    fn from(request: reqwest::Request) -> Self {
        Self(request)
    }
}

impl Service<ReqwestRequest> for ReqwestClient {
    type Response = reqwest::Response;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), reqwest::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: ReqwestRequest) -> Self::Future {
        Box::pin(self.0.execute(request.0))
    }
}

impl Service<Request<Full<Bytes>>> for ReqwestClient {
    type Response = Response<reqwest::Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), reqwest::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let http = self.0.clone();
        Box::pin(async move {
            let request = reqwest::Request::try_from(request.map(reqwest::Body::wrap))?;
            http.execute(request).await.map(Response::from)
        })
    }
}

impl HttpRequest for reqwest::Request {
    type Sent = ReqwestRequest;
}

impl sealed::HttpRequest for reqwest::Request {
    fn target(&self) -> Option<(&str, &str, Option<u16>)> {
        let url = self.url();
        Some((url.scheme(), url.host_str()?, url.port()))
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }
}

impl HttpResponse for reqwest::Response {}

impl sealed::HttpResponse for reqwest::Response {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}

/// A stream has no copy.
impl Resend<reqwest::Request> for SendTwice {
    fn copy(&self, request: &reqwest::Request) -> Option<reqwest::Request> {
        request.try_clone()
    }
}
