//! The response of a refresh never arrives. The client sends its token again.

use std::time::Duration;

use crate::client::{Client, in_or_out};
use crate::peer::Peer;

pub const TITLE: &str = "A lost response";
pub const COLUMNS: &[&str] = &[
    "again at once",
    "after 5 s",
    "after 60 s",
    "after an hour",
    "lost twice, 60 s apart",
];

pub async fn row<P: Peer>(make: impl Fn() -> P) -> Vec<String> {
    let minute = Duration::from_secs(60);
    let waits: [&[Duration]; 5] = [
        &[Duration::ZERO],
        &[Duration::from_secs(5)],
        &[minute],
        &[60 * minute],
        &[minute, minute],
    ];
    let mut cells = Vec::new();
    for waits in waits {
        cells.push(in_or_out(survives(make(), waits).await).into());
    }
    cells
}

/// Loses a response before each of these waits, and says whether the client is logged in after all.
async fn survives(peer: impl Peer, waits: &[Duration]) -> bool {
    let mut client = Client::log_in(&peer).await;
    for wait in waits {
        if !client.clone().refresh(&peer).await.lets_in() {
            return false;
        }
        peer.advance(*wait);
    }
    client.go_on(&peer).await && client.goes_on(&peer).await
}
