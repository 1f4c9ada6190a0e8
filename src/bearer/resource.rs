//! [`ProtectedResource`] is what clients may know about a service before they have a token (RFC
//! 9728).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::document::PublicDocument;
use crate::error::ConfigError;
use crate::names::{IntoScope, Scope};
use crate::url::{HttpUrl, is_loopback};

/// What a client may know about a service before it has a token (RFC 9728): its name, who issues
/// tokens for it, and the scope it needs.
///
/// Pass it to [`with_protected_resource`](crate::BearerAuthLayer::with_protected_resource). Then
/// each challenge links to the metadata with `resource_metadata` and names the scope, the scope is
/// required, and the layer answers `GET` on the [paths](Self::paths) of the metadata. A layer
/// behind a router does not see those paths; mount
/// [`ResourceMetadataEndpoint`](crate::endpoint::ResourceMetadataEndpoint) there.
///
/// All URLs come from these settings, never from a request. They are `https`, or `http` on this
/// machine.
///
/// The verifier checks the audience of the tokens, which should be the URL of the resource (RFC
/// 8707).
///
/// ```
/// use tower_bearer::bearer::ProtectedResource;
///
/// let resource = ProtectedResource::new("https://api.example.com/mcp", "https://id.example.com")?
///     .with_scope("mcp:tools");
/// assert_eq!(
///     resource.metadata_url(),
///     "https://api.example.com/.well-known/oauth-protected-resource/mcp"
/// );
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ProtectedResource {
    url: HttpUrl,
    issuers: Vec<HttpUrl>,
    needed: Scope,
    supported: Scope,
    name: Option<Arc<str>>,
    documentation: Option<HttpUrl>,
    /// The hosts to which its URLs may be plain `http`.
    may_be_plain: fn(&str) -> bool,
    /// The document as it is sent.
    document: Bytes,
}

impl ProtectedResource {
    /// Names the URL of the resource, and the issuer of the tokens that it accepts.
    ///
    /// # Errors
    ///
    /// One of them is not an `https` URL (or `http` on this machine), or has a user, a query or a
    /// fragment.
    pub fn new(resource: &str, issuer: &str) -> Result<Self, ConfigError> {
        Self::with_urls(resource, issuer, is_loopback)
    }

    /// Like [`new`](Self::new), where each URL may be plain `http` to any machine, as that of
    /// `http://keycloak:8080` within Docker. An attacker on the network path can name an
    /// authorization server of their own, to which clients then log in.
    ///
    /// # Errors
    ///
    /// One of them is not a URL, or has a user, a query or a fragment.
    pub fn dangerous_over_http(resource: &str, issuer: &str) -> Result<Self, ConfigError> {
        Self::with_urls(resource, issuer, |_| true)
    }

    fn with_urls(
        resource: &str,
        issuer: &str,
        may_be_plain: fn(&str) -> bool,
    ) -> Result<Self, ConfigError> {
        let resource = Self {
            url: parse(resource, may_be_plain)?,
            issuers: vec![parse(issuer, may_be_plain)?],
            may_be_plain,
            needed: Scope::default(),
            supported: Scope::default(),
            name: None,
            documentation: None,
            document: Bytes::new(),
        };
        Ok(resource.written())
    }

    /// Adds another issuer whose tokens are accepted.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_issuer(mut self, issuer: &str) -> Result<Self, ConfigError> {
        self.issuers.push(parse(issuer, self.may_be_plain)?);
        Ok(self.written())
    }

    /// Adds to the scope that every request needs: the layer requires it, the challenge names it,
    /// and it is among `scopes_supported`.
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[track_caller]
    pub fn with_scope(mut self, scope: impl IntoScope) -> Self {
        self.needed = self.needed.union(&scope.into_scope());
        self.written()
    }

    /// Adds a scope that some requests need, and that clients may ask for: it is among
    /// `scopes_supported`, but the layer does not require it.
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[track_caller]
    pub fn with_supported_scope(mut self, scope: impl IntoScope) -> Self {
        self.supported = self.supported.union(&scope.into_scope());
        self.written()
    }

    /// Sets a name for people: `resource_name`.
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self.written()
    }

    /// Sets the URL at which developers read more: `resource_documentation`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_documentation(mut self, url: &str) -> Result<Self, ConfigError> {
        self.documentation = Some(parse(url, self.may_be_plain)?);
        Ok(self.written())
    }

    /// Returns the URL of the metadata: the well-known path is between host and path (RFC 9728
    /// section 3.1).
    #[must_use]
    pub fn metadata_url(&self) -> String {
        self.url.well_known(WELL_KNOWN)
    }

    /// Returns the path of the metadata: that of [`metadata_url`](Self::metadata_url).
    #[must_use]
    pub fn path(&self) -> String {
        self.url.well_known_path(WELL_KNOWN)
    }

    /// Returns the paths of the metadata: with the path of the resource behind the well-known path,
    /// and without it, where some clients look too. They are one path if the resource has no path.
    ///
    /// Of several resources of one host, one can be at the path without: a router panics at the
    /// second. Mount the others at their [`path`](Self::path).
    pub fn paths(&self) -> impl Iterator<Item = String> + use<> {
        self.url.well_known_paths(WELL_KNOWN)
    }

    pub(super) fn needed(&self) -> &Scope {
        &self.needed
    }

    /// Returns what a layer answers on the [paths](Self::paths) (RFC 9728 section 3.2).
    pub(crate) fn document(&self) -> PublicDocument {
        let document = self.document.clone();
        PublicDocument::new(self.paths(), move || document.clone())
    }

    /// Returns the document, for an endpoint.
    pub(crate) fn to_json(&self) -> Bytes {
        self.document.clone()
    }

    /// Writes the document (RFC 9728 section 2).
    fn written(mut self) -> Self {
        let issuers: Vec<&str> = self.issuers.iter().map(HttpUrl::as_str).collect();
        let scopes = self.needed.union(&self.supported);
        let mut document = Map::new();
        document.insert("resource".to_owned(), self.url.as_str().into());
        document.insert("authorization_servers".to_owned(), json!(issuers));
        document.insert("bearer_methods_supported".to_owned(), json!(["header"]));
        if !scopes.is_empty() {
            document.insert(
                "scopes_supported".to_owned(),
                json!(scopes.iter().collect::<Vec<_>>()),
            );
        }
        if let Some(name) = &self.name {
            document.insert("resource_name".to_owned(), json!(&**name));
        }
        if let Some(documentation) = &self.documentation {
            document.insert(
                "resource_documentation".to_owned(),
                documentation.as_str().into(),
            );
        }
        self.document = Value::Object(document).to_string().into();
        self
    }
}

/// Parses a URL. The error names the setting that would allow it.
fn parse(text: &str, may_be_plain: fn(&str) -> bool) -> Result<HttpUrl, ConfigError> {
    HttpUrl::parse(text, may_be_plain).map_err(|error| {
        if !text.starts_with("http:") || HttpUrl::parse(text, |_| true).is_err() {
            return error;
        }
        ConfigError::new(format!(
            "{error}, or with `ProtectedResource::dangerous_over_http` within a network that you \
             trust"
        ))
    })
}

impl fmt::Debug for ProtectedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedResource")
            .field("resource", &self.url)
            .field("needed", &self.needed)
            .finish_non_exhaustive()
    }
}

const WELL_KNOWN: &str = "oauth-protected-resource";
