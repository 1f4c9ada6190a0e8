//! The stores that need no server.

#[path = "../support/in_turn.rs"]
mod in_turn;

mod faulty;
mod promises;
