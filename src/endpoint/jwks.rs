//! [`JwksEndpoint`].

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use tower_service::Service;

use super::body::EndpointBody;
use super::response::Refused;
use crate::token::KeySet;

/// `GET /.well-known/jwks.json`: the public keys of our access tokens (RFC 7517 section 5), for those who check them.
///
/// HMAC keys are never in it: with HS256 the list is empty. The answer may be kept for five minutes.
///
/// ```
/// # fn example<A: tower_bearer::Authenticate>(sessions: tower_bearer::Sessions<A>) -> axum::Router {
/// use tower_bearer::JwksEndpoint;
///
/// axum::Router::new().route_service("/.well-known/jwks.json", JwksEndpoint::new(&sessions.key_set()))
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct JwksEndpoint {
    jwks: Bytes,
}

impl JwksEndpoint {
    /// Publishes the public keys of `keys`.
    #[must_use]
    pub fn new(keys: &KeySet) -> Self {
        Self { jwks: keys.to_public_jwk_set().into() }
    }
}

impl<B> Service<Request<B>> for JwksEndpoint {
    type Response = Response<EndpointBody>;
    type Error = Infallible;
    type Future = Ready<Result<Response<EndpointBody>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let response = if request.method() == Method::GET {
            let mut response = Response::new(self.jwks.clone());
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
            response
        } else {
            Refused::Method { allow: "GET" }.into_response()
        };
        ready(Ok(response.map(EndpointBody::from)))
    }
}
