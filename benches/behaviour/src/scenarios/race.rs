//! Tasks on several threads present one refresh token at the same moment.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::Barrier;

use crate::client::Client;
use crate::peer::{Peer, Received, Sender, Tokens};

const TASKS: usize = 32;
const ROUNDS: usize = 200;

pub const TITLE: &str = "32 tasks with one refresh token, 200 times";
pub const COLUMNS: &[&str] = &["new refresh tokens", "refused of 32", "the login goes on"];

pub async fn row<P: Peer>(make: impl Fn() -> P) -> Vec<String> {
    let (mut tokens, mut refused, mut survived) = (Range::new(), Range::new(), 0);
    for _ in 0..ROUNDS {
        let peer = Arc::new(make());
        let mut client = Client::log_in(&*peer).await;
        let received = all_at_once(&peer, &client.tokens).await;
        let mut new = HashSet::new();
        for one in &received {
            if let Received::Tokens(tokens) = one {
                new.insert(tokens.refresh.clone());
                client.tokens = tokens.clone();
            }
        }
        tokens.add(new.len());
        refused.add(received.iter().filter(|one| !one.lets_in()).count());
        if client.call(&*peer).await && client.goes_on(&*peer).await {
            survived += 1;
        }
    }
    vec![
        tokens.shown(),
        refused.shown(),
        format!("{survived} of {ROUNDS}"),
    ]
}

async fn all_at_once(peer: &Arc<impl Peer>, tokens: &Tokens) -> Vec<Received> {
    let start = Arc::new(Barrier::new(TASKS));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (peer, start, tokens) = (peer.clone(), start.clone(), tokens.clone());
            tokio::spawn(async move {
                start.wait().await;
                peer.refresh(&tokens, Sender::Owner).await
            })
        })
        .collect();
    let mut received = Vec::new();
    for task in tasks {
        received.push(task.await.expect("a peer does not panic"));
    }
    received
}

/// The least and the most of all rounds.
struct Range(usize, usize);

impl Range {
    fn new() -> Self {
        Self(usize::MAX, 0)
    }

    fn add(&mut self, count: usize) {
        *self = Self(self.0.min(count), self.1.max(count));
    }

    fn shown(&self) -> String {
        match self {
            Self(least, most) if least == most => most.to_string(),
            Self(least, most) => format!("{least} to {most}"),
        }
    }
}
