//! A client logs out, and somebody has copies of its tokens.

use crate::client::{Client, accepted};
use crate::peer::{Peer, Sender};

pub const TITLE: &str = "A logout";
pub const COLUMNS: &[&str] = &[
    "the access token, at once",
    "the one before it",
    "the refresh token",
];

pub async fn row<P: Peer>(make: impl Fn() -> P) -> Vec<String> {
    let peer = make();
    let mut client = Client::log_in(&peer).await;
    let before = client.tokens.access.clone();
    client.refresh(&peer).await;
    assert!(client.call(&peer).await);
    peer.log_out(&client.tokens).await;
    let served = peer.check(&client.tokens.access, Sender::Owner).await;
    let earlier = peer.check(&before, Sender::Owner).await;
    let refreshed = peer.refresh(&client.tokens, Sender::Owner).await;
    vec![
        accepted(served).into(),
        accepted(earlier).into(),
        accepted(refreshed.lets_in()).into(),
    ]
}
