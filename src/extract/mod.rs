//! The parts for Axum: extractors, their rejections, and responses that handlers return.

mod bearer;
mod into_rejection;
mod login;

pub use bearer::BearerRejection;
pub use login::EndpointRejection;
