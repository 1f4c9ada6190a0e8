//! [`HttpClient`] fetches documents: `Reqwest` by default, or a client of the application.

use std::fmt;
use std::sync::OnceLock;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, ACCEPT_ENCODING};
use http::{Response, Uri};

use crate::error::BoxError;
use crate::limits::FETCH_DEADLINE;
use crate::url::is_loopback;

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
/// A client of `reqwest` is one too, of the version that this crate uses. Its redirects, timeouts,
/// certificates and proxies are what the application set. A response from another URL, after a
/// redirect, is refused.
///
/// ```
/// use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
/// use tower_bearer::RemoteJwks;
///
/// # fn example(ca: &[u8], token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))?;
/// bearer.set_sensitive(true);
/// let client = reqwest::Client::builder()
///     // A private authority, beside those of the operating system.
///     .tls_certs_merge([reqwest::Certificate::from_pem(ca)?])
///     // A key set that is protected.
///     .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
///     .redirect(reqwest::redirect::Policy::none())
///     .build()?;
/// let keys = RemoteJwks::new("https://10.0.0.1/openid/v1/jwks")?.with_http_client(client);
/// # Ok(())
/// # }
/// ```
///
/// Where the credentials change, such as a token in a file of Kubernetes, implement this trait, and
/// read the file in `get`.
///
/// # Contract
///
/// - It sends one `GET` to exactly this URL, and follows no redirect, which could lead anywhere.
/// - It checks the certificate of an `https` URL.
/// - It names `application/jwk-set+json` and `application/json` in `Accept`: some servers respond
///   to nothing else. It asks for a document that is not compressed, or decompresses it.
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
pub(super) struct Reqwest {
    usual: OnceLock<reqwest::Client>,
    /// For this machine, which no proxy of the environment can reach.
    loopback: OnceLock<reqwest::Client>,
}

impl Reqwest {
    fn client(&self, url: &Uri) -> Result<&reqwest::Client, BoxError> {
        let is_here = url.host().is_some_and(is_loopback);
        let place = if is_here { &self.loopback } else { &self.usual };
        if let Some(client) = place.get() {
            return Ok(client);
        }
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .timeout(FETCH_DEADLINE)
            .user_agent(concat!("tower-bearer/", env!("CARGO_PKG_VERSION")));
        let builder = if is_here { builder.no_proxy() } else { builder };
        let client = builder.build()?;
        Ok(place.get_or_init(|| client))
    }
}

#[async_trait]
impl HttpClient for Reqwest {
    async fn get(&self, url: &Uri, max_bytes: usize) -> Result<Response<Bytes>, BoxError> {
        HttpClient::get(self.client(url)?, url, max_bytes).await
    }
}

#[async_trait]
impl HttpClient for reqwest::Client {
    async fn get(&self, url: &Uri, max_bytes: usize) -> Result<Response<Bytes>, BoxError> {
        let url = reqwest::Url::parse(&url.to_string())?;
        let request = Self::get(self, url.clone())
            .header(ACCEPT, ACCEPTED)
            .header(ACCEPT_ENCODING, "identity");
        // The URL is in the error of the caller.
        let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
        if *response.url() != url {
            return Err("the client followed a redirect to another URL".into());
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(reqwest::Error::without_url)?
        {
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

/// Some servers know only the type of RFC 7517 section 8.5, others only JSON.
const ACCEPTED: &str = "application/jwk-set+json, application/json, */*;q=0.1";
