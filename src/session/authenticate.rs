//! [`Authenticate`]: what the application says about its users.

use std::fmt;
use std::future::Future;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::error::BoxError;
use crate::store::Session;
use crate::token::Grant;

/// Checks credentials, and says what a subject is granted.
///
/// # Contract
///
/// - Wrong credentials are `Ok(None)`, and take as long as good ones: a user name that is unknown must not be quicker than a password that
///   is wrong (OWASP ASVS 6.3.8). `Passwords` (feature `argon2`) sees to that.
/// - An application that changes a user's password commits it before it calls
///   [`Sessions::log_out_everywhere`](crate::Sessions::log_out_everywhere), and gives its grants a [stamp](Grant::with_stamp).
///
/// ```
/// use tower_bearer::{Authenticate, Grant, PasswordCredentials, Session};
///
/// struct Accounts;
///
/// impl Authenticate for Accounts {
///     type Credentials = PasswordCredentials;
///     type Error = std::convert::Infallible;
///
///     async fn authenticate(&self, credentials: PasswordCredentials) -> Result<Option<Grant>, Self::Error> {
///         // A real application asks its users table, and hashes.
///         let right = credentials.username() == "alice" && credentials.password() == "wonderland-7";
///         Ok(right.then(|| Grant::new("alice")))
///     }
///
///     async fn renew(&self, session: &Session) -> Result<Option<Grant>, Self::Error> {
///         Ok(Some(Grant::new(session.subject().clone())))
///     }
/// }
/// ```
pub trait Authenticate: Send + Sync + 'static {
    /// What a login sends: [`PasswordCredentials`], or a type of the application's own whose fields are text. [`NoCredentials`] where
    /// nobody logs in here.
    type Credentials: DeserializeOwned + Send;
    /// Why the users could not be asked.
    type Error: Into<BoxError>;

    /// Checks credentials. `None`: wrong, without saying which part.
    ///
    /// The grant says whose session begins, and its stamp. Scope and claims are asked of [`renew`](Self::renew), at once: one function that
    /// makes a grant of a user serves both.
    ///
    /// # Errors
    ///
    /// The users cannot be asked now: the login is answered with 503.
    fn authenticate(&self, credentials: Self::Credentials) -> impl Future<Output = Result<Option<Grant>, Self::Error>> + Send;

    /// Asked at every refresh, and once more at the end of a login. `None`: the user was deleted or disabled, and the session ends.
    ///
    /// The grant may differ from the one before: scope and claims of the next access token come from it. With another
    /// [stamp](Grant::with_stamp) the session ends.
    ///
    /// # Errors
    ///
    /// The users cannot be asked now: the refresh is answered with 503, and can be repeated.
    fn renew(&self, session: &Session) -> impl Future<Output = Result<Option<Grant>, Self::Error>> + Send;
}

/// A user name and a password, as a login sends them (RFC 6749 section 4.3.2).
///
/// Both are as they were received: neither trimmed nor normalised (OWASP ASVS 6.2.8).
#[derive(Clone, Deserialize)]
pub struct PasswordCredentials {
    username: String,
    password: String,
}

impl PasswordCredentials {
    /// For tests, and for login handlers of the application's own.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into() }
    }

    /// The user name.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password. Keep it out of logs.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl Drop for PasswordCredentials {
    fn drop(&mut self) {
        drop(Zeroizing::new(std::mem::take(&mut self.password)));
    }
}

impl fmt::Debug for PasswordCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordCredentials").field("username", &self.username).field("password", &"[redacted]").finish()
    }
}

/// The credentials of an application where nobody logs in by them: no value of this type exists.
///
/// Such an application calls [`Sessions::start`](crate::Sessions::start) when it knows the user from elsewhere.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum NoCredentials {}
