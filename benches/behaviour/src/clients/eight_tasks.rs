//! The table of the clients, and its row of each.

use super::{skyauth, tower_bearer_client};
use crate::client::in_or_out;
use crate::table::Table;

pub const TASKS: usize = 8;

/// How a server with single use saw a client.
#[derive(Debug, PartialEq, Eq)]
pub struct Seen {
    pub requests: usize,
    pub refused: usize,
    /// Whether the tokens that were received last can be refreshed again.
    pub is_in: bool,
}

pub async fn table() -> Table {
    let columns = &["requests that refresh", "refused of these", "the login"];
    let mut table = Table::new(
        "A client of eight tasks, all of which need a new token",
        columns,
    );
    let own = tower_bearer_client::row().await;
    table.add("tower-bearer-client", cells(&own));
    table.add(
        "skyauth, a copy of the session each",
        cells(&skyauth::copies().await),
    );
    table.add(
        "skyauth, one session behind a mutex, each task refreshes",
        cells(&skyauth::mutex().await),
    );
    let expected = Seen {
        requests: 1,
        refused: 0,
        is_in: true,
    };
    assert_eq!(own, expected);
    table
}

fn cells(seen: &Seen) -> Vec<String> {
    vec![
        seen.requests.to_string(),
        seen.refused.to_string(),
        in_or_out(seen.is_in).into(),
    ]
}
