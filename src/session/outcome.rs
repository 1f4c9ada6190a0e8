//! [`Outcome`]: what `authenticate` says about credentials.

use super::denial::{Denial, denial_settings};
use crate::token::Identity;

/// What [`authenticate`](crate::Authenticate::authenticate) says about credentials.
///
/// ```
/// use http::StatusCode;
/// use tower_bearer::{Identity, Outcome};
///
/// let right: Outcome = Identity::new(42).into();
/// let wrong = Outcome::invalid_credentials();
/// let not_yet = Outcome::denied("email_unverified").with_status(StatusCode::FORBIDDEN);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Outcome(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Identified(Box<Identity>),
    InvalidCredentials,
    Denied(Denial),
    /// The application has a login, and no `authenticate`.
    Unwritten,
}

impl Outcome {
    /// The credentials are right, and this is the user.
    pub fn identified(identity: Identity) -> Self {
        Self(Kind::Identified(Box::new(identity)))
    }

    /// The credentials are wrong, without saying which part: 400 `invalid_grant` with the reason
    /// `credentials_invalid`.
    pub fn invalid_credentials() -> Self {
        Self(Kind::InvalidCredentials)
    }

    /// The login is refused for a reason of the application's own: 403 `access_denied` with this
    /// `reason`, for programs to read. A program that asks for a second factor is such a case.
    /// Say it only to somebody whose password is right, or it tells strangers which accounts exist.
    ///
    /// # Panics
    ///
    /// If `reason` is not a word of lower-case ASCII letters, digits and `_`.
    #[track_caller]
    pub fn denied(reason: &'static str) -> Self {
        Self(Kind::Denied(Denial::new(reason)))
    }

    denial_settings!();

    fn denial_mut(&mut self) -> Option<&mut Denial> {
        match &mut self.0 {
            Kind::Denied(denial) => Some(denial),
            _ => None,
        }
    }

    pub(super) fn unwritten() -> Self {
        Self(Kind::Unwritten)
    }
}

impl From<Identity> for Outcome {
    fn from(identity: Identity) -> Self {
        Self::identified(identity)
    }
}

/// `None` is [`invalid_credentials`](Outcome::invalid_credentials).
impl From<Option<Identity>> for Outcome {
    fn from(identity: Option<Identity>) -> Self {
        identity.map_or_else(Self::invalid_credentials, Self::identified)
    }
}
