//! The application. `main.rs` starts it, and the tests call it without a port.

pub mod accounts;
pub mod config;
pub mod database;
pub mod routes;
pub mod users;
