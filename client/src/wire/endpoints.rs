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
use super::failure::{Failure, Then};
use super::http_client::Exchange;
use super::with::With;
use crate::runtime::runtime;
use crate::{ClientErrorKind, Clock, HttpClient, Server};

/// The endpoints of a server, and the way there.
pub(crate) struct Endpoints {
    pub(crate) server: Server,
    http: Box<dyn Exchange>,
    /// For a date in `Retry-After` of a response without `Date`.
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
    /// What `invalid_grant` means.
    fn rejected(self, said: &ErrorAnswer) -> (ClientErrorKind, Then) {
        match self {
            Self::Reauthenticate if said.is_of_session() => {
                (ClientErrorKind::Unavailable, Then::Ask)
            }
            Self::Login | Self::Reauthenticate => (ClientErrorKind::InvalidCredentials, Then::End),
            Self::Refresh | Self::Logout => (ClientErrorKind::NotLoggedIn, Then::End),
        }
    }
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
        Ok(TokenAnswer::read(&body)?)
    }

    /// Sends a form, and returns the body of an answer that is 200.
    pub(crate) async fn post(
        &self,
        endpoint: Endpoint,
        form: &[(&str, &str)],
        with: With<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        runtime()?;
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
                    .map_err(|_| Failure::rest("a key that fits no header"))?;
                headers.insert("idempotency-key", key);
            }
            With::Access(value) => {
                headers.insert(AUTHORIZATION, value.clone());
            }
        }
        let answered = match timeout(LIMIT, self.http.exchange(request)).await {
            // Half an answer is a lost one.
            Ok(outcome) => outcome.map_err(Failure::lost)?,
            Err(_) => return Err(Failure::lost("no answer in time")),
        };
        if answered.status == StatusCode::OK {
            Ok(answered.body)
        } else {
            Err(Failure::answered(
                &answered,
                uri.path(),
                |said| endpoint.rejected(said),
                |text| with.is_repeated(form, text),
                || self.clock.now(),
            ))
        }
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

/// A round trip may take almost half of the server's overlap, which is 30 seconds.
const LIMIT: Duration = Duration::from_secs(10);
