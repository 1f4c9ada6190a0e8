//! Tonic behind `tower-bearer`: a greeter that knows its caller.
//!
//! ```sh
//! cargo run -p example-tonic                # the server
//! cargo run -p example-tonic --bin client   # beside it
//! ```
//!
//! | file | what it is |
//! |---|---|
//! | `server.rs` | one port for web and gRPC with Axum; the same without; a whole Tonic server behind the layer |
//! | `client.rs` | logs in, and sends the token with each call |
//! | `accounts.rs` | the users who may log in |

pub mod accounts;
pub mod client;
pub mod server;

/// The programs of the guide compile.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/grpc.md")]
struct Guide;

/// Client, server and messages of `proto/greeter.proto`.
#[allow(missing_docs, reason = "generated")]
pub mod proto {
    tonic::include_proto!("greeter");
}
