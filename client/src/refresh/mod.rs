//! One refresh for all who wait, and the parts of a login that it needs.

mod fresh;
mod shared;

pub(crate) use fresh::fresh_of;
pub(crate) use shared::Shared;
