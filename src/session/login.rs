//! [`Login`]: credentials, and the request that they came in.

use std::fmt;
use std::ops::Deref;

use zeroize::Zeroizing;

use super::any_credentials::AnyCredentials;
use super::credentials::LoginCredentials;
use crate::request_context::RequestContext;

/// Somebody wants to log in: their credentials, and the request that these came in.
///
/// It derefs to the credentials, so `login.username()` works. Everything else is an associated
/// function or has a name that credentials seldom use, so that it hides none of their fields.
///
/// ```
/// use tower_bearer::{Login, PasswordCredentials};
///
/// let login = Login::new(PasswordCredentials::new("alice", "wonderland-7"));
/// assert_eq!(login.username(), "alice");
/// assert!(login.context().is_none());
/// ```
pub struct Login<C> {
    credentials: C,
    context: Option<RequestContext>,
    pub(super) device: Option<String>,
    pub(super) replaced: Vec<Zeroizing<String>>,
}

impl<C: LoginCredentials> Login<C> {
    /// Credentials without a request: for tests.
    pub fn new(credentials: C) -> Self {
        Self::of(credentials, None)
    }

    /// Credentials, and the request that they came in.
    pub fn from_request(credentials: C, context: RequestContext) -> Self {
        Self::of(credentials, Some(context))
    }
}

impl<C> Login<C> {
    pub(super) fn of(credentials: C, context: Option<RequestContext>) -> Self {
        Self {
            credentials,
            context,
            device: None,
            replaced: Vec::new(),
        }
    }

    /// The credentials.
    pub fn credentials(&self) -> &C {
        &self.credentials
    }

    /// The credentials, to be kept.
    pub fn into_credentials(self) -> C {
        self.credentials
    }

    /// The request. `None` where the caller named none.
    pub fn context(&self) -> Option<&RequestContext> {
        self.context.as_ref()
    }

    /// What the user may recognise the session by.
    pub(crate) fn on_device(mut self, device: Option<String>) -> Self {
        self.device = device;
        self
    }

    /// Ends the session of this token: see [`Identity::replacing`](crate::Identity::replacing).
    pub(crate) fn replacing(mut self, token: &str) -> Self {
        self.replaced.push(Zeroizing::new(token.to_owned()));
        self
    }

    /// The same login with other credentials.
    pub(super) fn try_map<D, E>(
        self,
        change: impl FnOnce(C) -> Result<D, E>,
    ) -> Result<Login<D>, E> {
        let Self {
            credentials,
            context,
            device,
            replaced,
        } = self;
        Ok(Login {
            credentials: change(credentials)?,
            context,
            device,
            replaced,
        })
    }

    pub(super) fn with_context(mut self, context: Option<RequestContext>) -> Self {
        self.context = context;
        self
    }
}

impl Login<AnyCredentials> {
    pub(crate) fn any(credentials: AnyCredentials, context: RequestContext) -> Self {
        Self::of(credentials, Some(context))
    }
}

impl<C> Deref for Login<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.credentials
    }
}

/// Leaves out the credentials.
impl<C> fmt::Debug for Login<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
