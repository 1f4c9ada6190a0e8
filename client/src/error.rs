//! [`ClientError`]: what a caller has to know.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Any error, of an HTTP client or a store.
///
/// ```
/// let error: tower_bearer_client::BoxError = "the line is dead".into();
/// assert_eq!(error.to_string(), "the line is dead");
/// ```
pub type BoxError = Box<dyn Error + Send + Sync>;

/// All callers that waited for one refresh get the same cause.
type Cause = Arc<dyn Error + Send + Sync>;

/// The reason why there is no response. No part of it comes from a token.
///
/// ```
/// use tower_bearer_client::{ClientErrorKind, Server};
///
/// let error = Server::new("http://api.example.com", "/auth").unwrap_err();
/// assert_eq!(error.kind(), ClientErrorKind::Settings);
/// assert!(error.to_string().contains("https"));
/// ```
#[derive(Clone, Debug)]
pub struct ClientError {
    kind: ClientErrorKind,
    reason: Option<Cow<'static, str>>,
    retry_after: Option<Duration>,
    cause: Option<Cause>,
}

/// The kinds of [`ClientError`]. There are no others, so a `match` needs no last arm.
///
/// ```
/// use tower_bearer_client::ClientErrorKind;
///
/// fn shows_the_login_page(kind: ClientErrorKind) -> bool {
///     matches!(kind, ClientErrorKind::NotLoggedIn | ClientErrorKind::InvalidCredentials)
/// }
/// # assert!(shows_the_login_page(ClientErrorKind::NotLoggedIn));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientErrorKind {
    /// No user is logged in, or the server has ended the login: ask the user to log in.
    NotLoggedIn,
    /// Another login has replaced the one that the request was for, perhaps of another user. A
    /// repeated login of the same user counts as another. The request was not sent, or the server
    /// refused the token of the old login: nothing was done. Send it again if it is still meant.
    LoginReplaced,
    /// The server refused a user name or password. A login that was there before stays.
    InvalidCredentials,
    /// The application denies a login or a refresh (`access_denied`). [`ClientError::reason`] says
    /// why. The tokens stay.
    Denied,
    /// There were too many attempts (429). [`ClientError::retry_after`] says how long to wait.
    TooManyAttempts,
    /// No new tokens can be had now. The tokens stay: try again later.
    Unavailable,
    /// The [`TokenStore`](crate::TokenStore) failed. The message has its error, which is the
    /// [`source`](std::error::Error::source) too.
    Storage,
    /// The request itself did not get through the HTTP client.
    Transport,
    /// The client is set up wrongly. The message names the cure.
    Settings,
}

impl ClientError {
    /// Returns the kind.
    ///
    /// ```
    /// # use tower_bearer_client::{ClientErrorKind, Server};
    /// let error = Server::new("api.example.com", "/auth").unwrap_err();
    /// assert_eq!(error.kind(), ClientErrorKind::Settings);
    /// ```
    #[must_use]
    pub fn kind(&self) -> ClientErrorKind {
        self.kind
    }

    /// Returns the reason that the server gave, as in `session_revoked`: a word of at most 64
    /// letters, digits and `_`. `Settings` has none. No other text of a response gets into an
    /// error, and none that repeats a secret of its request.
    ///
    /// ```
    /// # use tower_bearer_client::ClientError;
    /// fn is_second_factor_needed(error: &ClientError) -> bool {
    ///     error.reason() == Some("code_needed")
    /// }
    /// ```
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        // There it is a cure, and not the server's.
        let is_of_server = self.kind != ClientErrorKind::Settings;
        self.reason.as_deref().filter(|_| is_of_server)
    }

    /// Returns how long to wait: `Retry-After` of the server, a day at most, or the rest of this
    /// client after a refresh that failed.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_bearer_client::ClientError;
    /// fn wait(error: &ClientError) -> Duration {
    ///     error.retry_after().unwrap_or(Duration::from_secs(5))
    /// }
    /// ```
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    pub(crate) fn new(kind: ClientErrorKind) -> Self {
        Self {
            kind,
            reason: None,
            retry_after: None,
            cause: None,
        }
    }

    pub(crate) fn not_logged_in() -> Self {
        Self::new(ClientErrorKind::NotLoggedIn)
    }

    pub(crate) fn login_replaced() -> Self {
        Self::new(ClientErrorKind::LoginReplaced)
    }

    pub(crate) fn unavailable(cause: impl Into<BoxError>) -> Self {
        Self::new(ClientErrorKind::Unavailable).with_cause(cause)
    }

    pub(crate) fn settings(cure: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ClientErrorKind::Settings).with_reason(Some(cure.into()))
    }

    pub(crate) fn with_reason(mut self, reason: Option<Cow<'static, str>>) -> Self {
        self.reason = reason;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    pub(crate) fn with_cause(mut self, cause: impl Into<BoxError>) -> Self {
        self.cause = Some(Arc::from(cause.into()));
        self
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.kind {
            ClientErrorKind::NotLoggedIn if self.reason.is_none() => "no user is logged in",
            ClientErrorKind::NotLoggedIn => "log in again",
            ClientErrorKind::LoginReplaced => {
                "another login has replaced that of this request: send it again if it is still \
                 meant"
            }
            ClientErrorKind::InvalidCredentials => "the server refused the login",
            ClientErrorKind::Denied => "the application denied it",
            ClientErrorKind::TooManyAttempts => "too many attempts, try again later",
            ClientErrorKind::Unavailable => "no tokens can be had now, try again later",
            ClientErrorKind::Storage => "the store of the tokens failed",
            ClientErrorKind::Transport => "the request did not get through",
            ClientErrorKind::Settings => "the client is set up wrongly",
        };
        f.write_str(text)?;
        match (&self.reason, &self.cause) {
            (Some(reason), _) => write!(f, ": {reason}"),
            // It says which file, and what to do.
            (None, Some(cause)) if self.kind == ClientErrorKind::Storage => write!(f, ": {cause}"),
            _ => Ok(()),
        }
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
