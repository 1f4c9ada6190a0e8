//! [`Endpoints`]: one exchange with one of them, and what its answer means.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::Full;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::answer::{ErrorAnswer, TokenAnswer};
use super::http_client::{Answered, Exchange};
use super::retry_after::retry_after;
use crate::secret::Secret;
use crate::{ClientError, ClientErrorKind, Clock, HttpClient, Server};

/// The endpoints of a server, and the way there.
pub(crate) struct Endpoints {
    pub(crate) server: Server,
    http: Box<dyn Exchange>,
    /// For a date in `Retry-After`.
    clock: Arc<dyn Clock>,
}

/// What is asked of the server.
#[derive(Clone, Copy)]
pub(crate) enum Endpoint {
    Login,
    Refresh,
    Logout,
    Reauthenticate,
}

impl Endpoint {
    fn takes_credentials(self) -> bool {
        matches!(self, Self::Login | Self::Reauthenticate)
    }
}

/// What goes with the form.
#[derive(Clone, Copy)]
pub(crate) enum With<'a> {
    Nothing,
    /// An `Idempotency-Key`.
    Key(&'a Secret),
    /// An access token.
    Access(&'a HeaderValue),
}

/// An exchange that did not succeed.
pub(crate) struct Failure {
    pub(crate) error: ClientError,
    pub(crate) then: Then,
}

/// What to do after a failure.
pub(crate) enum Then {
    /// The server's last word: `invalid_grant`.
    End,
    /// The server may have received the request or not, or is busy: send the same request again,
    /// after this time if the server named one.
    Again(Option<Duration>),
    /// The same once more would fail again.
    Rest,
}

impl Endpoints {
    pub(crate) fn new(server: Server, http: impl HttpClient, clock: Arc<dyn Clock>) -> Self {
        let http = Box::new(http);
        Self {
            server,
            http,
            clock,
        }
    }

    /// Sends a form, and returns the tokens.
    pub(crate) async fn tokens(
        &self,
        endpoint: Endpoint,
        form: &[(&str, &str)],
        with: With<'_>,
    ) -> Result<TokenAnswer, Failure> {
        let body = self.post(endpoint, form, with).await?;
        TokenAnswer::read(&body).ok_or_else(|| rest("the answer holds no bearer token"))
    }

    /// Sends a form, and returns the body of an answer that is 200.
    pub(crate) async fn post(
        &self,
        endpoint: Endpoint,
        form: &[(&str, &str)],
        with: With<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let uri = match endpoint {
            Endpoint::Login => self.server.login(),
            Endpoint::Refresh => self.server.refresh(),
            Endpoint::Logout => self.server.logout(),
            Endpoint::Reauthenticate => self.server.reauthenticate(),
        };
        let mut request = Request::new(Full::new(encoded(form)));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = uri.clone();
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        match with {
            With::Nothing => {}
            With::Key(key) => {
                let key = key
                    .header("")
                    .map_err(|_| rest("a key that fits no header"))?;
                headers.insert("idempotency-key", key);
            }
            With::Access(value) => {
                headers.insert(AUTHORIZATION, value.clone());
            }
        }
        let answered = match timeout(LIMIT, self.http.exchange(request)).await {
            // Half an answer is a lost one.
            Ok(outcome) => outcome.map_err(|cause| again(ClientError::unavailable(cause)))?,
            Err(_) => return Err(again(ClientError::unavailable("no answer in time"))),
        };
        if answered.status == StatusCode::OK {
            Ok(answered.body)
        } else {
            Err(self.failure(endpoint, &answered))
        }
    }

    fn failure(&self, endpoint: Endpoint, answered: &Answered) -> Failure {
        let status = answered.status;
        let said = ErrorAnswer::read(&answered.body);
        let wait = retry_after(&answered.headers, || self.clock.now());
        // Some applications set 401 for it.
        let is_rejected = said.error == "invalid_grant"
            && matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        let (kind, then) = match status {
            _ if is_rejected && endpoint.takes_credentials() => {
                (ClientErrorKind::InvalidCredentials, Then::End)
            }
            _ if is_rejected => (ClientErrorKind::NotLoggedIn, Then::End),
            _ if said.error == "access_denied" && status.is_client_error() => {
                (ClientErrorKind::Denied, Then::Rest)
            }
            StatusCode::TOO_MANY_REQUESTS => (
                ClientErrorKind::TooManyAttempts,
                Then::Again(Some(wait.unwrap_or(AFTER_TOO_MANY))),
            ),
            // The other two are a proxy's: the server may have answered.
            StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::BAD_GATEWAY
            | StatusCode::GATEWAY_TIMEOUT => (ClientErrorKind::Unavailable, Then::Again(wait)),
            _ => (ClientErrorKind::Unavailable, Then::Rest),
        };
        let error = ClientError::new(kind)
            .with_reason(said.word())
            .with_retry_after(wait);
        let error = match then {
            Then::End => error,
            _ => error.with_cause(format!("the server answered {status}")),
        };
        Failure { error, then }
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Endpoints").field(&self.server).finish()
    }
}

/// The form, which is wiped when it has been sent.
fn encoded(form: &[(&str, &str)]) -> Bytes {
    // A byte becomes three at most. A text that grows would leave copies behind.
    let length: usize = form
        .iter()
        .map(|(name, value)| 3 * (name.len() + value.len()) + 2)
        .sum();
    let form = form_urlencoded::Serializer::new(String::with_capacity(length))
        .extend_pairs(form)
        .finish();
    Bytes::from_owner(Zeroizing::new(form.into_bytes()))
}

fn again(error: ClientError) -> Failure {
    let then = Then::Again(None);
    Failure { error, then }
}

fn rest(text: &'static str) -> Failure {
    Failure {
        error: ClientError::unavailable(text),
        then: Then::Rest,
    }
}

/// A round trip may take almost half of the server's overlap, which is 30 seconds.
const LIMIT: Duration = Duration::from_secs(10);
/// After a 429 that names no time.
const AFTER_TOO_MANY: Duration = Duration::from_secs(60);
