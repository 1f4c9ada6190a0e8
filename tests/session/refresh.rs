//! Refreshes: the rule of rotation, and what may happen in the middle of it.

mod forged;
mod grants;
mod hang_up;
mod lifetimes;
mod races;
mod receipts;
mod rule;
mod slow;

use support::{Login, Tokens};

/// Logs in and refreshes once: the tokens of generations 0 and 1.
async fn rotated(login: &Login) -> (Tokens, Tokens) {
    let first = login.log_in("alice").await;
    let second = login.refresh(&first.refresh).await.tokens();
    (first, second)
}
