//! [`PublicDocument`] is a document that clients may read without a token.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{HeaderValue, Method, Response, StatusCode};

use crate::json;

/// A document that a layer answers itself, before it looks for a token.
#[derive(Clone)]
pub(crate) struct PublicDocument {
    paths: Vec<String>,
    /// `None` means that the response is 404.
    read: Option<Arc<dyn Fn() -> Bytes + Send + Sync>>,
}

impl PublicDocument {
    /// Publishes JSON at these paths. `read` is called for each request.
    pub(crate) fn new(
        paths: impl IntoIterator<Item = String>,
        read: impl Fn() -> Bytes + Send + Sync + 'static,
    ) -> Self {
        Self {
            paths: paths.into_iter().collect(),
            read: Some(Arc::new(read)),
        }
    }

    /// Responds with 404 at these paths, and not with 401, to a client that only looks for
    /// metadata.
    pub(crate) fn absent(paths: impl IntoIterator<Item = String>) -> Self {
        Self {
            paths: paths.into_iter().collect(),
            read: None,
        }
    }

    /// Returns the response, if this request is for the document.
    pub(super) fn answer(&self, method: &Method, path: &str) -> Option<Response<Bytes>> {
        let is_asked_for = method == Method::GET && self.paths.iter().any(|known| known == path);
        is_asked_for.then(|| match &self.read {
            Some(read) => public_json(read()),
            None => {
                let mut response = Response::new(Bytes::new());
                *response.status_mut() = StatusCode::NOT_FOUND;
                response
            }
        })
    }
}

impl fmt::Debug for PublicDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicDocument")
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}

/// Makes a response of JSON that every client may read, and caches may store for five minutes.
pub(crate) fn public_json(json: Bytes) -> Response<Bytes> {
    let mut response = json::response(StatusCode::OK, json);
    let five_minutes = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(CACHE_CONTROL, five_minutes);
    response
}
