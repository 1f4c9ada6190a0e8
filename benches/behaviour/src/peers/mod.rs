//! The crates that are driven.

pub mod axess;
pub mod axum_login;
pub mod oauth_as;
pub mod oxide_auth;
pub mod session_guard;
pub mod tower_bearer;
