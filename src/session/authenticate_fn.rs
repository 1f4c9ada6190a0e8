//! [`authenticate_fn`] and [`authorize_fn`] make an [`Authenticate`] of closures.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use super::authenticate::Authenticate;
use super::authorization::{Authorization, AuthorizeRequest};
use super::credentials::{LoginCredentials, NoCredentials};
use super::login::Login;
use super::outcome::Outcome;
use crate::error::BoxError;

/// Makes an [`Authenticate`] of two closures, as `tower::service_fn` makes a service of one: for
/// small applications and tests.
///
/// ```
/// use std::convert::Infallible;
///
/// use tower_bearer::session::authenticate_fn;
/// use tower_bearer::{Grant, Identity, Login, MemoryStore, PasswordCredentials, Secret, Sessions};
///
/// let accounts = authenticate_fn(
///     |login: Login<PasswordCredentials>| async move {
///         // A real application asks its users table, and verifies a hash.
///         let is_right = login.username() == "alice" && login.password() == "wonderland-7";
///         Ok::<_, Infallible>(is_right.then(|| Identity::new("alice")).into())
///     },
///     |_| async { Ok(Grant::new().with_scope("orders:read").into()) },
/// );
/// let sessions = Sessions::builder(accounts, MemoryStore::new())
///     .issuer("https://api.example.com")
///     .audience("example-api")
///     .secret(Secret::random()?)
///     .build()?;
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
///
/// The future of `authorize` cannot borrow from the request: take what it needs before, as in
/// `let id = request.session().subject().clone()`.
pub fn authenticate_fn<C, F, G, A, B, E>(authenticate: F, authorize: G) -> AuthenticateFn<C, F, G>
where
    C: LoginCredentials,
    F: Fn(Login<C>) -> A + Send + Sync + 'static,
    G: Fn(AuthorizeRequest<'_>) -> B + Send + Sync + 'static,
    A: Future<Output = Result<Outcome, E>> + Send,
    B: Future<Output = Result<Authorization, E>> + Send,
    E: Into<BoxError>,
{
    AuthenticateFn {
        authenticate,
        authorize,
        credentials: PhantomData,
    }
}

/// Makes an [`Authenticate`] of one closure, for an application whose own handlers log users in:
/// its credentials are [`NoCredentials`].
///
/// ```
/// use std::convert::Infallible;
///
/// use tower_bearer::session::authorize_fn;
/// use tower_bearer::{Grant, MemoryStore, Sessions};
///
/// let accounts = authorize_fn(|_| async {
///     Ok::<_, Infallible>(Grant::new().with_claim("company", "ACME").into())
/// });
/// let sessions = Sessions::builder(accounts, MemoryStore::new());
/// ```
pub fn authorize_fn<G, B, E>(authorize: G) -> AuthorizeFn<G>
where
    G: Fn(AuthorizeRequest<'_>) -> B + Send + Sync + 'static,
    B: Future<Output = Result<Authorization, E>> + Send,
    E: Into<BoxError>,
{
    AuthorizeFn { authorize }
}

/// The application's users as two closures: see [`authenticate_fn`].
#[must_use]
pub struct AuthenticateFn<C, F, G> {
    authenticate: F,
    authorize: G,
    credentials: PhantomData<fn(C)>,
}

impl<C, F, G, A, B, E> Authenticate for AuthenticateFn<C, F, G>
where
    C: LoginCredentials,
    F: Fn(Login<C>) -> A + Send + Sync + 'static,
    G: Fn(AuthorizeRequest<'_>) -> B + Send + Sync + 'static,
    A: Future<Output = Result<Outcome, E>> + Send,
    B: Future<Output = Result<Authorization, E>> + Send,
    E: Into<BoxError>,
{
    type Credentials = C;
    type Error = E;

    fn authenticate(&self, login: Login<C>) -> impl Future<Output = Result<Outcome, E>> + Send {
        (self.authenticate)(login)
    }

    fn authorize(
        &self,
        request: AuthorizeRequest<'_>,
    ) -> impl Future<Output = Result<Authorization, E>> + Send {
        (self.authorize)(request)
    }
}

impl<C, F, G> fmt::Debug for AuthenticateFn<C, F, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticateFn")
    }
}

/// What sessions may do, as a closure: see [`authorize_fn`].
#[must_use]
pub struct AuthorizeFn<G> {
    authorize: G,
}

impl<G, B, E> Authenticate for AuthorizeFn<G>
where
    G: Fn(AuthorizeRequest<'_>) -> B + Send + Sync + 'static,
    B: Future<Output = Result<Authorization, E>> + Send,
    E: Into<BoxError>,
{
    type Credentials = NoCredentials;
    type Error = E;

    fn authorize(
        &self,
        request: AuthorizeRequest<'_>,
    ) -> impl Future<Output = Result<Authorization, E>> + Send {
        (self.authorize)(request)
    }
}

impl<G> fmt::Debug for AuthorizeFn<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizeFn")
    }
}
