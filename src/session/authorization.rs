//! [`AuthorizeRequest`] and [`Authorization`]: what `authorize` is asked, and what it says.

use super::denial::{Denial, denial_settings};
use crate::request_context::RequestContext;
use crate::store::Session;
use crate::token::Grant;

/// What [`authorize`](crate::Authenticate::authorize) is asked. It is opaque, so that it can say
/// more later.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizeRequest<'r> {
    session: &'r Session,
    context: Option<&'r RequestContext>,
}

impl<'r> AuthorizeRequest<'r> {
    /// For tests of an application's own `authorize`.
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

    /// The session that tokens are asked for.
    #[must_use]
    pub fn session(&self) -> &'r Session {
        self.session
    }

    /// The request that asks: the login's or the refresh's. `None` where the caller of
    /// [`Sessions`](crate::Sessions) named none.
    #[must_use]
    pub fn context(&self) -> Option<&'r RequestContext> {
        self.context
    }
}

/// What [`authorize`](crate::Authenticate::authorize) says.
///
/// It comes from a [`Grant`], and from `Option<Grant>`, where `None` means that the user is gone.
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
    Granted(Box<Grant>),
    Gone,
    NotNow(Denial),
}

impl Authorization {
    /// The session may do this.
    pub fn granted(grant: Grant) -> Self {
        Self(Kind::Granted(Box::new(grant)))
    }

    /// The user was deleted or disabled: the session ends, and the answer is 400 `invalid_grant`
    /// with the reason `user_gone`.
    pub fn gone() -> Self {
        Self(Kind::Gone)
    }

    /// No tokens now, and the session stays: 403 `access_denied` with this `reason`. A client keeps
    /// its refresh token, and can use it again when the reason is over. Access tokens that
    /// exist go on until they expire.
    ///
    /// # Panics
    ///
    /// If `reason` is not a word of lower-case ASCII letters, digits and `_`.
    #[track_caller]
    pub fn not_now(reason: &'static str) -> Self {
        Self(Kind::NotNow(Denial::new(reason)))
    }

    denial_settings!();

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
