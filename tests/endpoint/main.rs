//! The endpoints over HTTP: what they read, what they answer, and what they say of themselves.

#[path = "../support/log.rs"]
mod log;
#[path = "../support/login.rs"]
mod login_flow;
#[path = "../support/request.rs"]
mod request_flow;

mod cookies;
mod input;
mod mounting;
mod openapi;
mod openapi_answers;
mod resource_metadata;
mod server_metadata;
mod ticket;
mod token;
