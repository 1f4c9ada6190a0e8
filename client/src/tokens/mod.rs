//! The tokens in memory, and whose turn it is to renew them.

mod change;
mod ending;
mod held;
mod pair;
mod rest;
mod saved;
mod stored;
mod take_in;
mod trial;
mod turn;
mod version;

pub(crate) use ending::{Ending, ended};
pub(crate) use held::{Due, Tokens};
pub(crate) use pair::Pair;
pub(crate) use stored::{Kept, Unsaved};
pub(crate) use turn::{Next, Turn};
pub(crate) use version::{Generation, Lineage};
