//! Two tabs present the same refresh token at the same moment. Then each goes on with what it got.

use crate::client::{Client, in_or_out};
use crate::peer::{Peer, Received};

pub const TITLE: &str = "Two tabs";
pub const COLUMNS: &[&str] = &[
    "the second tab receives",
    "tab 1",
    "tab 2",
    "taken for a theft",
];

pub async fn row<P: Peer>(make: impl Fn() -> P) -> Vec<String> {
    let peer = make();
    let mut one = Client::log_in(&peer).await;
    let mut two = one.clone();
    one.refresh(&peer).await;
    let received = two.refresh(&peer).await;
    let receives = match &received {
        Received::Tokens(tokens) if *tokens == one.tokens => "the same tokens",
        Received::Tokens(tokens) if tokens.refresh == one.tokens.refresh => {
            "the same refresh token"
        }
        Received::Tokens(_) => "other tokens",
        Received::Kept if P::COOKIE => "no cookie: it has the first tab's",
        Received::Kept => "nothing new",
        Received::Challenged => "a question for the password",
        Received::Elsewhere => "a hint: use the first tab's",
        Received::Denied => "a refusal",
    };
    // What one tab receives, the other has too.
    let shares = P::COOKIE || received == Received::Elsewhere;
    if shares {
        two = one.clone();
    }
    one.call(&peer).await;
    two.call(&peer).await;
    let one_is_in = one.goes_on(&peer).await;
    let two_is_in = if shares {
        one.call(&peer).await
    } else {
        two.go_on(&peer).await
    };
    // Once more: the second tab may have ended the login of the first.
    let one_is_in = one_is_in && one.goes_on(&peer).await;
    vec![
        receives.into(),
        in_or_out(one_is_in).into(),
        in_or_out(two_is_in).into(),
        if peer.has_noticed() { "yes" } else { "no" }.into(),
    ]
}
