//! [`Denial`] is a refusal with the application's own reason.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

use crate::limits::retry_after;

/// A refusal with the application's own reason.
#[derive(Clone, Debug)]
pub(crate) struct Denial {
    pub(crate) reason: &'static str,
    pub(crate) description: Option<Cow<'static, str>>,
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    /// Whether the login throttle gives the attempt back.
    pub(crate) credentials_are_valid: bool,
}

impl Denial {
    /// Makes a denial with the status 403.
    ///
    /// # Panics
    ///
    /// If `reason` is not a word of at most 64 lower-case ASCII letters, digits and `_`.
    #[track_caller]
    pub(super) fn new(reason: &'static str) -> Self {
        let is_word = (1..=MAX_REASON).contains(&reason.len())
            && reason
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        assert!(
            is_word,
            "{reason:?} is not a reason: a reason is at most 64 lower-case ASCII letters, digits \
             and `_`, as in `email_unverified`"
        );
        Self {
            reason,
            description: None,
            status: StatusCode::FORBIDDEN,
            retry_after: None,
            credentials_are_valid: false,
        }
    }

    /// Sets the status of the response.
    ///
    /// # Panics
    ///
    /// If `status` is not from 400 to 599.
    #[track_caller]
    pub(super) fn set_status(&mut self, status: StatusCode) {
        assert!(
            status.is_client_error() || status.is_server_error(),
            "{status} is not an error status: use one from 400 to 599"
        );
        self.status = status;
    }

    /// Returns the whole seconds of `Retry-After`. A 503 always has it.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let is_503 = self.status == StatusCode::SERVICE_UNAVAILABLE;
        let usual = is_503.then_some(Duration::ZERO);
        self.retry_after.or(usual).map(retry_after)
    }
}

/// Clients read reasons up to this length.
const MAX_REASON: usize = 64;

/// Defines the settings of a type that may be a denial, and has a `denial_mut`.
macro_rules! denial_settings {
    ($(#[$must_use:meta])?) => {
        /// Sets the status of the response, which is 403 by default. It changes nothing unless this
        /// is a denial.
        ///
        /// # Panics
        ///
        /// If `status` is not from 400 to 599.
        $(#[$must_use])?
        #[track_caller]
        pub fn with_status(mut self, status: http::StatusCode) -> Self {
            if let Some(denial) = self.denial_mut() {
                denial.set_status(status);
            }
            self
        }

        /// Sets when the client may try again: the header `Retry-After`, in whole seconds, rounded
        /// up. Without it a denial with 503 says 1. It changes nothing unless this is a denial.
        $(#[$must_use])?
        pub fn with_retry_after(mut self, after: std::time::Duration) -> Self {
            if let Some(denial) = self.denial_mut() {
                denial.retry_after = Some(after);
            }
            self
        }

        /// Sets the sentence for people: `error_description`. The client reads it, so it must not
        /// say what they may not know. It changes nothing unless this is a denial.
        $(#[$must_use])?
        pub fn with_description(
            mut self,
            description: impl Into<std::borrow::Cow<'static, str>>,
        ) -> Self {
            if let Some(denial) = self.denial_mut() {
                denial.description = Some(description.into());
            }
            self
        }
    };
}
pub(super) use denial_settings;
