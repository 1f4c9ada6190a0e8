#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
// Tests and examples may use `unwrap`. In the library no input may reach a panic.
#![warn(clippy::unwrap_used)]

mod clock;
mod error;
mod login;
#[cfg(feature = "test-util")]
mod manual_clock;
mod origin;
mod refresh;
mod runtime;
mod secret;
mod server;
mod service;
mod store;
mod tokens;
mod wire;

pub use clock::{Clock, SystemClock};
pub use error::{BoxError, ClientError, ClientErrorKind};
pub use login::{Login, LoginBuilder};
#[cfg(feature = "test-util")]
pub use manual_clock::ManualClock;
pub use server::Server;
pub use service::{
    BearerClient, BearerClientLayer, HttpRequest, HttpResponse, Resend, ResponseFuture, SendOnce,
    SendTwice,
};
#[cfg(feature = "reqwest")]
pub use service::{ReqwestClient, ReqwestRequest};
pub use store::{FileTokenStore, MemoryTokenStore, StoredLogin, TokenStore};
pub use wire::HttpClient;
