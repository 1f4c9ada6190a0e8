//! The laws, and the events that they judge.

use super::scenario::Scenario;
use super::world::{HONEST, How, World};

/// What a step did. The jar says who.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Event {
    TimePasses,
    Sends {
        jar: usize,
        token: u8,
    },
    Finds {
        jar: usize,
    },
    /// The server is about to write.
    Decides {
        jar: usize,
    },
    /// Tokens are on their way. `dead`: the row had been revoked when it was found.
    Answers {
        jar: usize,
        how: How,
        got: u8,
        dead: bool,
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
    LogsOut,
    Steals,
    StoreForgets,
}

impl Event {
    /// What a search counts.
    pub(super) fn word(&self) -> Option<&'static str> {
        match self {
            Self::Answers { how: How::Healed, .. } => Some("heal"),
            Self::Answers { how: How::Rotated, .. } => Some("rotate"),
            Self::Answers { how: How::Coalesced, .. } => Some("coalesce"),
            Self::Answers { how: How::Repeated, .. } => Some("repeat"),
            Self::Answers { how: How::Recovered, .. } => Some("recover"),
            Self::Refuses { reuse: true, .. } => Some("reuse"),
            Self::Refuses { reuse: false, .. } => Some("refuse"),
            Self::LosesTheRace { .. } => Some("race"),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Law {
    /// While nobody steals and all is in time.
    NobodyHonestIsRefused,
    /// The one who was outdone by the user of a copy, honest or not, gets nothing from `W` on, and his asking ends the session.
    UsedCopiesEndIt,
    /// No more than seven generations in a row reach both a thief and the honest client; the eighth ends the session.
    UnusedCopiesEndIt,
    /// Revoked is final, and whoever looks at the row after that gets nothing.
    LogoutIsFinal,
    OneRotationInTheOverlap,
    NothingOutlivesTheSession,
    /// One for each change.
    RevisionsCount,
}

impl Law {
    /// Whether the step keeps it.
    pub(super) fn holds(self, before: &World, event: &Event, after: &World, scenario: &Scenario) -> bool {
        match self {
            Self::NobodyHonestIsRefused => nobody_honest_is_refused(before, event, scenario),
            Self::UsedCopiesEndIt => used_copies_end_it(before, event, after, scenario),
            Self::UnusedCopiesEndIt => after.shared <= 7,
            Self::LogoutIsFinal => logout_is_final(before, event, after),
            Self::OneRotationInTheOverlap => one_rotation_in_the_overlap(before, event, after, scenario),
            Self::NothingOutlivesTheSession => nothing_outlives_the_session(before, event, after, scenario),
            Self::RevisionsCount => revisions_count(before, event, after),
        }
    }
}

fn nobody_honest_is_refused(before: &World, event: &Event, scenario: &Scenario) -> bool {
    let refused = matches!(event, Event::Refuses { jar: HONEST, .. });
    !refused || before.logged_out || is_over(before, scenario)
}

fn is_over(world: &World, scenario: &Scenario) -> bool {
    world.row.left <= 0 || world.row.unused_for() >= scenario.unused
}

fn used_copies_end_it(before: &World, event: &Event, after: &World, scenario: &Scenario) -> bool {
    let outdone = |jar: usize| before.jars[jar].outdone.is_some_and(|(_, age)| age > scenario.overlap);
    match *event {
        Event::Answers { jar, .. } => !outdone(jar),
        Event::Refuses { jar, .. } => !outdone(jar) || after.row.revoked || is_over(before, scenario),
        _ => true,
    }
}

fn logout_is_final(before: &World, event: &Event, after: &World) -> bool {
    let refreshed = matches!(event, Event::Answers { dead: true, .. });
    let changed = *event != Event::TimePasses && before.row != after.row;
    !refreshed && !(before.row.revoked && (changed || !after.row.revoked))
}

fn one_rotation_in_the_overlap(before: &World, event: &Event, after: &World, scenario: &Scenario) -> bool {
    match event {
        // The clock that decided counts: the store may be slow to write.
        Event::Answers { how: How::Rotated, .. } => {
            after.row.generation == before.row.generation + 1 && before.row.made - after.row.made >= scenario.overlap
        }
        Event::Answers { how: How::Healed, .. } | Event::StoreForgets => true,
        _ => after.row.generation == before.row.generation,
    }
}

fn nothing_outlives_the_session(before: &World, event: &Event, after: &World, scenario: &Scenario) -> bool {
    let answered = matches!(event, Event::Answers { .. });
    after.access_lives <= after.row.left.max(0) && !(answered && scenario.at_once && is_over(before, scenario))
}

fn revisions_count(before: &World, event: &Event, after: &World) -> bool {
    if matches!(event, Event::TimePasses | Event::StoreForgets) {
        return true;
    }
    let (old, new) = (before.row, after.row);
    new == old || new.revision == old.revision + 1
}
