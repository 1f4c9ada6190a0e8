//! [`LoginCredentials`] are what a login sends: [`PasswordCredentials`], or an application's own
//! type.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// The credentials that a login sends: [`PasswordCredentials`], or the application's own type.
///
/// The login endpoint reads it from a form or a JSON object with `serde`. A field that is a number
/// or a `bool` is read from text too: every field of a form is text, also where a page's script
/// sends it as JSON. Within `#[serde(flatten)]` it stays text, because there `serde` does not say
/// which type it needs.
///
/// ```
/// use std::borrow::Cow;
///
/// use serde::Deserialize;
/// use tower_bearer::LoginCredentials;
///
/// #[derive(Deserialize)]
/// struct CustomerLogin {
///     email: String,
///     password: String,
///     /// A checkbox that is not ticked sends nothing.
///     #[serde(default)]
///     remember_me: bool,
/// }
///
/// impl LoginCredentials for CustomerLogin {
///     fn account(&self) -> Cow<'_, str> {
///         (&self.email).into()
///     }
/// }
/// ```
pub trait LoginCredentials: DeserializeOwned + Send + Sync + 'static {
    /// Returns the account to log in to, as it was sent: a user name or an email address, never a
    /// secret.
    ///
    /// Limits on guesses count attempts per account, also for accounts that do not exist. **Where a
    /// user name is not unique**, such as the `admin` of each tenant, join all fields that name the
    /// account. Otherwise the guesses at one `admin` count against the others, and a device that
    /// one of them has logged in from is a known device of them all. Put a character between the
    /// fields that the first one cannot have:
    ///
    /// ```
    /// # use std::borrow::Cow;
    /// # use tower_bearer::LoginCredentials;
    /// #[derive(serde::Deserialize)]
    /// struct TenantLogin {
    ///     tenant: String,
    ///     username: String,
    ///     password: String,
    /// }
    ///
    /// impl LoginCredentials for TenantLogin {
    ///     fn account(&self) -> Cow<'_, str> {
    ///         format!("{}/{}", self.tenant, self.username).into()
    ///     }
    /// }
    /// ```
    fn account(&self) -> Cow<'_, str>;
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
    /// Makes credentials, for tests and for the application's own login handlers.
    #[must_use]
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            password: password.into(),
        }
    }

    /// Returns the user name.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Returns the password. Keep it out of logs.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl LoginCredentials for PasswordCredentials {
    fn account(&self) -> Cow<'_, str> {
        (&self.username).into()
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

/// The credentials of an application whose users log in elsewhere. No value of this type exists.
///
/// Such an application does not write [`authenticate`](crate::Authenticate::authenticate). It calls
/// [`Sessions::start`](crate::Sessions::start) when it knows the user. Its endpoints do not have a
/// login, and its metadata does not name the password grant.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum NoCredentials {}

impl LoginCredentials for NoCredentials {
    fn account(&self) -> Cow<'_, str> {
        match *self {}
    }
}
