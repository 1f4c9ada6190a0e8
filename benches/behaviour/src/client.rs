//! [`Client`] holds tokens, and goes on with what it receives.

use crate::peer::{A_WHILE, Peer, Received, Sender, Tokens};

#[derive(Clone)]
pub struct Client {
    pub tokens: Tokens,
    sender: Sender,
    is_in: bool,
}

impl Client {
    /// Logs in, calls once, and waits until it is time to refresh.
    pub async fn log_in(peer: &impl Peer) -> Self {
        let client = Self {
            tokens: peer.log_in().await,
            sender: Sender::Owner,
            is_in: true,
        };
        assert!(client.call(peer).await, "a login gives tokens that work");
        peer.advance(A_WHILE);
        client
    }

    /// A copy of the tokens in another place.
    pub fn stolen(&self) -> Self {
        Self {
            sender: Sender::Thief,
            ..self.clone()
        }
    }

    pub async fn refresh(&mut self, peer: &impl Peer) -> Received {
        let received = peer.refresh(&self.tokens, self.sender).await;
        match &received {
            Received::Tokens(tokens) => self.tokens = tokens.clone(),
            Received::Kept => {}
            // The thief does not know the password.
            Received::Challenged if self.sender == Sender::Owner => {
                self.tokens = peer.prove(&self.tokens).await;
            }
            Received::Challenged | Received::Elsewhere | Received::Denied => self.is_in = false,
        }
        received
    }

    /// Calls with the access token. A client that was told to log in does not call any more.
    pub async fn call(&self, peer: &impl Peer) -> bool {
        self.is_in && peer.check(&self.tokens.access, self.sender).await
    }

    /// Refreshes and calls, as long as it is logged in.
    pub async fn go_on(&mut self, peer: &impl Peer) -> bool {
        if self.is_in {
            self.refresh(peer).await;
        }
        self.call(peer).await
    }

    /// Tries the refresh token, and then the access token, whatever happened before.
    pub async fn persist(&mut self, peer: &impl Peer) -> &'static str {
        let refreshes = self.refresh(peer).await.lets_in();
        let calls = peer.check(&self.tokens.access, self.sender).await;
        match (refreshes, calls) {
            (true, true) => "is in",
            (false, true) => "has an access token",
            (_, false) => "is out",
        }
    }

    /// Whether it is still logged in after its next refresh.
    pub async fn goes_on(&mut self, peer: &impl Peer) -> bool {
        peer.advance(A_WHILE);
        self.go_on(peer).await
    }
}

/// The words of the tables.
pub fn in_or_out(is_in: bool) -> &'static str {
    if is_in { "goes on" } else { "logged out" }
}

pub fn accepted(is_accepted: bool) -> &'static str {
    if is_accepted { "accepted" } else { "refused" }
}
