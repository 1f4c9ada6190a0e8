//! The client's half, against the real server.

mod failures;
mod requests;
mod world;
