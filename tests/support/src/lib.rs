//! What the tests share: services to protect, tokens made by hand, accounts and stores that do as they are told, and responses that are read back.

#![allow(
    clippy::must_use_candidate,
    reason = "a test that forgets what a helper returns has asserted nothing, and reads like it"
)]
#![allow(clippy::new_without_default, reason = "`new` is how a test begins")]

pub mod app_server;
pub mod in_turn;
pub mod keys;
pub mod log;
pub mod login;
pub mod request;
pub mod servers;
pub mod store;
pub mod wait;
