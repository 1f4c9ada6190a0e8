//! The layer, its service, and the types of HTTP clients that it takes.

mod attempt;
mod call;
mod layer;
mod request;
#[cfg(feature = "reqwest")]
mod reqwest;
mod resend;

#[cfg(feature = "reqwest")]
pub use self::reqwest::{ReqwestClient, ReqwestRequest};
pub use call::ResponseFuture;
pub use layer::{BearerClient, BearerClientLayer};
pub use request::{HttpRequest, HttpResponse};
pub use resend::{Resend, SendOnce, SendTwice};
