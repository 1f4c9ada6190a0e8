//! Crates of the client's side: eight tasks of one program need a new access token at once.

pub mod eight_tasks;
mod server;
mod skyauth;
mod tower_bearer_client;
