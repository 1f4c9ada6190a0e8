//! The login of one user: what an application holds.

mod builder;
mod form;
mod handle;
mod reauthenticate;

pub use builder::LoginBuilder;
pub use handle::Login;
