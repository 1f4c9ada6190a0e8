//! The login of one user: what an application holds.

mod builder;
mod handle;

pub use builder::LoginBuilder;
pub use handle::Login;
