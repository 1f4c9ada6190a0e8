//! [`AuthorizeRequest`] is the argument of `authorize`, and [`Authorization`] is its result.

use super::denial::{Denial, denial_settings};
use crate::request_context::RequestContext;
use crate::store::Session;
use crate::token::Grant;

/// The argument of [`authorize`](crate::Authenticate::authorize). It is opaque, so that later
/// versions can add to it.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizeRequest<'r> {
    session: &'r Session,
    context: Option<&'r RequestContext>,
}

impl<'r> AuthorizeRequest<'r> {
    /// Makes a request for a test of the application's `authorize`.
    #[must_use]
    pub fn new(session: &'r Session) -> Self {
        Self {
            session,
            context: None,
        }
    }

    pub(super) fn with_context(mut self, context: Option<&'r RequestContext>) -> Self {
        self.context = context;
        self
    }

    /// Returns the session that tokens are asked for.
    #[must_use]
    pub fn session(&self) -> &'r Session {
        self.session
    }

    /// Returns the HTTP request of the login or the refresh, or `None` if the caller of
    /// [`Sessions`](crate::Sessions) passed none.
    #[must_use]
    pub fn context(&self) -> Option<&'r RequestContext> {
        self.context
    }
}

/// The result of [`authorize`](crate::Authenticate::authorize): what a session may do.
///
/// It is made from a [`Grant`], or from an `Option<Grant>`, where `None` means that the user is
/// gone.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::{Authorization, Grant};
///
/// let granted: Authorization = Grant::new().into();
/// let gone: Authorization = None.into();
/// let suspended = Authorization::not_now("suspended").with_retry_after(Duration::from_secs(3600));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Authorization(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Granted(Grant),
    Gone,
    NotNow(Denial),
}

impl Authorization {
    /// Grants this to the session.
    pub fn granted(grant: Grant) -> Self {
        Self(Kind::Granted(grant))
    }

    /// Says that the user was deleted or disabled. The session ends, and the response is 400
    /// `invalid_grant` with the reason `user_gone`.
    pub fn gone() -> Self {
        Self(Kind::Gone)
    }

    /// Refuses tokens for now: 403 `access_denied` with this `reason`. At a refresh the session
    /// stays. The client keeps its refresh token, and can use it again when the reason no longer
    /// holds. Access tokens that exist remain valid until they expire.
    ///
    /// # Panics
    ///
    /// If `reason` is not a word of at most 64 lower-case ASCII letters, digits and `_`.
    #[track_caller]
    pub fn not_now(reason: &'static str) -> Self {
        Self(Kind::NotNow(Denial::new(reason)))
    }

    denial_settings!();

    /// Returns what is granted, for a test of the application's `authorize`.
    ///
    /// ```
    /// use tower_bearer::{Authorization, Grant};
    ///
    /// let granted = Authorization::from(Grant::new().with_scope("orders:read"));
    /// assert_eq!(granted.grant().unwrap().scope().as_str(), "orders:read");
    /// assert!(Authorization::gone().grant().is_none());
    /// assert_eq!(Authorization::not_now("suspended").reason(), Some("suspended"));
    /// ```
    #[must_use]
    pub fn grant(&self) -> Option<&Grant> {
        match &self.0 {
            Kind::Granted(grant) => Some(grant),
            _ => None,
        }
    }

    /// Returns the reason of a [refusal for now](Self::not_now). A user who is gone has none.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match &self.0 {
            Kind::NotNow(denial) => Some(denial.reason),
            _ => None,
        }
    }

    fn denial_mut(&mut self) -> Option<&mut Denial> {
        match &mut self.0 {
            Kind::NotNow(denial) => Some(denial),
            _ => None,
        }
    }
}

impl From<Grant> for Authorization {
    fn from(grant: Grant) -> Self {
        Self::granted(grant)
    }
}

impl From<Option<Grant>> for Authorization {
    fn from(grant: Option<Grant>) -> Self {
        grant.map_or_else(Self::gone, Self::granted)
    }
}
