//! The login of one user: what an application holds.

mod authorization;
mod builder;
mod form;
mod handle;
mod own_handler;
mod reauthenticate;
mod retry;
mod saved;

pub use builder::LoginBuilder;
pub use handle::Login;
