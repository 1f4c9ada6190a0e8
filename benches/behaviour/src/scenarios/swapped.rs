//! A token is presented in the place of the other.

use crate::client::{Client, accepted, in_or_out};
use crate::peer::{Peer, Sender, Tokens};

pub const TITLE: &str = "The wrong token";
pub const COLUMNS: &[&str] = &[
    "an access token, to refresh with",
    "a refresh token, as access token",
    "the login",
];

pub async fn row<P: Peer>(make: impl Fn() -> P) -> Vec<String> {
    if P::COOKIE {
        return vec![
            "one token for both".into(),
            "one token for both".into(),
            "–".into(),
        ];
    }
    let peer = make();
    let mut client = Client::log_in(&peer).await;
    let Tokens { access, refresh } = client.tokens.clone();
    let swapped = Tokens {
        access: access.clone(),
        refresh: access,
    };
    let refreshed = peer.refresh(&swapped, Sender::Owner).await.lets_in();
    let served = peer.check(&refresh, Sender::Owner).await;
    vec![
        accepted(refreshed).into(),
        accepted(served).into(),
        in_or_out(client.go_on(&peer).await).into(),
    ]
}
