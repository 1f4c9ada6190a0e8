//! [`Authenticate`]: what the application says about its users.

use std::future::Future;

use super::authorization::{Authorization, AuthorizeRequest};
use super::credentials::LoginCredentials;
use super::login::Login;
use super::outcome::Outcome;
use crate::error::BoxError;

/// Says who logs in, and what a session may do.
///
/// # Contract
///
/// - Wrong credentials are [`Outcome::invalid_credentials`], and take as long as right ones: an
///   unknown user name must not be quicker than a wrong password (OWASP ASVS 6.3.8). `Passwords`
///   (feature `argon2`) sees to that.
/// - An application that changes a user's password commits it before it calls
///   [`Sessions::log_out_everywhere`](crate::Sessions::log_out_everywhere), and gives [a
///   stamp](crate::Identity::with_stamp) to identities and grants.
///
/// Later versions may add methods with default bodies.
///
/// ```
/// use tower_bearer::{Authenticate, Authorization, AuthorizeRequest, Grant, Identity, Login, Outcome, PasswordCredentials};
///
/// struct Accounts;
///
/// impl Authenticate for Accounts {
///     type Credentials = PasswordCredentials;
///     type Error = std::convert::Infallible;
///
///     async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, Self::Error> {
///         // A real application asks its users table, and verifies a hash.
///         let is_right = login.username() == "alice" && login.password() == "wonderland-7";
///         Ok(if is_right { Identity::new("alice").into() } else { Outcome::invalid_credentials() })
///     }
///
///     async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, Self::Error> {
///         let may_write = request.session().subject().as_str() == "alice";
///         Ok(Grant::new().with_claim("may_write", may_write).into())
///     }
/// }
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// What a login sends: [`PasswordCredentials`](crate::PasswordCredentials), or a type of the
    /// application's own. [`NoCredentials`](crate::NoCredentials) where somebody else logs
    /// users in.
    type Credentials: LoginCredentials;
    /// Why the users cannot be asked.
    type Error: Into<BoxError>;

    /// Says who logs in.
    ///
    /// The identity says whose session begins, and what belongs to this login alone. What the
    /// session may do is asked of [`authorize`](Self::authorize), as soon as the session is
    /// there.
    ///
    /// An application with [`NoCredentials`](crate::NoCredentials) does not write this method. In
    /// any other application a login without it is answered with 500, and a log line names the
    /// cure.
    ///
    /// # Errors
    ///
    /// The users cannot be asked now: the login is answered with 503, and the cause goes to the
    /// log.
    fn authenticate(
        &self,
        login: Login<Self::Credentials>,
    ) -> impl Future<Output = Result<Outcome, Self::Error>> + Send {
        async move {
            drop(login);
            Ok(Outcome::unwritten())
        }
    }

    /// Says what a session may do: asked at the end of a login, and at every refresh. It is
    /// required, so that it cannot be forgotten.
    ///
    /// The next access token says what is granted here, which may differ from the one before. With
    /// another [stamp](crate::Grant::with_stamp) than the login's the session ends.
    ///
    /// # Errors
    ///
    /// The users cannot be asked now, or [the session's data](crate::store::Session::data) has another
    /// type: the login or the refresh is answered with 503, the session stays, and the cause
    /// goes to the log.
    fn authorize(
        &self,
        request: AuthorizeRequest<'_>,
    ) -> impl Future<Output = Result<Authorization, Self::Error>> + Send;
}
