//! [`Login`] is credentials, and the request that they came in.

use std::fmt;
use std::ops::Deref;

use zeroize::Zeroizing;

use super::credentials::LoginCredentials;
use crate::names::Scope;
use crate::request_context::RequestContext;
use crate::token::Identity;

/// The credentials of a login, and the request that they came in.
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
    pub(super) scope: Scope,
    pub(super) replaced: Vec<Zeroizing<String>>,
    in_cookies: bool,
}

impl<C: LoginCredentials> Login<C> {
    /// Makes a login without a request, for tests.
    pub fn new(credentials: C) -> Self {
        Self::of(credentials, None)
    }

    /// Makes a login of credentials, and of the request that they came in.
    pub fn from_request(credentials: C, context: RequestContext) -> Self {
        Self::of(credentials, Some(context))
    }
}

impl<C> Login<C> {
    pub(crate) fn of(credentials: C, context: Option<RequestContext>) -> Self {
        Self {
            credentials,
            context,
            device: None,
            scope: Scope::default(),
            replaced: Vec::new(),
            in_cookies: false,
        }
    }

    /// Ends the session of this token once the new session exists, as
    /// [`Identity::replacing`](crate::Identity::replacing) does. A form's handler gives it each of
    /// the browser's tokens: `CookieDelivery::session_tokens` (feature `cookie`).
    #[must_use]
    pub fn replacing(mut self, token: &str) -> Self {
        self.replaced.push(Zeroizing::new(token.to_owned()));
        self
    }

    /// Returns the credentials.
    pub fn credentials(&self) -> &C {
        &self.credentials
    }

    /// Takes the credentials out of the login.
    pub fn into_credentials(self) -> C {
        self.credentials
    }

    /// Returns the request, or `None` for a login that was made without one.
    pub fn context(&self) -> Option<&RequestContext> {
        self.context.as_ref()
    }

    /// Sets a text by which the user may recognise the session.
    pub(crate) fn on_device(mut self, device: Option<String>) -> Self {
        self.device = device;
        self
    }

    /// Sets the scope that the client asks for. An empty one asks for everything.
    pub(crate) fn asking_for(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Sets whether the tokens are sent in cookies.
    pub(crate) fn in_cookies(mut self, in_cookies: bool) -> Self {
        self.in_cookies = in_cookies;
        self
    }

    pub(crate) fn is_in_cookies(&self) -> bool {
        self.in_cookies
    }

    /// Makes the same login with other credentials.
    pub(super) fn try_map<D, E>(
        self,
        change: impl FnOnce(C) -> Result<D, E>,
    ) -> Result<Login<D>, E> {
        let Self {
            credentials,
            context,
            device,
            scope,
            replaced,
            in_cookies,
        } = self;
        Ok(Login {
            credentials: change(credentials)?,
            context,
            device,
            scope,
            replaced,
            in_cookies,
        })
    }

    pub(super) fn map_context(
        mut self,
        change: impl FnOnce(RequestContext) -> RequestContext,
    ) -> Self {
        self.context = self.context.map(change);
        self
    }
}

impl Identity {
    /// Takes over what belongs to this login besides its credentials: the request, the device that
    /// it names, the scope that it asks for, and the sessions that it replaces.
    ///
    /// It is for the application's own login handler: see
    /// [`AuthEndpoints::read_login`](crate::AuthEndpoints::read_login). A device from
    /// [`with_device`](Self::with_device) and a request from [`with_context`](Self::with_context)
    /// have precedence.
    pub fn with_login<C>(mut self, login: &Login<C>) -> Self {
        self.device = self.device.or_else(|| login.device.clone());
        self.context = self.context.or_else(|| login.context.clone());
        self.scope = login.scope.clone();
        self.replaced.extend(login.replaced.iter().cloned());
        self
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
