//! [`Event`] is what a step did.

use super::world::{How, Late};

/// What a step did. The jar says whose client it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Event {
    TimePasses,
    Sends {
        jar: usize,
        token: u8,
    },
    /// The credentials of a login are right.
    ChecksPassword,
    Inserts,
    Finds {
        jar: usize,
        node: usize,
    },
    /// The application grants what it did.
    Renews {
        jar: usize,
    },
    /// The server is about to write.
    Decides {
        jar: usize,
    },
    /// Tokens are on their way, `took` units after the request arrived.
    Answers {
        jar: usize,
        how: How,
        got: u8,
        late: Late,
        took: i8,
    },
    LosesTheRace {
        jar: usize,
    },
    Refuses {
        jar: usize,
        reuse: bool,
    },
    Receives {
        jar: usize,
        got: u8,
    },
    ReceivesHalf {
        jar: usize,
        got: u8,
    },
    /// The request or its answer is lost, or the server crashed.
    Loses {
        jar: usize,
    },
    Confirms {
        jar: usize,
        generation: u8,
    },
    LogsOut {
        node: usize,
    },
    ChangesPassword,
    Steals,
    BacksUp,
    /// The row, the feed, or both are set back.
    SetsBack {
        row: bool,
        feed: bool,
    },
    /// The second step of a revocation.
    EndsCompletely {
        node: usize,
    },
    /// The second step of a revocation is lost, or the node crashed.
    EndsByHalf {
        node: usize,
    },
    /// The retention has passed, and the clean-up was there.
    Forgets,
    /// A node hears of a revocation.
    Pulls {
        node: usize,
    },
    /// A node tells the store of a revocation that it has lost.
    Asserts {
        node: usize,
    },
    Restarts {
        node: usize,
    },
}

impl Event {
    /// Returns what a search counts.
    pub(super) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Answers {
                how: How::LoggedIn, ..
            } => Some("log in"),
            Self::Answers {
                how: How::Healed, ..
            } => Some("heal"),
            Self::Answers {
                how: How::Rotated, ..
            } => Some("rotate"),
            Self::Answers {
                how: How::Coalesced,
                ..
            } => Some("coalesce"),
            Self::Answers {
                how: How::Repeated, ..
            } => Some("repeat"),
            Self::Answers {
                how: How::Recovered,
                ..
            } => Some("recover"),
            Self::Refuses { reuse: true, .. } => Some("reuse"),
            Self::Refuses { reuse: false, .. } => Some("refuse"),
            Self::LosesTheRace { .. } => Some("race"),
            Self::SetsBack { .. } => Some("set back"),
            Self::Asserts { .. } => Some("assert"),
            Self::EndsByHalf { .. } => Some("end by half"),
            Self::Forgets => Some("forget"),
            _ => None,
        }
    }
}
