//! [`ServerMetadataEndpoint`] and [`ResourceMetadataEndpoint`] tell clients what they may know
//! before they have a token.

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::error::EndpointError;
use super::request::reads_only;
use super::service::serve_at_once;
use crate::bearer::{ProtectedResource, PublicDocument, public_json};
use crate::error::ConfigError;
use crate::names::{IntoScope, Scope};
use crate::session::Sessions;
use crate::url::{HttpUrl, is_loopback};

/// `GET /.well-known/oauth-authorization-server`: where the endpoints are (RFC 8414), for clients
/// that look for them.
///
/// The issuer is the one of the tokens. All URLs come from these settings, never from a request.
/// They are `https`, or `http` on this machine.
///
/// There is no `authorization_endpoint`, and no response type: this is the login of the
/// application's own clients, not a page that third parties send users to. Clients that need such a
/// page, as most MCP clients do, need an authorization server. This crate then verifies its tokens.
///
/// ```
/// # use tower_bearer::{ConfigError, Sessions};
/// # fn example(sessions: Sessions) -> Result<axum::Router, ConfigError> {
/// use tower_bearer::endpoint::ServerMetadataEndpoint;
///
/// let metadata = ServerMetadataEndpoint::new(&sessions, "https://api.example.com/auth")?;
/// let mut router = axum::Router::new().nest_service("/auth", sessions.endpoints());
/// for path in metadata.paths() {
///     router = router.route_service(&path, metadata.clone());
/// }
/// # Ok(router)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ServerMetadataEndpoint {
    issuer: HttpUrl,
    endpoints: HttpUrl,
    jwks: Option<HttpUrl>,
    documentation: Option<HttpUrl>,
    /// Where clients are told that there is no login page.
    no_login_page: Option<HttpUrl>,
    scope: Scope,
    grant_types: &'static [&'static str],
    /// The document, as it is sent.
    document: Bytes,
}

impl ServerMetadataEndpoint {
    /// Publishes the endpoints of these sessions, which are at `{endpoints}/token` and so on: mount
    /// [`AuthEndpoints`](crate::AuthEndpoints) at the URL `endpoints`.
    ///
    /// # Errors
    ///
    /// The issuer or `endpoints` is not an `https` URL (or `http` on this machine), or has a user,
    /// a query or a fragment (RFC 8414 section 2).
    pub fn new(sessions: &Sessions, endpoints: &str) -> Result<Self, ConfigError> {
        let metadata = Self {
            issuer: HttpUrl::parse(sessions.verifier().issuer().as_str(), is_loopback)?,
            endpoints: HttpUrl::parse(endpoints, is_loopback)?,
            jwks: None,
            documentation: None,
            no_login_page: None,
            scope: Scope::default(),
            grant_types: if sessions.has_login() {
                &["password", "refresh_token"]
            } else {
                &["refresh_token"]
            },
            document: Bytes::new(),
        };
        Ok(metadata.written())
    }

    /// Sets the URL of [`JwksEndpoint`](crate::endpoint::JwksEndpoint): `jwks_uri`. Do not set it
    /// for HS256, which has no public key.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_jwks(mut self, url: &str) -> Result<Self, ConfigError> {
        self.jwks = Some(HttpUrl::parse(url, is_loopback)?);
        Ok(self.written())
    }

    /// Names this URL where clients look for a login page: see `no_login_page.rs`.
    pub(super) fn with_no_login_page(mut self, url: &str) -> Result<Self, ConfigError> {
        self.no_login_page = Some(HttpUrl::parse(url, is_loopback)?);
        Ok(self.written())
    }

    /// Adds to the scope that may be granted: `scopes_supported`.
    ///
    /// # Panics
    ///
    /// If `scope` is not a scope: see [`Scope::from_static`].
    #[must_use]
    #[track_caller]
    pub fn with_scope(mut self, scope: impl IntoScope) -> Self {
        self.scope = self.scope.union(&scope.into_scope());
        self.written()
    }

    /// Sets the URL at which developers read more: `service_documentation`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_documentation(mut self, url: &str) -> Result<Self, ConfigError> {
        self.documentation = Some(HttpUrl::parse(url, is_loopback)?);
        Ok(self.written())
    }

    /// Returns the paths to mount it at: the well-known path with the issuer's path behind it (RFC
    /// 8414 section 3.1), and the well-known path alone, where some clients look too. They are one
    /// path if the issuer has no path.
    pub fn paths(&self) -> impl Iterator<Item = String> + use<> {
        self.issuer
            .without_slash()
            .well_known_paths("oauth-authorization-server")
    }

    /// Returns what a layer answers on the [paths](Self::paths).
    pub(super) fn document(&self) -> PublicDocument {
        let document = self.document.clone();
        PublicDocument::new(self.paths(), move || document.clone())
    }

    fn answer(&self, parts: &Parts) -> Result<Response<Bytes>, EndpointError> {
        public_json(&parts.method, || Ok(self.document.clone())).ok_or_else(reads_only)?
    }

    fn written(mut self) -> Self {
        let endpoint = |name: &str| {
            Value::from(format!(
                "{}/{name}",
                self.endpoints.as_str().trim_end_matches('/')
            ))
        };
        let mut document = Map::new();
        let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
        set("issuer", self.issuer.as_str().into());
        set("token_endpoint", endpoint("token"));
        set("token_endpoint_auth_methods_supported", json!(["none"]));
        set("grant_types_supported", json!(self.grant_types));
        match &self.no_login_page {
            Some(page) => {
                set("authorization_endpoint", page.as_str().into());
                set("registration_endpoint", page.as_str().into());
                set("response_types_supported", json!(["code"]));
                set("code_challenge_methods_supported", json!(["S256"]));
            }
            // It is required (section 2), and empty. Section 3.2 would leave an empty list out.
            None => drop(set("response_types_supported", json!([]))),
        }
        set("revocation_endpoint", endpoint("logout"));
        set(
            "revocation_endpoint_auth_methods_supported",
            json!(["none"]),
        );
        // What `authorization_expires_in` and `refresh_token_timeout` tell.
        set(
            "refresh_token_expiration_types_supported",
            json!(["authorization", "credential"]),
        );
        if let Some(jwks) = &self.jwks {
            set("jwks_uri", jwks.as_str().into());
        }
        if let Some(documentation) = &self.documentation {
            set("service_documentation", documentation.as_str().into());
        }
        if !self.scope.is_empty() {
            set(
                "scopes_supported",
                json!(self.scope.iter().collect::<Vec<_>>()),
            );
        }
        self.document = Value::Object(document).to_string().into();
        self
    }
}

serve_at_once!(ServerMetadataEndpoint);

/// `GET /.well-known/oauth-protected-resource`: what clients may know of a [`ProtectedResource`]
/// (RFC 9728).
///
/// Use it only where the layer is behind a router and does not see [these
/// paths](ProtectedResource::paths). Otherwise the layer answers them itself.
#[derive(Clone, Debug)]
pub struct ResourceMetadataEndpoint {
    resource: ProtectedResource,
}

impl ResourceMetadataEndpoint {
    /// Publishes the metadata of this resource.
    #[must_use]
    pub fn new(resource: &ProtectedResource) -> Self {
        Self {
            resource: resource.clone(),
        }
    }

    fn answer(&self, parts: &Parts) -> Result<Response<Bytes>, EndpointError> {
        public_json(&parts.method, || Ok(self.resource.to_json())).ok_or_else(reads_only)?
    }
}

serve_at_once!(ResourceMetadataEndpoint);
