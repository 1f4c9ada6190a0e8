//! Thieves, and how long it takes until a theft is noticed.

mod holder;
mod kind;
mod theft;

pub use kind::Thief;
pub use theft::Fate;
