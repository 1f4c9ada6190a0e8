//! [`Authenticate`] is what the application says about its users.

use std::future::Future;
use std::sync::Arc;

use super::authorization::{Authorization, AuthorizeRequest};
use super::credentials::LoginCredentials;
use super::login::Login;
use super::outcome::Outcome;
use crate::error::BoxError;

/// Tells which user logs in, and what a session may do.
///
/// # Contract
///
/// - Wrong credentials are [`Outcome::invalid_credentials`], and take as long as right ones: an
///   unknown user name must not be quicker than a wrong password (OWASP ASVS 6.3.8). `Passwords`
///   (feature `argon2`) sees to that.
/// - A name that the database cannot hold is one that nobody has, and not an error. The endpoints
///   refuse U+0000, which PostgreSQL does not take.
/// - An application that changes a user's password commits it before it calls
///   [`Sessions::log_out_everywhere`](crate::Sessions::log_out_everywhere), and gives [a
///   stamp](crate::Identity::with_stamp) to identities and grants.
///
/// Later versions may add methods with default bodies.
///
/// ```
/// use std::convert::Infallible;
/// use tower_bearer::{
///     Authenticate, Authorization, AuthorizeRequest, Grant, Identity, Login, Outcome,
///     PasswordCredentials,
/// };
///
/// struct Accounts;
///
/// impl Authenticate for Accounts {
///     type Credentials = PasswordCredentials;
///     type Error = Infallible;
///
///     async fn authenticate(
///         &self,
///         login: Login<PasswordCredentials>,
///     ) -> Result<Outcome, Infallible> {
///         // A real application asks its users table, and verifies a hash.
///         if login.username() == "alice" && login.password() == "wonderland-7" {
///             Ok(Identity::new("alice").into())
///         } else {
///             Ok(Outcome::invalid_credentials())
///         }
///     }
///
///     async fn authorize(
///         &self,
///         request: AuthorizeRequest<'_>,
///     ) -> Result<Authorization, Infallible> {
///         let may_write = request.session().subject().as_str() == "alice";
///         Ok(Grant::new().with_claim("may_write", may_write).into())
///     }
/// }
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// The credentials that a login sends: [`PasswordCredentials`](crate::PasswordCredentials), or
    /// the application's own type. It is [`NoCredentials`](crate::NoCredentials) if users log in
    /// elsewhere.
    type Credentials: LoginCredentials;
    /// The error of an application that cannot ask its users.
    type Error: Into<BoxError>;

    /// Tells which user logs in.
    ///
    /// The identity says whose session begins, and what belongs to this login alone.
    /// [`authorize`](Self::authorize) says what the session may do. It is called as soon as the
    /// session exists.
    ///
    /// An application with [`NoCredentials`](crate::NoCredentials) does not write this method. In
    /// any other application the response to a login without it is 500, and a hint in the log says
    /// how to fix it.
    ///
    /// # Errors
    ///
    /// The users cannot be asked now. The response is 503, and the cause goes to the log.
    fn authenticate(
        &self,
        login: Login<Self::Credentials>,
    ) -> impl Future<Output = Result<Outcome, Self::Error>> + Send {
        async move {
            drop(login);
            Ok(Outcome::unwritten())
        }
    }

    /// Says what a session may do. It is called at the end of a login, and at every refresh. The
    /// method is required, so that it cannot be forgotten.
    ///
    /// The next access token has the grant returned here, which may differ from the last one. If
    /// its [stamp](crate::Grant::with_stamp) is not that of the login, the session ends.
    ///
    /// # Errors
    ///
    /// The users cannot be asked now, or [the session's data](crate::store::Session::data) has
    /// another type. The response is 503, and the cause goes to the log. A refresh leaves the
    /// session as it is, and a login ends its new session.
    fn authorize(
        &self,
        request: AuthorizeRequest<'_>,
    ) -> impl Future<Output = Result<Authorization, Self::Error>> + Send;
}

/// Lets the sessions and the application's own handlers share one value.
#[deny(clippy::missing_trait_methods)]
impl<A: Authenticate> Authenticate for Arc<A> {
    type Credentials = A::Credentials;
    type Error = A::Error;

    async fn authenticate(&self, login: Login<A::Credentials>) -> Result<Outcome, A::Error> {
        (**self).authenticate(login).await
    }

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, A::Error> {
        (**self).authorize(request).await
    }
}
