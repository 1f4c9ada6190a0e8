//! What a login sends: [`LoginCredentials`], [`PasswordCredentials`], [`NoCredentials`].

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// What a login sends: [`PasswordCredentials`], or a type of the application's own.
///
/// The login endpoint reads it from a form or a JSON object with `serde`. In a form every field is
/// text: a field that is a number or a `bool` is read from that text. Within
/// `#[serde(flatten)]` it stays text, for there `serde` does not say which type it wants.
///
/// ```
/// use serde::Deserialize;
/// use tower_bearer::LoginCredentials;
///
/// #[derive(Deserialize)]
/// struct CustomerLogin {
///     email: String,
///     password: String,
///     remember_me: bool,
/// }
///
/// impl LoginCredentials for CustomerLogin {
///     fn account(&self) -> &str {
///         &self.email
///     }
/// }
/// ```
pub trait LoginCredentials: DeserializeOwned + Send + Sync + 'static {
    /// The account that somebody wants to log in to, as it was sent: a user name, an email address.
    /// Never a secret.
    ///
    /// What limits guesses counts by it, also for accounts that do not exist.
    fn account(&self) -> &str;
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
        Self {
            username: username.into(),
            password: password.into(),
        }
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

impl LoginCredentials for PasswordCredentials {
    fn account(&self) -> &str {
        &self.username
    }
}

impl Drop for PasswordCredentials {
    fn drop(&mut self) {
        drop(Zeroizing::new(std::mem::take(&mut self.password)));
    }
}

impl fmt::Debug for PasswordCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordCredentials")
            .field("username", &self.username)
            .field("password", &"[redacted]")
            .finish()
    }
}

/// The credentials of an application that lets somebody else log users in: no value of this type
/// exists.
///
/// Such an application writes no [`authenticate`](crate::Authenticate::authenticate). It calls
/// [`Sessions::start`](crate::Sessions::start) when it knows the user. Its endpoints have no login,
/// and its metadata does not name the password grant.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum NoCredentials {}

impl LoginCredentials for NoCredentials {
    fn account(&self) -> &str {
        match *self {}
    }
}
