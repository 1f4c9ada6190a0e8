//! [`Outcome`] is the result of `authenticate`.

use super::denial::{Denial, denial_settings};
use crate::token::Identity;

/// The result of [`authenticate`](crate::Authenticate::authenticate): whose credentials they are,
/// or why the login is refused.
///
/// ```
/// use tower_bearer::{Identity, Outcome};
///
/// let right: Outcome = Identity::new(42).into();
/// let wrong = Outcome::invalid_credentials();
/// // The password was right, so it does not count as a guess.
/// let not_yet = Outcome::denied("email_unverified").with_valid_credentials();
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Outcome(pub(super) Kind);

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Identified(Box<Identity>),
    InvalidCredentials,
    Denied(Denial),
    /// The application has a login, but did not write `authenticate`.
    Unwritten,
}

impl Outcome {
    /// Says that the credentials are right, and whose they are.
    pub fn identified(identity: Identity) -> Self {
        Self(Kind::Identified(Box::new(identity)))
    }

    /// Says that the credentials are wrong, without saying which part: 400 `invalid_grant` with the
    /// reason `credentials_invalid`.
    pub fn invalid_credentials() -> Self {
        Self(Kind::InvalidCredentials)
    }

    /// Refuses the login for the application's own reason: 403 `access_denied` with this `reason`,
    /// for programs to read. Use it to ask for a second factor, for example. Return it only if the
    /// password is right. Otherwise it tells strangers which accounts exist.
    ///
    /// # Panics
    ///
    /// If `reason` is not a word of at most 64 lower-case ASCII letters, digits and `_`.
    #[track_caller]
    pub fn denied(reason: &'static str) -> Self {
        Self(Kind::Denied(Denial::new(reason)))
    }

    denial_settings!();

    /// Says that the credentials were right, as where the login only lacks a second factor: the
    /// attempt does not count as a guess. It changes nothing unless this is a denial.
    ///
    /// Do not say so of a wrong code, or codes could be guessed freely.
    pub fn with_valid_credentials(mut self) -> Self {
        if let Some(denial) = self.denial_mut() {
            denial.credentials_are_valid = true;
        }
        self
    }

    /// Returns whose credentials they are, if they are right: for a test of the application's
    /// `authenticate`, or for one that calls another.
    ///
    /// ```
    /// use tower_bearer::{Identity, Outcome};
    ///
    /// let right = Outcome::from(Identity::new("alice"));
    /// assert_eq!(right.identity().unwrap().subject().as_str(), "alice");
    /// assert!(Outcome::invalid_credentials().identity().is_none());
    /// assert_eq!(Outcome::denied("email_unverified").reason(), Some("email_unverified"));
    /// ```
    #[must_use]
    pub fn identity(&self) -> Option<&Identity> {
        match &self.0 {
            Kind::Identified(identity) => Some(identity),
            _ => None,
        }
    }

    /// Returns the reason of a [denial](Self::denied). Credentials that are wrong have none.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        match &self.0 {
            Kind::Denied(denial) => Some(denial.reason),
            _ => None,
        }
    }

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

/// Turns `None` into [`invalid_credentials`](Outcome::invalid_credentials).
impl From<Option<Identity>> for Outcome {
    fn from(identity: Option<Identity>) -> Self {
        identity.map_or_else(Self::invalid_credentials, Self::identified)
    }
}
