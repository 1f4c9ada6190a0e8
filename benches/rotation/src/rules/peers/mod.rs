//! Rules of other crates, driven with their own stores in memory.

pub mod axess;
pub mod oauth_as;
pub mod session_guard;
pub mod wait;
