//! [`AuthEndpoints`].

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use super::delivery::Flow;
use super::login::LoginEndpoint;
use super::logout::{LogoutEndpoint, LogoutEverywhereEndpoint};
use super::refresh::RefreshEndpoint;
use super::response::Refused;
use super::service::serve;
use super::sessions::SessionsEndpoint;
use super::token::TokenEndpoint;
use crate::error::BoxError;
use crate::session::{Authenticate, Sessions};

/// All endpoints of the login flow, to be mounted under one path. See the [module docs](crate::endpoint).
///
/// It is a service: in Axum `nest_service` takes it, `nest` does not. A single endpoint goes into `route_service`, not into `post(…)`.
///
/// ```
/// # fn example<A: tower_bearer::Authenticate>(sessions: tower_bearer::Sessions<A>) -> axum::Router {
/// use axum::Router;
/// use tower_bearer::AuthEndpoints;
///
/// Router::new().nest_service("/auth", AuthEndpoints::new(sessions))
/// # }
/// ```
pub struct AuthEndpoints<A> {
    pub(super) flow: Flow<A>,
    pub(super) path: String,
}

impl<A: Authenticate> AuthEndpoints<A> {
    /// The endpoints of these sessions.
    #[must_use]
    pub fn new(sessions: Sessions<A>) -> Self {
        Self { flow: Flow::new(sessions), path: String::new() }
    }

    /// Where the endpoints are mounted, as in `/auth`.
    ///
    /// Axum's `nest_service` takes the prefix off before this service sees it. Where nobody does, it is taken off here; a path without the
    /// prefix is taken as it is. The document of `openapi` (feature `utoipa`) begins its addresses with it.
    #[must_use]
    pub fn with_path(mut self, path: &str) -> Self {
        self.path = path.trim_end_matches('/').to_owned();
        self
    }

    async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let flow = self.flow.clone();
        match self.without_prefix(request.uri().path()) {
            "/login" => LoginEndpoint { flow }.handle(request).await,
            "/refresh" => RefreshEndpoint { flow }.handle(request).await,
            "/token" => TokenEndpoint { flow }.handle(request).await,
            "/logout" => LogoutEndpoint { flow }.handle(request).await,
            "/logout-everywhere" => LogoutEverywhereEndpoint { flow }.handle(request).await,
            path => match path.strip_prefix("/sessions") {
                Some("") => SessionsEndpoint { flow }.handle(request).await,
                Some(id) if id.starts_with('/') && !id[1..].contains('/') => SessionsEndpoint { flow }.handle(request).await,
                _ => Err(Refused::NotFound),
            },
        }
    }

    fn without_prefix<'a>(&self, path: &'a str) -> &'a str {
        match path.strip_prefix(&self.path) {
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

impl<A> Clone for AuthEndpoints<A> {
    fn clone(&self) -> Self {
        Self { flow: self.flow.clone(), path: self.path.clone() }
    }
}

impl<A> std::fmt::Debug for AuthEndpoints<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthEndpoints").field("flow", &self.flow).field("path", &self.path).finish()
    }
}

serve!(AuthEndpoints);
