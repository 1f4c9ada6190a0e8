//! The layer: what it lets through, what it refuses, and what a handler learns.

mod grpc;
mod guards;
mod hints;
mod logs;
mod nested;
mod own_refusals;
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
mod typed_claims;
mod user;
mod watch;
mod websocket;
