//! [`HttpRequest`] and [`HttpResponse`]: what the layer sees of an HTTP client's types.

use http::{HeaderMap, Request, Response, StatusCode};

use crate::origin::HttpOrigin;

/// A request that can have an access token: `http::Request`, and `reqwest::Request` with the
/// feature `reqwest`. It cannot be implemented elsewhere.
///
/// ```
/// fn takes(_: impl tower_bearer_client::HttpRequest) {}
/// takes(http::Request::new("a body"));
/// ```
pub trait HttpRequest: sealed::HttpRequest + Sized {
    /// The request as the HTTP client behind the layer gets it: `http::Request` itself, and
    /// `ReqwestRequest`, which only a `ReqwestClient` sends.
    type Sent: From<Self>;
}

/// A response that can refuse an access token: `http::Response`, and `reqwest::Response` with the
/// feature `reqwest`. It cannot be implemented elsewhere.
///
/// ```
/// fn takes(_: impl tower_bearer_client::HttpResponse) {}
/// takes(http::Response::new("a body"));
/// ```
pub trait HttpResponse: sealed::HttpResponse {}

impl<B> HttpRequest for Request<B> {
    type Sent = Self;
}

impl<B> sealed::HttpRequest for Request<B> {
    fn target(&self) -> Option<(&str, &str, Option<u16>)> {
        let uri = self.uri();
        Some((uri.scheme_str()?, uri.host()?, uri.port_u16()))
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }
}

impl<B> HttpResponse for Response<B> {}

impl<B> sealed::HttpResponse for Response<B> {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}

/// Where a request goes. `None`: a path alone, or neither `http` nor `https`.
pub(super) fn origin(target: Option<(&str, &str, Option<u16>)>) -> Option<HttpOrigin> {
    let (scheme, host, port) = target?;
    HttpOrigin::new(scheme, host, port)
}

/// The HTTP client decides which types there are.
#[allow(unnameable_types)]
pub(crate) mod sealed {
    use http::{HeaderMap, StatusCode};

    pub trait HttpRequest {
        /// Scheme, host and port of where it goes.
        fn target(&self) -> Option<(&str, &str, Option<u16>)>;
        fn headers(&self) -> &HeaderMap;
        fn headers_mut(&mut self) -> &mut HeaderMap;
    }

    pub trait HttpResponse {
        fn status(&self) -> StatusCode;
        fn headers(&self) -> &HeaderMap;
    }
}
