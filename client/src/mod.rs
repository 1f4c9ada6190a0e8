//! A client that looks after the tokens of one login. Copy this folder into your application.
//!
//! - The access token goes to the origin of its server, and nowhere else.
//! - The token is renewed ahead of time, with one refresh for all calls; the others wait for it.
//! - A 401 that calls the token invalid makes one refresh, and the request is sent once more.
//! - A lost answer does not log the user out: a refresh token is presented with the same
//!   `Idempotency-Key` each time.
//! - A login sends the mark that the last one left here: strangers who guess passwords do not lock
//!   this device out.
//! - Only the server ends the login. Any other failure leaves the tokens as they are.
//!
//! | file | what it is |
//! |---|---|
//! | `service.rs` | the layer and the service |
//! | `tokens.rs` | the tokens that all clones share, and when they are due |
//! | `refresh.rs` | one refresh for all who wait |
//! | `login.rs` | login and logout |
//! | `wire.rs` | one exchange with an endpoint, and what its answer means |
//! | `challenge.rs` | what a 401 says |
//! | `server.rs` | where the tokens may go |
//! | `error.rs` | what a caller has to know |

mod challenge;
mod error;
mod login;
mod refresh;
mod server;
mod service;
mod tokens;
mod wire;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower::Service;
use tower_bearer::BoxError;

pub(crate) use error::ClientError;
pub(crate) use server::Server;
pub(crate) use service::{BearerClient, BearerClientLayer};
pub(crate) use tokens::Tokens;

/// Any HTTP client that is a Tower service.
///
/// The body of a request is `Full<Bytes>`, because a request may go out twice: a copy of it costs
/// nothing. Of a stream there is no copy, and to collect it unasked could fill the memory.
pub(crate) trait Http:
    Service<
        Request<Full<Bytes>>,
        Response = Response<<Self as Http>::Body>,
        Error: Into<BoxError>,
        Future: Send,
    > + Clone
    + Send
    + Sync
    + 'static
{
    type Body: Body<Data: Send, Error: Into<BoxError>> + Send;
}

impl<S, B> Http for S
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
