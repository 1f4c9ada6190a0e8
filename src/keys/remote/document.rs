//! Fetches one document, within the limits of time and size.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{Response, StatusCode, Uri};

use super::fetch_error::{FetchError, Shown};
use super::settings::{MAX_DOCUMENT_BYTES, Settings};
use crate::error::BoxError;
use crate::limits::{FETCH_DEADLINE, with_timeout};

/// Fetches a document, with whatever status.
pub(super) async fn get(settings: &Settings, url: &Uri) -> Result<Response<Bytes>, FetchError> {
    let fetched = settings.client.get(url, MAX_DOCUMENT_BYTES);
    let response = with_timeout(FETCH_DEADLINE, fetched)
        .await
        .map_err(|error: BoxError| FetchError::no_response(url, &error))?;
    if response.body().len() > MAX_DOCUMENT_BYTES {
        return Err(FetchError::new(url, "the document is too large"));
    }
    Ok(response)
}

/// Says what is wrong with the text of a document. One that is compressed looks like garbage.
pub(super) fn unreadable(
    url: &Uri,
    response: &Response<Bytes>,
    what: impl fmt::Display,
) -> FetchError {
    let Some(coding) = response.headers().get(CONTENT_ENCODING) else {
        return FetchError::new(url, what);
    };
    let coding = String::from_utf8_lossy(coding.as_bytes());
    FetchError::new(
        url,
        format_args!(
            "{what}. Its Content-Encoding is {}, which was not asked for: the server has to send \
             it uncompressed, or `with_http_client` needs a client that decompresses",
            Shown(&coding)
        ),
    )
}

/// Demands the status 200. `suggest` says what to write for the URL that a redirect leads to.
pub(super) fn demand_ok(
    settings: &Settings,
    url: &Uri,
    response: Response<Bytes>,
    suggest: impl Fn(&str) -> Option<String>,
) -> Result<Response<Bytes>, FetchError> {
    if response.status() == StatusCode::OK {
        return Ok(response);
    }
    Err(FetchError::status(
        url,
        &response,
        settings.clock.now(),
        suggest,
    ))
}
