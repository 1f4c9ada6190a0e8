//! [`HttpClient`]: what reaches the endpoints. [`Exchange`] is the same with its type erased.

use std::future::{Future, poll_fn};
use std::pin::Pin;

use bytes::{Buf, Bytes};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use tower_service::Service;
use zeroize::Zeroizing;

use crate::BoxError;

/// An HTTP client that reaches the endpoints of the [`Server`](crate::Server): any Tower service
/// that takes a `Full<Bytes>`. It is implemented for all of them.
///
/// It must not follow redirects, since a redirected POST takes the refresh token or the password
/// along. The client of `hyper-util` follows none. For `reqwest` there is `ReqwestClient` (feature
/// `reqwest`), which follows none either.
///
/// A service with another body, as tonic's `Channel`, becomes one with `tower`'s `map_request`.
///
/// ```
/// use hyper_util::client::legacy::Client;
/// use hyper_util::rt::TokioExecutor;
/// use tower_bearer_client::{Login, Server};
///
/// # fn main() -> Result<(), tower_bearer_client::ClientError> {
/// let http = Client::builder(TokioExecutor::new()).build_http();
/// let login = Login::new(Server::new("http://127.0.0.1:3000", "/auth")?, http);
/// # Ok(())
/// # }
/// ```
pub trait HttpClient:
    Service<
        Request<Full<Bytes>>,
        Response = Response<<Self as HttpClient>::Body>,
        Error: Into<BoxError>,
        Future: Send,
    > + Clone
    + Send
    + Sync
    + 'static
{
    /// The body of its responses.
    type Body: Body<Data: Send, Error: Into<BoxError>> + Send;
}

impl<S, B> HttpClient for S
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
    B: Body<Data: Send, Error: Into<BoxError>> + Send,
{
    type Body = B;
}

/// A response with its whole body, which is wiped.
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

pub(crate) type Answering<'a> =
    Pin<Box<dyn Future<Output = Result<Answered, BoxError>> + Send + 'a>>;

/// An [`HttpClient`] with its type erased, so that a login does not have its type.
pub(crate) trait Exchange: Send + Sync {
    fn exchange(&self, request: Request<Full<Bytes>>) -> Answering<'_>;
}

impl<S: HttpClient> Exchange for S {
    fn exchange(&self, request: Request<Full<Bytes>>) -> Answering<'_> {
        let mut http = self.clone();
        Box::pin(async move {
            poll_fn(|cx| http.poll_ready(cx))
                .await
                .map_err(Into::into)?;
            let (head, body) = http.call(request).await.map_err(Into::into)?.into_parts();
            Ok(Answered {
                status: head.status,
                headers: head.headers,
                body: collect(body).await?,
            })
        })
    }
}

async fn collect<B>(body: B) -> Result<Zeroizing<Vec<u8>>, BoxError>
where
    B: Body<Error: Into<BoxError>>,
{
    let mut body = std::pin::pin!(body);
    // All of it at once: a vector that grows would leave copies behind.
    let mut all = Zeroizing::new(Vec::with_capacity(MAX_BODY));
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame.map_err(Into::into)?.into_data() else {
            continue;
        };
        if data.remaining() > MAX_BODY - all.len() {
            return Err("the answer is larger than 64 KiB".into());
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            let length = chunk.len();
            all.extend_from_slice(chunk);
            data.advance(length);
        }
    }
    Ok(all)
}

const MAX_BODY: usize = 64 * 1024;
