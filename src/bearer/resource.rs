//! [`ProtectedResource`]: what a client may know of a service before it has a token (RFC 9728).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response};
use serde_json::{Map, Value, json};

use crate::error::ConfigError;
use crate::names::Scope;
use crate::url::{HttpUrl, is_loopback};

/// What a client may know of a service before it has a token (RFC 9728): its name, who issues tokens for it, and the scope it takes.
///
/// [`BearerAuthLayer::with_protected_resource`](crate::BearerAuthLayer::with_protected_resource) does all with it: the challenge leads here by
/// `resource_metadata`, and says the scope; the scope is demanded; and the layer answers `GET` on the two [paths](Self::paths). Where the layer does not
/// see those paths, for it stands behind a router, mount [`ResourceMetadataEndpoint`](crate::ResourceMetadataEndpoint) there.
///
/// All addresses come from here, never from a request. They are `https`, or `http` on this machine.
///
/// The audience of the tokens is the verifier's to check. It should be the address of the resource (RFC 8707).
///
/// ```
/// use tower_bearer::ProtectedResource;
///
/// let resource = ProtectedResource::new("https://api.example.com/mcp", "https://id.example.com")?.with_scope("mcp:tools");
/// assert_eq!(resource.metadata_address(), "https://api.example.com/.well-known/oauth-protected-resource/mcp");
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct ProtectedResource {
    address: HttpUrl,
    issuers: Vec<HttpUrl>,
    needed: Scope,
    supported: Scope,
    name: Option<Arc<str>>,
    documentation: Option<HttpUrl>,
    /// The document, as it is sent.
    document: Bytes,
}

impl ProtectedResource {
    /// The resource at this address, and the issuer of the tokens that it accepts.
    ///
    /// # Errors
    ///
    /// One of them is no `https` address (or `http` on this machine), or has a user, a query or a fragment.
    pub fn new(resource: &str, issuer: &str) -> Result<Self, ConfigError> {
        let resource = Self {
            address: HttpUrl::parse(resource, is_loopback)?,
            issuers: vec![HttpUrl::parse(issuer, is_loopback)?],
            needed: Scope::default(),
            supported: Scope::default(),
            name: None,
            documentation: None,
            document: Bytes::new(),
        };
        Ok(resource.written())
    }

    /// Another issuer whose tokens are accepted.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_issuer(mut self, issuer: &str) -> Result<Self, ConfigError> {
        self.issuers.push(HttpUrl::parse(issuer, is_loopback)?);
        Ok(self.written())
    }

    /// What every request needs: the layer demands it, the challenge names it, and it is among `scopes_supported`.
    ///
    /// # Panics
    ///
    /// If `scope` is no scope: see [`Scope::from_static`].
    pub fn with_scope(mut self, scope: &'static str) -> Self {
        self.needed = self.needed.union(&Scope::from_static(scope));
        self.written()
    }

    /// What some requests need, and clients may ask for: it is among `scopes_supported`, and not demanded here.
    ///
    /// # Panics
    ///
    /// If `scope` is no scope: see [`Scope::from_static`].
    pub fn with_supported_scope(mut self, scope: &'static str) -> Self {
        self.supported = self.supported.union(&Scope::from_static(scope));
        self.written()
    }

    /// A name for people: `resource_name`.
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self.written()
    }

    /// Where developers read more: `resource_documentation`.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn with_documentation(mut self, address: &str) -> Result<Self, ConfigError> {
        self.documentation = Some(HttpUrl::parse(address, is_loopback)?);
        Ok(self.written())
    }

    /// Where the metadata is: the well-known path goes between host and path (RFC 9728 section 3.1).
    #[must_use]
    pub fn metadata_address(&self) -> String {
        self.address.well_known(WELL_KNOWN)
    }

    /// The paths of the metadata: with the resource's path behind it, and the root, where some clients look too. One, if the resource has no path.
    pub fn paths(&self) -> impl Iterator<Item = String> + use<> {
        self.address.well_known_paths(WELL_KNOWN)
    }

    pub(super) fn needed(&self) -> &Scope {
        &self.needed
    }

    /// The answer, if this request is for the metadata.
    pub(crate) fn answer(&self, method: &Method, path: &str) -> Option<Response<Bytes>> {
        (method == Method::GET && self.address.is_well_known(WELL_KNOWN, path)).then(|| self.to_response())
    }

    /// The document (RFC 9728 section 3.2). It may be kept for five minutes.
    pub(crate) fn to_response(&self) -> Response<Bytes> {
        public_json(self.document.clone())
    }

    /// RFC 9728 section 2.
    fn written(mut self) -> Self {
        let issuers: Vec<&str> = self.issuers.iter().map(HttpUrl::as_str).collect();
        let scopes = self.needed.union(&self.supported);
        let mut document = Map::new();
        document.insert("resource".to_owned(), self.address.as_str().into());
        document.insert("authorization_servers".to_owned(), json!(issuers));
        document.insert("bearer_methods_supported".to_owned(), json!(["header"]));
        if !scopes.is_empty() {
            document.insert("scopes_supported".to_owned(), json!(scopes.iter().collect::<Vec<_>>()));
        }
        if let Some(name) = &self.name {
            document.insert("resource_name".to_owned(), json!(&**name));
        }
        if let Some(documentation) = &self.documentation {
            document.insert("resource_documentation".to_owned(), documentation.as_str().into());
        }
        self.document = Value::Object(document).to_string().into();
        self
    }
}

impl fmt::Debug for ProtectedResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProtectedResource").field("resource", &self.address).field("needed", &self.needed).finish_non_exhaustive()
    }
}

/// What everybody may read, and keep for five minutes.
pub(crate) fn public_json(json: Bytes) -> Response<Bytes> {
    let mut response = Response::new(json);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}

const WELL_KNOWN: &str = "oauth-protected-resource";
