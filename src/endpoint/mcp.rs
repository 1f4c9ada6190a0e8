//! [`AuthEndpoints::mcp_layer`] protects an MCP server in one call.

use bytes::Bytes;

use super::auth::AuthEndpoints;
use super::metadata::ServerMetadataEndpoint;
use crate::bearer::{BearerAuthLayer, ProtectedResource, PublicDocument};
use crate::error::ConfigError;
use crate::names::IntoScope;
use crate::url::{HttpUrl, is_loopback};

impl AuthEndpoints {
    /// Returns a layer for an MCP server, or another resource that clients discover by themselves.
    /// It requires an access token of these sessions with `scope`, and answers all discovery
    /// requests of such a client.
    ///
    /// No setting is repeated: the resource is the sessions' audience, and the authorization server
    /// is their issuer. Both have to be URLs (RFC 8707, RFC 8414). Each challenge links to the
    /// metadata of the resource (RFC 9728), which links to the metadata of the server (RFC 8414).
    /// The latter links to these endpoints at their [path](Self::with_path), or at `/auth` if no
    /// path is set, and to the public keys, if the tokens are signed with an asymmetric key.
    ///
    /// The layer answers `GET` on the well-known paths itself, without a token, so it has to see
    /// them. In Axum add it with `layer`, not `route_layer`, to the router of the whole
    /// application, which has no fallback of its own, and before the endpoints. Other paths without
    /// a route then need a token too. The discovery paths of OpenID Connect are 404.
    ///
    /// **Most MCP clients cannot log in here by themselves**: there is no page where a browser
    /// logs in (`authorization_endpoint`). Their users give them a token; or an authorization
    /// server issues the tokens, and [`ProtectedResource`] names it.
    ///
    /// **A session of MCP belongs to the login that started it**, and its streams end with that
    /// login: see [`bind_mcp_sessions`](BearerAuthLayer::bind_mcp_sessions). An `Mcp-Session-Id`
    /// from another login is 404.
    ///
    /// ```
    /// # async fn mcp() {}
    /// # use tower_bearer::{ConfigError, Sessions};
    /// # fn example(sessions: Sessions) -> Result<axum::Router, ConfigError> {
    /// use axum::{Router, routing::any};
    ///
    /// let endpoints = sessions.endpoints();
    /// let app = Router::new()
    ///     .route("/mcp", any(mcp))
    ///     .layer(endpoints.mcp_layer("mcp:tools")?)
    ///     .nest_service("/auth", endpoints);
    /// # Ok(app)
    /// # }
    /// ```
    ///
    /// To change more, use [`ProtectedResource`] and [`ServerMetadataEndpoint`] directly.
    ///
    /// # Errors
    ///
    /// The issuer or the audience is not an `https` URL (or `http` on this machine), or has a user,
    /// a query or a fragment.
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[track_caller]
    pub fn mcp_layer(&self, scope: impl IntoScope) -> Result<BearerAuthLayer, ConfigError> {
        let scope = scope.into_scope();
        let sessions = &self.state.sessions;
        let verifier = sessions.verifier();
        let (issuer, audience) = (verifier.issuer().as_str(), verifier.audience().as_str());
        let resource = ProtectedResource::new(audience, issuer)
            .map_err(|error| not_urls(&error))?
            .with_scope(scope.clone());
        let path = match &*self.state.path {
            "" => "/auth",
            path => path,
        };
        let base = issuer.trim_end_matches('/');
        let mut metadata =
            ServerMetadataEndpoint::new(sessions, &format!("{base}{path}"))?.with_scope(scope);
        let mut layer = sessions.mcp_layer().with_protected_resource(&resource);
        let keys = sessions.keys();
        if keys.key_set().is_some_and(|keys| keys.has_public()) {
            let origin = HttpUrl::parse(issuer, is_loopback)?.origin();
            metadata = metadata.with_jwks(&format!("{origin}{JWKS}"))?;
            let public = move || {
                let keys = keys.key_set().unwrap_or_default();
                Bytes::from(keys.to_public_jwk_set())
            };
            layer = layer.with_document(PublicDocument::new([JWKS.to_owned()], public));
        }
        Ok(layer
            .with_document(metadata.document())
            .with_document(elsewhere(audience)?))
    }
}

/// Says which settings the error is about.
fn not_urls(error: &ConfigError) -> ConfigError {
    ConfigError::new(format!(
        "`mcp_layer` needs URLs: as `audience` that of the resource (https://api.example.com/mcp), \
         as `issuer` that of this server (https://api.example.com). {error}"
    ))
}

/// Returns the paths at which clients look too, and get 404.
fn elsewhere(audience: &str) -> Result<PublicDocument, ConfigError> {
    let resource = HttpUrl::parse(audience, is_loopback)?;
    let names = ["openid-configuration", "oauth-authorization-server"];
    let paths = names
        .into_iter()
        .flat_map(|name| resource.well_known_paths(name));
    Ok(PublicDocument::absent(paths))
}

const JWKS: &str = "/.well-known/jwks.json";
