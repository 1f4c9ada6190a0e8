//! The rows of the tables: rules with their settings.

mod all;
mod candidate;
mod ours;
mod peers;
mod services;

pub use all::all;
pub use candidate::{Candidate, Keys};
