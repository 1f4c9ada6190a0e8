//! [`AuthEndpoints::mcp_layer`] protects an MCP server in one call.

use bytes::Bytes;

use super::auth::AuthEndpoints;
use super::mcp_metadata::McpMetadataEndpoint;
use super::metadata::ServerMetadataEndpoint;
use super::no_login_page::{NO_LOGIN_PAGE, no_login_page};
use crate::bearer::{BearerAuthLayer, ProtectedResource, PublicDocument};
use crate::error::ConfigError;
use crate::names::{IntoScope, Scope};
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
    /// a route then need a token too. The discovery paths of OpenID Connect are 404. Where the
    /// layer does not see these paths, mount [`mcp_metadata`](Self::mcp_metadata).
    ///
    /// Pages of every origin may read the metadata. For the MCP server itself add a CORS layer: see
    /// [`mcp_request_headers`](crate::endpoint::cors::mcp_request_headers).
    ///
    /// **MCP clients cannot log in here by themselves**: there is no page where a browser logs in.
    /// Their users give them a token; or an authorization server issues the tokens, and
    /// [`ProtectedResource`] names it. A client that tries is told so: the metadata names
    /// `/.well-known/no-login-page` as `authorization_endpoint` and `registration_endpoint`, which
    /// refuses every request with a sentence that clients show, and the log has a hint.
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
        let layer = self.state.sessions.mcp_layer();
        let layer = layer.with_protected_resource(&self.mcp_resource(&scope)?);
        let documents = self.mcp_documents(scope)?.into_iter();
        Ok(documents.fold(layer, BearerAuthLayer::with_document))
    }

    /// Returns everything that [`mcp_layer`](Self::mcp_layer) answers without a token, as an
    /// endpoint: see [`McpMetadataEndpoint`].
    ///
    /// # Errors
    ///
    /// As for [`mcp_layer`](Self::mcp_layer).
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[track_caller]
    pub fn mcp_metadata(&self, scope: impl IntoScope) -> Result<McpMetadataEndpoint, ConfigError> {
        let scope = scope.into_scope();
        let mut documents = vec![self.mcp_resource(&scope)?.document()];
        documents.extend(self.mcp_documents(scope)?);
        Ok(McpMetadataEndpoint::new(documents))
    }

    fn mcp_resource(&self, scope: &Scope) -> Result<ProtectedResource, ConfigError> {
        let verifier = self.state.sessions.verifier();
        ProtectedResource::new(verifier.audience().as_str(), verifier.issuer().as_str())
            .map(|resource| resource.with_scope(scope.clone()))
            .map_err(|error| not_urls(&error))
    }

    /// Returns everything that clients look for besides the metadata of the resource.
    fn mcp_documents(&self, scope: Scope) -> Result<Vec<PublicDocument>, ConfigError> {
        let sessions = &self.state.sessions;
        let verifier = sessions.verifier();
        let issuer = verifier.issuer().as_str();
        let path = match &*self.state.path {
            "" => "/auth",
            path => path,
        };
        let base = issuer.trim_end_matches('/');
        let origin = HttpUrl::parse(issuer, is_loopback)?.origin();
        let mut metadata = ServerMetadataEndpoint::new(sessions, &format!("{base}{path}"))?
            .with_scope(scope)
            .with_no_login_page(&format!("{origin}{NO_LOGIN_PAGE}"))?;
        let mut documents = vec![no_login_page(), elsewhere(verifier.audience().as_str())?];
        let keys = sessions.keys();
        if keys.key_set().is_some_and(|keys| keys.has_public()) {
            metadata = metadata.with_jwks(&format!("{origin}{JWKS}"))?;
            let public = move || {
                let keys = keys.key_set().unwrap_or_default();
                Bytes::from(keys.to_public_jwk_set())
            };
            documents.push(PublicDocument::new([JWKS.to_owned()], public));
        }
        // Before the paths that are 404.
        documents.insert(0, metadata.document());
        Ok(documents)
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
