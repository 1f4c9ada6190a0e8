//! One exchange with an endpoint, and what its answer means.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use serde::Deserialize;
use tokio::time::timeout;
use tower::ServiceExt;
use tower_bearer::BoxError;

use super::{ClientError, Http};

/// The tokens of an answer (RFC 6749 section 5.1). It has no `Debug`.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    pub(super) access_token: String,
    token_type: String,
    pub(super) expires_in: u64,
    pub(super) refresh_token: String,
    /// Only a login has it.
    pub(super) device_mark: Option<DeviceMark>,
}

/// Proves at the next login that this device has logged in before, so that strangers who guess
/// passwords do not use up its attempts. It is not a credential. `Debug` does not show it.
#[derive(Clone, Deserialize)]
pub(super) struct DeviceMark(String);

impl DeviceMark {
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DeviceMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceMark([redacted])")
    }
}

impl TokenAnswer {
    pub(super) fn read(json: &[u8]) -> Result<Self, Failure> {
        // serde's error repeats what it has read: it stays here.
        let answer: Option<Self> = serde_json::from_slice(json).ok();
        let bearer = answer.filter(|answer| answer.token_type.eq_ignore_ascii_case("bearer"));
        bearer.ok_or(Failure::Failed("the answer holds no bearer token".into()))
    }
}

/// An error (RFC 6749 section 5.2).
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorAnswer {
    error: String,
    reason: String,
}

/// The meaning of an exchange that did not succeed.
pub(super) enum Failure {
    /// 400 `invalid_grant`: the server's last word.
    Rejected { reason: String },
    /// The server may have received the request or not, or is busy: send the same request again.
    Again {
        wait: Option<Duration>,
        cause: BoxError,
    },
    /// The same once more would fail again.
    Failed(BoxError),
}

impl Failure {
    fn again(cause: impl Into<BoxError>) -> Self {
        Self::Again {
            wait: None,
            cause: cause.into(),
        }
    }
}

impl From<Failure> for ClientError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Rejected { reason } => Self::log_in_again(reason),
            Failure::Again { cause, .. } | Failure::Failed(cause) => Self::unavailable(cause),
        }
    }
}

/// Posts a form, with an `Idempotency-Key` or without; the body of an answer that is 200.
pub(super) async fn post(
    http: impl Http,
    uri: &Uri,
    form: &[(&str, &str)],
    key: Option<&HeaderValue>,
) -> Result<Bytes, Failure> {
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let mut request = Request::new(Full::from(form));
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = uri.clone();
    request.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    if let Some(key) = key {
        request.headers_mut().insert("idempotency-key", key.clone());
    }
    let exchange = async {
        let response = http.oneshot(request).await.map_err(Failure::again)?;
        let (head, body) = response.into_parts();
        // Half an answer is a lost one.
        let body = Limited::new(body, MAX_BODY)
            .collect()
            .await
            .map_err(Failure::again)?
            .to_bytes();
        if head.status == StatusCode::OK {
            Ok(body)
        } else {
            Err(failure(head.status, &head.headers, &body))
        }
    };
    timeout(LIMIT, exchange)
        .await
        .unwrap_or_else(|_| Err(Failure::again("no answer in time")))
}

fn failure(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let said: ErrorAnswer = serde_json::from_slice(body).unwrap_or_default();
    let cause = format!("the server answered {status}").into();
    match status {
        StatusCode::BAD_REQUEST if said.error == "invalid_grant" => {
            Failure::Rejected { reason: word(said) }
        }
        // The other two are a proxy's: the server may have answered.
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            Failure::Again {
                wait: retry_after(headers),
                cause,
            }
        }
        _ => Failure::Failed(cause),
    }
}

/// The server's reason, where it is a word as in `refresh_reused`: no other text of an answer gets
/// into an error.
fn word(said: ErrorAnswer) -> String {
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if is_word(&said.reason) && said.reason.len() <= 40 {
        said.reason
    } else {
        said.error
    }
}

/// In seconds. A date counts as absent: our endpoints send none.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

/// A round trip may take almost half of the server's overlap, which is 30 seconds.
const LIMIT: Duration = Duration::from_secs(10);
const MAX_BODY: usize = 64 * 1024;
