//! What happens to clients. Each file has the columns of a table, and makes the row of a peer.

pub mod logout;
pub mod lost_answer;
pub mod race;
pub mod swapped;
pub mod thief;
pub mod two_tabs;
