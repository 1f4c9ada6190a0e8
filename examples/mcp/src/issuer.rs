//! The same MCP server for the tokens of an authorization server, which has a page to log in.

use std::sync::Arc;

use axum::Router;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tower_bearer::bearer::ProtectedResource;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, BoxError, RemoteJwks};

use super::{SCOPE, Tools, host_of};

/// Everything under `origin`: the address as clients write it, without a slash at the end.
///
/// # Errors
///
/// `origin` or `issuer` is not a URL.
pub fn app_of_issuer(origin: &str, issuer: &str) -> Result<Router, BoxError> {
    let address = format!("{origin}/mcp");
    let verifier = AccessTokenVerifier::builder(RemoteJwks::discover(issuer)?)
        .issuer(issuer)
        .audience(&address)
        .build()?;
    // The challenge leads here, and this to the issuer.
    let resource = ProtectedResource::new(&address, issuer)?.with_scope(SCOPE);
    let layer = BearerAuthLayer::new(verifier).with_protected_resource(&resource);

    // Each request has a token of its own, and there are no sessions of MCP to bind to a user.
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts([host_of(origin)])
        .with_legacy_session_mode(false)
        .with_json_response(true);
    let mcp = StreamableHttpService::new(
        || Ok(Tools),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    Ok(Router::new().route_service("/mcp", mcp).layer(layer))
}
