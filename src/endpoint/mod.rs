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
//! **What comes in.** A form (`application/x-www-form-urlencoded`) or a JSON object, of at most 8
//! KiB, in the body. The media type decides: any other is 415. A repeated parameter is 400, an
//! empty one counts as absent, an unknown one is ignored. Parameters in the query are 400, another
//! method is 405.
//!
//! **What goes out.** JSON, with `Cache-Control: no-store`. Errors have the codes of RFC 6749
//! section 5.2. Nothing repeats what was sent.
//!
//! This is the login of one's own clients: there are no client ids, and no registry of clients. RFC
//! 9700 section 2.4 forbids the password grant to third parties; give them an authorization server.
//!
//! **Caveats.** There is no limit on how often somebody may try a password; put one in front. Slow
//! bodies are the server's to limit: see `tower_http::timeout::RequestBodyTimeoutLayer`.

mod auth;
mod body;
#[cfg(feature = "cookie")]
mod cookie;
mod delivery;
mod error;
mod jwks;
mod login;
mod logout;
mod mcp;
mod metadata;
#[cfg(feature = "utoipa")]
mod openapi;
mod own_login;
mod refresh;
mod request;
mod response;
mod route;
mod service;
mod sessions;
mod signed_in;
mod single;
mod state;
mod ticket;
mod token;

pub use auth::AuthEndpoints;
pub use body::EndpointBody;
#[cfg(feature = "cookie")]
pub use cookie::CookieDelivery;
pub use error::{EndpointError, EndpointErrorKind};
pub use jwks::JwksEndpoint;
pub use metadata::{ResourceMetadataEndpoint, ServerMetadataEndpoint};
pub use service::EndpointFuture;
pub use single::{
    LoginEndpoint, LogoutEndpoint, LogoutEverywhereEndpoint, RefreshEndpoint, SessionsEndpoint,
    TokenEndpoint,
};
pub use ticket::TicketEndpoint;
