//! The rules that are compared.

pub mod documented;
pub mod peers;
pub mod tower_bearer;
