//! [`Failure`]: an exchange that did not succeed, and what to do then.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use http::StatusCode;

use super::answer::ErrorAnswer;
use super::challenge::refuses_token;
use super::http_client::Answered;
use super::retry_after::retry_after;
use crate::{BoxError, ClientError, ClientErrorKind};

pub(crate) struct Failure {
    pub(crate) error: ClientError,
    pub(crate) then: Then,
}

/// What to do after a failure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// The server's last word: `invalid_grant`.
    End,
    /// The access token was refused, before anything was done.
    Renew,
    /// The server has looked at the form, and speaks of the session: a refresh tells whether the
    /// login is over.
    Ask,
    /// No answer came. The server may have received the request: send the same one again.
    Retry,
    /// The server is busy: send the same request again, after this time if it named one.
    Again(Option<Duration>),
    /// The same once more would fail again.
    Rest,
}

impl Failure {
    pub(super) fn lost(cause: impl Into<BoxError>) -> Self {
        Self {
            error: ClientError::unavailable(cause),
            then: Then::Retry,
        }
    }

    pub(super) fn rest(text: &'static str) -> Self {
        ClientError::unavailable(text).into()
    }

    /// What an answer means that is not 200. `rejected` is what `invalid_grant` means here,
    /// and `is_secret` tells which texts are not shown.
    pub(super) fn answered(
        answered: &Answered,
        path: &str,
        rejected: impl FnOnce(&ErrorAnswer) -> (ClientErrorKind, Then),
        is_secret: impl Fn(&str) -> bool,
        now: impl FnOnce() -> SystemTime,
    ) -> Self {
        let (status, headers) = (answered.status, &answered.headers);
        let said = ErrorAnswer::read(&answered.body);
        let wait = retry_after(headers, now);
        // Some applications set 401 for it.
        let is_rejected = said.error == "invalid_grant"
            && matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        let (kind, then) = match status {
            _ if is_rejected => rejected(&said),
            _ if said.error == "access_denied" && status.is_client_error() => {
                (ClientErrorKind::Denied, Then::Rest)
            }
            _ if refuses_token(status, headers) => (ClientErrorKind::Unavailable, Then::Renew),
            StatusCode::TOO_MANY_REQUESTS => (
                ClientErrorKind::TooManyAttempts,
                Then::Again(Some(wait.unwrap_or(AFTER_TOO_MANY))),
            ),
            // The other two are a proxy's: the server may have answered.
            StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::BAD_GATEWAY
            | StatusCode::GATEWAY_TIMEOUT => (ClientErrorKind::Unavailable, Then::Again(wait)),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                (ClientErrorKind::Settings, Then::Rest)
            }
            _ => (ClientErrorKind::Unavailable, Then::Rest),
        };
        let reason = match kind {
            ClientErrorKind::Settings => Some(Cow::Owned(format!(
                "the server answered {} to POST {path}: is this endpoint mounted there, and is \
                 the path given to Server::new right?",
                status.as_u16()
            ))),
            _ => said.word(is_secret),
        };
        let error = ClientError::new(kind)
            .with_reason(reason)
            .with_retry_after(wait);
        let error = match then {
            Then::End => error,
            _ => error.with_cause(format!("the server answered {status}")),
        };
        Self { error, then }
    }
}

/// An answer that holds no tokens which can be used.
impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let then = Then::Rest;
        Self { error, then }
    }
}

/// After a 429 that names no time.
const AFTER_TOO_MANY: Duration = Duration::from_secs(60);
