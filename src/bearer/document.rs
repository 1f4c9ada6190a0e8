//! [`PublicDocument`] is a document that clients may read without a token.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONTENT_LENGTH,
};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};

use crate::json;

/// A document that a layer answers itself, before it looks for a token.
#[derive(Clone)]
pub(crate) struct PublicDocument {
    paths: Vec<String>,
    content: Content,
}

#[derive(Clone)]
enum Content {
    /// It is read for each request.
    Json(Arc<dyn Fn() -> Bytes + Send + Sync>),
    /// The response is 404.
    Absent,
    /// The response to every method.
    Fixed(Arc<Respond>),
}

type Respond = dyn Fn(&Method) -> Response<Bytes> + Send + Sync;

impl PublicDocument {
    /// Publishes JSON at these paths. `read` is called for each request.
    pub(crate) fn new(
        paths: impl IntoIterator<Item = String>,
        read: impl Fn() -> Bytes + Send + Sync + 'static,
    ) -> Self {
        Self::with(paths, Content::Json(Arc::new(read)))
    }

    /// Responds with 404 at these paths, and not with 401, to a client that only looks for
    /// metadata.
    pub(crate) fn absent(paths: impl IntoIterator<Item = String>) -> Self {
        Self::with(paths, Content::Absent)
    }

    /// Responds at this path to every method but the preflights.
    pub(crate) fn fixed(
        path: String,
        respond: impl Fn(&Method) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        Self::with([path], Content::Fixed(Arc::new(respond)))
    }

    fn with(paths: impl IntoIterator<Item = String>, content: Content) -> Self {
        Self {
            paths: paths.into_iter().collect(),
            content,
        }
    }

    /// Returns the paths of the document.
    pub(crate) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Returns the response, if this request is for the document.
    pub(crate) fn answer(&self, method: &Method, path: &str) -> Option<Response<Bytes>> {
        if !self.paths.iter().any(|known| known == path) {
            return None;
        }
        match &self.content {
            Content::Json(read) => {
                let Ok(response) = public_json(method, || Ok::<_, Infallible>(read()))?;
                Some(response)
            }
            Content::Fixed(respond) if method != Method::OPTIONS => {
                Some(for_every_origin(respond(method)))
            }
            Content::Absent if [Method::GET, Method::HEAD].contains(method) => {
                Some(for_every_origin(empty(StatusCode::NOT_FOUND)))
            }
            Content::Fixed(_) => Some(preflighted("GET, POST")),
            Content::Absent if method == Method::OPTIONS => Some(preflighted(READ)),
            Content::Absent => None,
        }
    }
}

impl fmt::Debug for PublicDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicDocument")
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}

/// Makes a response of JSON that every client may read, with pages of every origin among them, and
/// caches may store for five minutes. It is `None` for a method that does not read.
pub(crate) fn public_json<E>(
    method: &Method,
    read: impl FnOnce() -> Result<Bytes, E>,
) -> Option<Result<Response<Bytes>, E>> {
    if method == Method::OPTIONS {
        return Some(Ok(preflighted(READ)));
    }
    if ![Method::GET, Method::HEAD].contains(method) {
        return None;
    }
    let json = match read() {
        Ok(json) => json,
        Err(error) => return Some(Err(error)),
    };
    let length = json.len();
    let is_head = method == Method::HEAD;
    let body = if is_head { Bytes::new() } else { json };
    let mut response = for_every_origin(json::response(StatusCode::OK, body));
    let headers = response.headers_mut();
    let five_minutes = HeaderValue::from_static("public, max-age=300");
    headers.insert(CACHE_CONTROL, five_minutes);
    if is_head {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    Some(Ok(response))
}

/// The methods that read.
pub(crate) const READ: &str = "GET, HEAD, OPTIONS";

/// Lets pages of every origin read a response (Fetch standard, CORS protocol). Nothing secret is in
/// it, and it does not depend on cookies.
fn for_every_origin(mut response: Response<Bytes>) -> Response<Bytes> {
    let every = HeaderValue::from_static("*");
    response
        .headers_mut()
        .insert(ACCESS_CONTROL_ALLOW_ORIGIN, every);
    response
}

/// Answers `OPTIONS`: a preflight, or the question which methods there are.
fn preflighted(methods: &'static str) -> Response<Bytes> {
    let mut response = for_every_origin(empty(StatusCode::NO_CONTENT));
    let mut set = |name: HeaderName, value| {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    };
    set(ALLOW, methods);
    set(ACCESS_CONTROL_ALLOW_METHODS, methods);
    // MCP clients send `MCP-Protocol-Version`.
    set(ACCESS_CONTROL_ALLOW_HEADERS, "*");
    set(ACCESS_CONTROL_MAX_AGE, "7200");
    response
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
