//! The layers that are compared.

pub mod hand_written;
pub mod ours;
pub mod sessions;

#[cfg(feature = "table")]
pub mod aliri;
#[cfg(feature = "table")]
pub mod jwt_authorizer;
