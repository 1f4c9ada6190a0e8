//! [`RequestContext`] is the request that a login, a refresh or a session comes from.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, USER_AGENT};
use http::request::Parts;
use http::{Extensions, HeaderMap};
use zeroize::Zeroizing;

use crate::refused_login::LateLine;
use crate::sensitive::mark_sensitive;
use crate::shown::path;

/// The request that a login, a refresh or a session comes from.
///
/// The endpoints make one for each request, and a handler of the application makes one from its
/// [`Parts`]. The type is opaque, so that later versions can add to it. It is cheap to clone.
///
/// ```
/// use tower_bearer::session::RequestContext;
/// use tower_bearer::{Login, PasswordCredentials};
///
/// fn login(
///     credentials: PasswordCredentials,
///     parts: &http::request::Parts,
/// ) -> Login<PasswordCredentials> {
///     Login::from_request(credentials, RequestContext::from(parts))
/// }
/// ```
#[derive(Clone)]
pub struct RequestContext {
    parts: Arc<Parts>,
    client_address: Option<IpAddr>,
    device_mark: Option<Arc<Zeroizing<String>>>,
    late_line: Option<Arc<LateLine>>,
}

impl RequestContext {
    /// Returns the head of the request.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Returns the headers of the request.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Returns the extensions of the request, such as Axum's `ConnectInfo`.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.parts.extensions
    }

    /// Returns the `User-Agent` of the request, if it is text.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.headers().get(USER_AGENT)?.to_str().ok()
    }

    /// Returns the client's IP address, or `None` where it is not known.
    ///
    /// It is found as [`client_address`](crate::session::SessionsBuilder::client_address) and
    /// [`trusted_proxies`](crate::session::SessionsBuilder::trusted_proxies) of the builder say.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client_address
    }

    /// Sets the [marks](crate::throttle::DeviceMark) that the device presents: the text that a
    /// login before has given it. Any text may be given, since only marks of ours count.
    ///
    /// The endpoints, and [`AuthEndpoints::read_login`](crate::AuthEndpoints::read_login), read it
    /// from the parameter `device_mark` or from its cookie.
    #[must_use]
    pub fn with_device_mark(mut self, mark: impl Into<String>) -> Self {
        self.device_mark = Some(Arc::new(Zeroizing::new(mark.into())));
        self
    }

    pub(crate) fn device_mark(&self) -> Option<&str> {
        self.device_mark.as_ref().map(|mark| mark.as_str())
    }

    /// Lets an attempt of the application's own handler leave its line to the response.
    pub(crate) fn with_late_line(mut self) -> Self {
        self.late_line = Some(Arc::default());
        self
    }

    pub(crate) fn late_line(&self) -> Option<&Arc<LateLine>> {
        self.late_line.as_ref()
    }

    pub(crate) fn with_client_address(mut self, address: Option<IpAddr>) -> Self {
        self.client_address = address;
        self
    }
}

impl From<Parts> for RequestContext {
    /// Marks the headers that carry tokens as sensitive.
    fn from(mut parts: Parts) -> Self {
        mark_sensitive(&mut parts.headers, AUTHORIZATION);
        mark_sensitive(&mut parts.headers, COOKIE);
        Self {
            parts: Arc::new(parts),
            client_address: None,
            device_mark: None,
            late_line: None,
        }
    }
}

impl From<&Parts> for RequestContext {
    fn from(parts: &Parts) -> Self {
        parts.clone().into()
    }
}

/// Leaves out the headers, which may have a token.
impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext")
            .field("method", &self.parts.method)
            .field("path", &path(&self.parts))
            .field("client_address", &self.client_address)
            .finish_non_exhaustive()
    }
}
