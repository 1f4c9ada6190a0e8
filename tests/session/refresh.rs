//! Refreshes: the rule of rotation, and what may happen in the middle of it.

mod forged;
mod grants;
mod hang_up;
mod lifetimes;
mod races;
mod receipts;
mod rule;
mod slow;
