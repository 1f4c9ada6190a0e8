//! The layer: what it lets through, what it refuses, and what a handler learns.

#[path = "../support/store.rs"]
mod failing_store;
#[path = "../support/log.rs"]
mod log;
#[path = "../support/request.rs"]
mod request_flow;

mod grpc;
mod logs;
mod pass_through;
mod preflights;
mod receipts;
mod refusals;
mod resource;
mod scope;
mod sessions;
mod sources;
mod store_down;
mod tickets;
mod tower_contract;
mod user;
mod watch;
mod websocket;
