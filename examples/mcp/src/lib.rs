//! An MCP server (`rmcp`, streamable HTTP) whose tools know who calls them.
//!
//! ```sh
//! cargo run -p example-mcp
//! curl -d 'username=alice&password=wonderland-7' localhost:3004/auth/login
//! curl -i -X POST localhost:3004/mcp     # where a client finds out whom to ask for a token
//! ```
//!
//! A client without a token is told where the metadata is (RFC 9728), and there which server issues
//! tokens (RFC 8414). That is this very server, and it has no page where a browser could log in, as
//! a client is told that tries: the user gives the client a token from the login above, as a
//! header. For clients that log in by themselves let an authorization server issue the tokens, and
//! name it in the variable `ISSUER`.

mod issuer;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Uri;
use http::request::Parts;
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use tokio::net::TcpListener;
use tower_bearer::{
    AccessTokenClaims, Authenticate, Authorization, AuthorizeRequest, ConfigError, Grant, Identity,
    Login, MemoryStore, Outcome, PasswordCredentials, Secret, Sessions,
};

pub use issuer::app_of_issuer;

/// The scope that a token must have.
const SCOPE: &str = "mcp:tools";

struct Tools;

#[tool_router(server_handler)]
impl Tools {
    /// Says who called.
    #[tool(annotations(read_only_hint = true))]
    async fn whoami(&self, context: RequestContext<RoleServer>) -> Result<String, ErrorData> {
        // `rmcp` hands the head of each HTTP request on, and with it what the layer left there.
        let claims = context
            .extensions
            .get::<Parts>()
            .and_then(|parts| AccessTokenClaims::from_extensions(&parts.extensions));
        let claims =
            claims.ok_or_else(|| ErrorData::internal_error("the layer is missing", None))?;
        Ok(claims.subject().to_string())
    }
}

/// Everything under `origin`: the address as clients write it, without a slash at the end.
///
/// # Errors
///
/// `origin` is not a URL.
pub fn app(origin: &str, secret: &Secret) -> Result<Router, ConfigError> {
    // A token is for this resource and no other (RFC 8707): one for the neighbour's server is
    // refused here.
    let address = format!("{origin}/mcp");
    let sessions = Sessions::builder(Accounts, MemoryStore::new())
        .issuer(origin)
        .audience(&address)
        .secret(secret.clone())
        // Guesses at passwords are counted by it.
        .client_address(|parts| Some(parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()))
        .build()?;

    // The layer binds each session of MCP to the login that started it, and ends its streams with
    // the login.
    let mcp = StreamableHttpService::new(
        || Ok(Tools),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default().with_allowed_hosts([host_of(origin)]),
    );

    // The scope is required; every challenge says it, and leads to the metadata.
    let endpoints = sessions.endpoints();
    Ok(Router::new()
        .route_service("/mcp", mcp)
        .layer(endpoints.mcp_layer(SCOPE)?)
        .nest_service("/auth", endpoints))
}

/// Returns the host that clients send. `rmcp` refuses all others, with 403.
fn host_of(origin: &str) -> String {
    let host = origin
        .parse()
        .ok()
        .and_then(|uri: Uri| uri.host().map(str::to_owned));
    host.unwrap_or_default()
}

/// Serves an app, and tells it who is at the other end of each connection.
///
/// # Errors
///
/// Those of the listener.
pub async fn serve(listener: TcpListener, app: Router) -> std::io::Result<()> {
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await
}

struct Accounts;

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = Infallible;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, Infallible> {
        if login.username() == "alice" && login.password() == "wonderland-7" {
            Ok(Identity::new("alice").into())
        } else {
            Ok(Outcome::invalid_credentials())
        }
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().with_scope(SCOPE).into())
    }
}
