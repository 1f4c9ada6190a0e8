//! [`HttpClient`] fetches documents, and `Reqwest` is the default one.

use std::fmt;
use std::sync::OnceLock;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Response, Uri};

use crate::error::BoxError;
use crate::limits::FETCH_DEADLINE;

/// Fetches a document for [`RemoteJwks`](super::RemoteJwks).
///
/// ```
/// use bytes::Bytes;
/// use http::{Response, Uri};
/// use tower_bearer::store::async_trait;
/// use tower_bearer::keys::HttpClient;
/// use tower_bearer::BoxError;
///
/// /// Always returns the same set, for a test.
/// #[derive(Debug)]
/// struct Fixed(&'static str);
///
/// #[async_trait]
/// impl HttpClient for Fixed {
///     async fn get(&self, _url: &Uri, _max_bytes: usize) -> Result<Response<Bytes>, BoxError> {
///         Ok(Response::new(Bytes::from_static(self.0.as_bytes())))
///     }
/// }
/// ```
///
/// # Contract
///
/// - It sends one `GET` to exactly this URL, and follows no redirect, which could lead anywhere.
/// - It checks the certificate of an `https` URL.
/// - It reads at most `max_bytes` of a body, and fails where there are more. The length is checked
///   once more by the caller.
/// - Its future may be dropped at any time, and is dropped after 5 seconds.
#[async_trait]
pub trait HttpClient: fmt::Debug + Send + Sync + 'static {
    /// Fetches the document at `url`. A response with any status is `Ok`, together with its
    /// headers: `Cache-Control` and `Age` count.
    ///
    /// # Errors
    ///
    /// There was no response, or it was too large.
    async fn get(&self, url: &Uri, max_bytes: usize) -> Result<Response<Bytes>, BoxError>;
}

/// The default client. It is built when it is first needed, because reading the root certificates
/// takes a moment, and may fail.
#[derive(Debug, Default)]
pub(super) struct Reqwest(OnceLock<reqwest::Client>);

impl Reqwest {
    fn client(&self) -> Result<&reqwest::Client, BoxError> {
        if let Some(client) = self.0.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(FETCH_DEADLINE)
            .user_agent(concat!("tower-bearer/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(self.0.get_or_init(|| client))
    }
}

#[async_trait]
impl HttpClient for Reqwest {
    async fn get(&self, url: &Uri, max_bytes: usize) -> Result<Response<Bytes>, BoxError> {
        let request = self
            .client()?
            .get(url.to_string())
            .header(http::header::ACCEPT, "application/json");
        let mut response = request.send().await?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > max_bytes {
                return Err("the document is too large".into());
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body.freeze());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}
