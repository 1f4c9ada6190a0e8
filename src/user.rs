//! The application's user: [`LoadUser`] finds them, and [`CurrentUser`] is an argument of handlers.

use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use crate::error::BoxError;
use crate::token::AccessTokenClaims;

/// Turns the claims of a verified token into the application's user. It is optional: without it a
/// handler gets the claims themselves.
///
/// If a layer accepts [several issuers](crate::BearerAuthLayer::with_verifier), look at
/// [`issuer`](AccessTokenClaims::issuer) first: the user `1` of each issuer is another person.
///
/// It is called at every request with a good token, so it should be quick. It is not called for a
/// request that is refused anyway. Later versions may add methods, which will have default bodies.
///
/// ```
/// use tower_bearer::{LoadUser, LoadUserRequest};
///
/// #[derive(Clone)]
/// struct User {
///     name: String,
/// }
///
/// struct Users;
///
/// impl LoadUser for Users {
///     type User = User;
///     type Error = std::convert::Infallible;
///
///     async fn load_user(
///         &self,
///         request: LoadUserRequest<'_>,
///     ) -> Result<Option<User>, Self::Error> {
///         let name = request.claims().subject().to_string();
///         Ok(Some(User { name }))
///     }
/// }
/// ```
pub trait LoadUser: Send + Sync + 'static {
    /// The type that handlers ask for with [`CurrentUser<User>`](CurrentUser).
    type User: Clone + Send + Sync + 'static;
    /// The error of an application that cannot ask its users.
    type Error: Into<BoxError>;

    /// Finds the user.
    ///
    /// `None` means that the user is gone, so the request is refused with 401 `invalid_token`.
    ///
    /// # Errors
    ///
    /// The users cannot be asked now. The request is refused with 503, and the cause goes to the
    /// log. An error that is a [`BearerError`](crate::BearerError) is the rejection itself:
    /// `BearerError::denied("suspended")` is 403 with this reason.
    fn load_user(
        &self,
        request: LoadUserRequest<'_>,
    ) -> impl Future<Output = Result<Option<Self::User>, Self::Error>> + Send;
}

/// Lets the sessions and the application's own handlers share one value.
#[deny(clippy::missing_trait_methods)]
impl<L: LoadUser> LoadUser for Arc<L> {
    type User = L::User;
    type Error = L::Error;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<L::User>, L::Error> {
        (**self).load_user(request).await
    }
}

/// The argument of [`LoadUser`]. It is opaque, so that later versions can add to it.
#[derive(Clone, Copy, Debug)]
pub struct LoadUserRequest<'r> {
    claims: &'r AccessTokenClaims,
}

impl<'r> LoadUserRequest<'r> {
    /// Makes a request for the user of these claims. The layer does that; this is for tests.
    #[must_use]
    pub fn new(claims: &'r AccessTokenClaims) -> Self {
        Self { claims }
    }

    /// Returns the verified claims of the token.
    #[must_use]
    pub fn claims(&self) -> &'r AccessTokenClaims {
        self.claims
    }
}

/// The user who sends this request.
///
/// As an argument of an Axum handler (feature `axum`) it needs a user, and `Option<CurrentUser<…>>`
/// takes one if there is a token. Without Axum see [`from_extensions`](Self::from_extensions).
///
/// | argument | |
/// |---|---|
/// | `CurrentUser` | the [claims](AccessTokenClaims) of the token |
/// | `CurrentUser<User>` | what a [`LoadUser`] with that type has found |
/// | `CurrentUser<Claims>` | the application's own claims: see [`with_typed_claims`](crate::BearerAuthLayer::with_typed_claims) |
///
/// It derefs to the user. `User` has to be `Clone`; put a large one into an `Arc`.
///
/// ```
/// # #[derive(Clone)] struct User { name: String }
/// use tower_bearer::CurrentUser;
///
/// async fn me(CurrentUser(claims): CurrentUser) -> String {
///     claims.subject().to_string()
/// }
///
/// async fn home(user: Option<CurrentUser<User>>) -> String {
///     user.map_or("hello, stranger".to_owned(), |user| format!("hello, {}", user.name))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct CurrentUser<U = AccessTokenClaims>(pub U);

impl<U> Deref for CurrentUser<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}
