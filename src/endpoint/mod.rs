//! The login flow as HTTP: [`AuthEndpoints`] under one path, or one by one.
//!
//! | path | service |
//! |---|---|
//! | `POST /auth/login` | [`LoginEndpoint`] |
//! | `POST /auth/refresh` | [`RefreshEndpoint`] |
//! | `POST /auth/token` | [`TokenEndpoint`]: both, told apart by `grant_type` |
//! | `POST /auth/logout` | [`LogoutEndpoint`] |
//! | `POST /auth/logout-everywhere` | [`LogoutEverywhereEndpoint`] |
//! | `GET /auth/sessions`, `DELETE /auth/sessions/{id}` | [`SessionsEndpoint`] |
//! | `GET /.well-known/jwks.json` | [`JwksEndpoint`], by itself |
//! | `GET /.well-known/oauth-authorization-server` | [`ServerMetadataEndpoint`], by itself |
//! | `GET /.well-known/oauth-protected-resource` | [`ResourceMetadataEndpoint`], by itself |
//! | `POST`, where the application puts it | [`TicketEndpoint`], by itself, behind the layer |
//!
//! **What comes in.** A form (`application/x-www-form-urlencoded`) or a JSON object, of at most 8 KiB, in the body. The media type decides:
//! any other is 415. A parameter that stands twice is 400, an empty one counts as absent, an unknown one is ignored. Parameters in the query
//! are 400, another method is 405.
//!
//! **What goes out.** JSON, with `Cache-Control: no-store`. Errors have the codes of RFC 6749 section 5.2. Nothing repeats what was sent.
//!
//! This is the login of one's own clients: there are no client ids, and no registry of clients. RFC 9700 section 2.4 forbids the password grant
//! to third parties; give them an authorization server.
//!
//! **Caveats.** There is no limit on how often somebody may try a password; put one in front. Slow bodies are the server's to limit: see
//! `tower_http::timeout::RequestBodyTimeoutLayer`.

mod body;
#[cfg(feature = "cookie")]
mod cookie;
mod delivery;
mod jwks;
mod login;
mod logout;
mod metadata;
#[cfg(feature = "utoipa")]
mod openapi;
mod refresh;
mod request;
mod response;
mod service;
mod sessions;
mod signed_in;
mod ticket;
mod token;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

pub use body::EndpointBody;
#[cfg(feature = "cookie")]
pub use cookie::CookieDelivery;
pub use jwks::JwksEndpoint;
pub use login::LoginEndpoint;
pub use logout::{LogoutEndpoint, LogoutEverywhereEndpoint};
pub use metadata::{ResourceMetadataEndpoint, ServerMetadataEndpoint};
pub use refresh::RefreshEndpoint;
pub use service::EndpointFuture;
pub use sessions::SessionsEndpoint;
pub use ticket::TicketEndpoint;
pub use token::TokenEndpoint;

use self::delivery::Flow;
use self::response::Refused;
use crate::error::BoxError;
use crate::session::{Authenticate, Sessions};

/// All endpoints of the login flow, to be mounted under one path. See the [module docs](self).
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
    flow: Flow<A>,
    path: String,
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

service::serve!(AuthEndpoints);
