//! [`AuthEndpoints`] is the login flow as HTTP, mounted under one path or one endpoint at a time.
//!
//! | path | service |
//! |---|---|
//! | `POST /auth/login` | [`LoginEndpoint`] |
//! | `POST /auth/refresh` | [`RefreshEndpoint`] |
//! | `POST /auth/token` | [`TokenEndpoint`]: both, told apart by `grant_type` |
//! | `POST /auth/reauthenticate` | [`ReauthenticateEndpoint`]: the password again, for sensitive routes |
//! | `POST /auth/logout` | [`LogoutEndpoint`] |
//! | `POST /auth/logout-everywhere` | [`LogoutEverywhereEndpoint`] |
//! | `GET /auth/sessions`, `DELETE /auth/sessions/{id}` | [`SessionsEndpoint`] |
//! | `GET /.well-known/jwks.json` | [`JwksEndpoint`], by itself |
//! | `GET /.well-known/oauth-authorization-server` | [`ServerMetadataEndpoint`], by itself |
//! | `GET /.well-known/oauth-protected-resource` | [`ResourceMetadataEndpoint`], by itself |
//! | `POST`, where the application puts it | [`TicketEndpoint`], by itself, behind the layer |
//!
//! **Requests.** The body is a form (`application/x-www-form-urlencoded`) or a JSON object, of at
//! most 8 KiB. Another media type is 415, and a larger body is 413. A repeated parameter is 400, an
//! empty one counts as absent, an unknown one is ignored. One of these parameters in the query
//! string is 400, another method is 405. A body that is not there needs no media type, and a
//! compressed one is 415.
//!
//! **Responses.** They are JSON, with `Cache-Control: no-store`. Errors have the codes of RFC 6749
//! section 5.2. Responses never repeat what the client sent.
//!
//! **Clients.** This is the login of the application's own clients: there are no client ids, and no
//! registry of clients. Third parties must not use the password grant (RFC 9700 section 2.4): they
//! need an authorization server.
//!
//! **Guesses** at passwords are bounded: see [`LoginThrottle`](crate::throttle::LoginThrottle). A
//! login handler of the application's own asks [`Sessions::attempt`](crate::Sessions::attempt).
//!
//! **Caveat.** Slow bodies have to be limited by the server: see
//! `tower_http::timeout::RequestBodyTimeoutLayer`.

mod auth;
mod body;
#[cfg(feature = "cookie")]
mod cookie;
pub mod cors;
mod cross_site;
mod delivery;
mod error;
mod jwks;
mod login;
mod logout;
mod mcp;
mod mcp_metadata;
mod metadata;
mod no_login_page;
#[cfg(feature = "utoipa")]
mod openapi;
mod own_login;
mod reauthenticate;
mod refresh;
mod request;
mod response;
mod route;
mod service;
mod session_error;
mod sessions;
mod signed_in;
mod single;
mod state;
mod ticket;
mod token;

pub use auth::AuthEndpoints;
pub use body::EndpointBody;
#[cfg(feature = "cookie")]
pub use cookie::{CookieDelivery, Renewal, RenewalFuture, RenewalLayer};
pub use error::{EndpointError, EndpointErrorKind};
pub use jwks::JwksEndpoint;
pub use mcp_metadata::McpMetadataEndpoint;
pub use metadata::{ResourceMetadataEndpoint, ServerMetadataEndpoint};
pub use service::EndpointFuture;
pub use single::{
    LoginEndpoint, LogoutEndpoint, LogoutEverywhereEndpoint, ReauthenticateEndpoint,
    RefreshEndpoint, SessionsEndpoint, TokenEndpoint,
};
pub use ticket::TicketEndpoint;
