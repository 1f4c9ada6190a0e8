//! `reqwest::Client` behind the layer, and [`ReqwestClient`] for the endpoints.

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

/// The HTTP client of a [`Login`](crate::Login), from `reqwest`. It follows no redirects: a
/// redirected POST would take the refresh token or the password along.
///
/// The client behind the layer is a `reqwest::Client` as it is:
///
/// ```
/// use tower::{Layer, Service};
/// use tower_bearer_client::{Login, ReqwestClient, Server};
///
/// # async fn example() -> Result<(), tower_bearer_client::BoxError> {
/// let http = ReqwestClient::build(reqwest::Client::builder())?;
/// let login = Login::new(Server::new("http://127.0.0.1:3000", "/auth")?, http);
/// login.log_in("alice", "wonderland-7").await?;
///
/// let http = reqwest::Client::new();
/// let mut client = login.layer().layer(http.clone());
/// let response = client.call(http.get("http://127.0.0.1:3000/me").build()?).await?;
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

impl HttpRequest for reqwest::Request {}

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

    fn url(&self) -> Option<String> {
        Some(self.url().as_str().to_owned())
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

    fn url(&self) -> Option<&str> {
        Some(self.url().as_str())
    }

    fn target(&self) -> Option<(&str, &str, Option<u16>)> {
        let url = self.url();
        Some((url.scheme(), url.host_str()?, url.port()))
    }
}

/// A stream has no copy.
impl Resend<reqwest::Request> for SendTwice {
    fn copy(&self, request: &reqwest::Request) -> Option<reqwest::Request> {
        request.try_clone()
    }
}
