//! The client's half, against the real server.

mod failures;
mod loopback;
mod processes;
mod requests;
mod resend;
mod settings;
mod stores;
mod turns;
mod world;
