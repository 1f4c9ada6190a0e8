//! The examples, as a stranger would start them.

#[path = "../support/app_server.rs"]
mod app_server;
#[path = "../../examples/client/bearer_client/mod.rs"]
mod bearer_client;
#[path = "../support/login.rs"]
mod login_flow;
#[path = "../support/wait.rs"]
mod wait;

mod client;
mod external_issuer;
mod server;
mod server_docs;
