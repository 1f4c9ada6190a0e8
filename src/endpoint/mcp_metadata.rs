//! [`McpMetadataEndpoint`] answers what MCP clients ask before they have a token.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::error::EndpointError;
use super::request::reads_only;
use super::service::serve_at_once;
use crate::bearer::PublicDocument;

/// `GET` on the well-known paths of an MCP server: everything that
/// [`mcp_layer`](crate::AuthEndpoints::mcp_layer) answers by itself, for an application whose layer
/// does not see these paths, because it is added with `route_layer`, or to one of several routers.
///
/// It is made by [`mcp_metadata`](crate::AuthEndpoints::mcp_metadata), with the scope of the layer.
/// Mount it at each of its [paths](Self::paths), outside the layer:
///
/// ```
/// # async fn mcp() {}
/// # use tower_bearer::{ConfigError, Sessions};
/// # fn example(sessions: Sessions) -> Result<axum::Router, ConfigError> {
/// use axum::{Router, routing::any};
///
/// let endpoints = sessions.endpoints();
/// let mut app = Router::new()
///     .route("/mcp", any(mcp))
///     .route_layer(endpoints.mcp_layer("mcp:tools")?);
/// let metadata = endpoints.mcp_metadata("mcp:tools")?;
/// for path in metadata.paths() {
///     app = app.route_service(path, metadata.clone());
/// }
/// let app = app.nest_service("/auth", endpoints);
/// # Ok(app)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct McpMetadataEndpoint {
    paths: Arc<[String]>,
    documents: Arc<[PublicDocument]>,
}

impl McpMetadataEndpoint {
    pub(super) fn new(documents: Vec<PublicDocument>) -> Self {
        let mut paths: Vec<String> = Vec::new();
        for path in documents.iter().flat_map(PublicDocument::paths) {
            // Two documents may have one path: the first counts, as in the layer.
            if !paths.contains(path) {
                paths.push(path.clone());
            }
        }
        Self {
            paths: paths.into(),
            documents: documents.into(),
        }
    }

    /// Returns the paths to mount it at.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    fn answer(&self, parts: &Parts) -> Result<Response<Bytes>, EndpointError> {
        let path = parts.uri.path();
        if !self.paths().any(|known| known == path) {
            return Err(EndpointError::not_found());
        }
        let mut documents = self.documents.iter();
        documents
            .find_map(|document| document.answer(&parts.method, path))
            .ok_or_else(reads_only)
    }
}

serve_at_once!(McpMetadataEndpoint);
