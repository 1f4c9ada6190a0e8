//! A thief copies the tokens of a client and refreshes, before its owner or after.

use std::time::Duration;

use crate::client::{Client, accepted, in_or_out};
use crate::peer::{A_WHILE, Peer, Received, Sender};

const FIVE_MINUTES: Duration = Duration::from_secs(300);

pub const COLUMNS: &[&str] = &[
    "the thief receives",
    "the owner receives",
    "noticed",
    "the thief's access token then",
    "the thief, a refresh later",
    "the owner",
];

/// When the thief refreshes, seen from the owner's refresh.
#[derive(Clone, Copy, PartialEq)]
pub enum When {
    FiveMinutesBefore,
    /// The thief only refreshes, and never uses an access token.
    QuietlyBefore,
    FiveSecondsAfter,
    FiveMinutesAfter,
}

impl When {
    pub const ALL: [Self; 4] = [
        Self::FiveMinutesBefore,
        Self::QuietlyBefore,
        Self::FiveSecondsAfter,
        Self::FiveMinutesAfter,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::FiveMinutesBefore => "A thief refreshes five minutes before the owner",
            Self::QuietlyBefore => "A thief does so, and does not use the access token",
            Self::FiveSecondsAfter => "A thief refreshes five seconds after the owner",
            Self::FiveMinutesAfter => "A thief refreshes five minutes after the owner",
        }
    }

    fn gap(self) -> Duration {
        match self {
            Self::FiveSecondsAfter => Duration::from_secs(5),
            _ => FIVE_MINUTES,
        }
    }
}

pub async fn row<P: Peer>(make: impl Fn() -> P, when: When) -> Vec<String> {
    let peer = make();
    let mut owner = Client::log_in(&peer).await;
    let mut thief = owner.stolen();
    let (to_thief, to_owner) = match when {
        When::FiveMinutesBefore | When::QuietlyBefore => {
            let to_thief = thief.refresh(&peer).await;
            if when != When::QuietlyBefore {
                thief.call(&peer).await;
            }
            peer.advance(when.gap());
            (to_thief, use_up(&mut owner, &peer).await)
        }
        When::FiveSecondsAfter | When::FiveMinutesAfter => {
            let to_owner = use_up(&mut owner, &peer).await;
            peer.advance(when.gap());
            (thief.refresh(&peer).await, to_owner)
        }
    };
    let at_once = peer.has_noticed();
    let access = peer.check(&thief.tokens.access, Sender::Thief).await;

    // The next round: the owner, and five minutes later the thief, who tries again in any case.
    peer.advance(A_WHILE);
    let owner_is_in = owner.go_on(&peer).await;
    peer.advance(FIVE_MINUTES);
    let thief_then = thief.persist(&peer).await;
    let noticed = match (at_once, peer.has_noticed()) {
        (true, _) => "at once",
        (false, true) => "a refresh later",
        (false, false) => "no",
    };
    let owner_is_in = owner_is_in && owner.goes_on(&peer).await;
    vec![
        received(&to_thief).into(),
        received(&to_owner).into(),
        noticed.into(),
        accepted(access).into(),
        thief_then.into(),
        in_or_out(owner_is_in).into(),
    ]
}

/// Refreshes, and calls with what it received.
async fn use_up(client: &mut Client, peer: &impl Peer) -> Received {
    let received = client.refresh(peer).await;
    client.call(peer).await;
    received
}

fn received(received: &Received) -> &'static str {
    match received {
        Received::Tokens(_) => "tokens",
        Received::Kept => "no new token, and is let in",
        Received::Challenged => "a question for the password",
        Received::Elsewhere | Received::Denied => "a refusal",
    }
}
