//! [`Resend`]: which requests go out a second time.

use http::Request;

/// Makes the copy of a request that is sent if the server refuses the access token of the first
/// one, with 401 and `invalid_token`.
///
/// The token was refused before anything was done, so a POST may be repeated too. A service that
/// follows redirects goes outside the layer: below it, what led to the redirect would be done
/// twice. What decides is whether there is a copy of the body:
///
/// - [`SendTwice`], the default, is for bodies that are `Clone`, as `Full<Bytes>` or `String`.
/// - [`SendOnce`] is for all others, as streams. The caller gets the 401, and the next request gets
///   a new token.
///
/// A rule of your own may copy some requests only:
///
/// ```
/// use bytes::Bytes;
/// use http::Request;
/// use http_body_util::Full;
/// use tower_bearer_client::Resend;
///
/// /// Repeats what changes nothing.
/// #[derive(Clone, Debug)]
/// struct Safe;
///
/// impl Resend<Request<Full<Bytes>>> for Safe {
///     fn copy(&self, request: &Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
///         request.method().is_safe().then(|| request.clone())
///     }
/// }
/// # let request = Request::post("/").body(Full::default()).unwrap();
/// # assert!(Safe.copy(&request).is_none());
/// ```
pub trait Resend<R> {
    /// Copies a request, before it has a token. `None`: it goes out once.
    fn copy(&self, request: &R) -> Option<R>;
}

/// Repeats requests whose body is `Clone`. With the feature `reqwest` also those of
/// `reqwest::Request` that are not streams.
///
/// ```
/// use tower_bearer_client::{Resend, SendTwice};
///
/// assert!(SendTwice.copy(&http::Request::new("a body")).is_some());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SendTwice;

/// Repeats nothing, so that bodies need not be `Clone`.
///
/// ```
/// use tower_bearer_client::{Resend, SendOnce};
///
/// assert!(SendOnce.copy(&http::Request::new("a body")).is_none());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SendOnce;

impl<B: Clone> Resend<Request<B>> for SendTwice {
    fn copy(&self, request: &Request<B>) -> Option<Request<B>> {
        Some(request.clone())
    }
}

impl<R> Resend<R> for SendOnce {
    fn copy(&self, _: &R) -> Option<R> {
        None
    }
}
