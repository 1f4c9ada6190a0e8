//! The laws.

use super::event::Event;
use super::scenario::Scenario;
use super::world::{HONEST, How, Late, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Law {
    /// While nobody steals and all is in time.
    NobodyHonestIsRefused,
    /// The one who was outdone by the user of a copy, honest or not, gets nothing from `W` on, and
    /// their request ends the session.
    UsedCopiesEndIt,
    /// No more than seven generations in a row reach both a thief and the honest client; the eighth
    /// ends the session.
    UnusedCopiesEndIt,
    /// Revoked is final, and a request that looks at the row after that gets nothing.
    LogoutIsFinal,
    OneRotationInTheOverlap,
    NothingOutlivesTheSession,
    /// One for each change.
    RevisionsCount,
    /// Not even after a logout: a used refresh token is not an alarm while nobody steals.
    NobodyHonestIsAccused,
    /// A store that has lost the logout hands tokens out until the nodes have told it, and no
    /// longer.
    NothingIsRevivedForLong,
    /// A request with a row from before the change, or one that inserts it, after the password
    /// changed gets nothing.
    ThePasswordCounts,
    /// Not even what was under way.
    NothingIsAnsweredAfterALogout,
}

impl Law {
    /// Whether the step keeps it.
    pub(super) fn holds(
        self,
        before: &World,
        event: &Event,
        after: &World,
        scenario: &Scenario,
    ) -> bool {
        match self {
            Self::NobodyHonestIsRefused => nobody_honest_is_refused(before, event, scenario),
            Self::UsedCopiesEndIt => used_copies_end_it(before, event, after, scenario),
            Self::UnusedCopiesEndIt => after.shared <= 7,
            Self::LogoutIsFinal => logout_is_final(before, event, after),
            Self::OneRotationInTheOverlap => {
                one_rotation_in_the_overlap(before, event, after, scenario)
            }
            Self::NothingOutlivesTheSession => {
                nothing_outlives_the_session(before, event, after, scenario)
            }
            Self::RevisionsCount => revisions_count(before, event, after),
            Self::NobodyHonestIsAccused => !matches!(
                event,
                Event::Refuses {
                    jar: HONEST,
                    reuse: true
                }
            ),
            Self::NothingIsRevivedForLong => !is_dead(event) || before.revived == Some(0),
            Self::ThePasswordCounts => !matches!(
                event,
                Event::Answers {
                    late: Late { outdated: true, .. },
                    ..
                }
            ),
            Self::NothingIsAnsweredAfterALogout => {
                !before.logged_out || !matches!(event, Event::Answers { .. })
            }
        }
    }
}

fn nobody_honest_is_refused(before: &World, event: &Event, scenario: &Scenario) -> bool {
    let refused = matches!(event, Event::Refuses { jar: HONEST, .. });
    !refused || before.logged_out || before.changed || is_over(before, scenario)
}

fn is_over(world: &World, scenario: &Scenario) -> bool {
    world.row.left <= 0 || world.row.unused_for() >= scenario.idle_timeout
}

fn used_copies_end_it(before: &World, event: &Event, after: &World, scenario: &Scenario) -> bool {
    let limit = scenario.overlap + scenario.lenient;
    let outdone = |jar: usize, took| {
        before.jars[jar]
            .outdone
            .is_some_and(|(_, age)| age - took > limit)
    };
    match *event {
        // It is judged by its arrival.
        Event::Answers { jar, took, .. } => !outdone(jar, took),
        Event::Refuses { jar, .. } => {
            !outdone(jar, 0) || after.row.revoked || is_over(before, scenario)
        }
        _ => true,
    }
}

fn logout_is_final(before: &World, event: &Event, after: &World) -> bool {
    let changed = !matches!(event, Event::TimePasses | Event::SetsBack) && before.row != after.row;
    !(is_dead(event) || before.row.revoked && changed)
}

fn is_dead(event: &Event) -> bool {
    matches!(
        event,
        Event::Answers {
            late: Late { dead: true, .. },
            ..
        }
    )
}

fn one_rotation_in_the_overlap(
    before: &World,
    event: &Event,
    after: &World,
    scenario: &Scenario,
) -> bool {
    match event {
        // The clock that decided counts: the store may be slow to write.
        Event::Answers {
            how: How::Rotated, ..
        } => {
            after.row.generation == before.row.generation + 1
                && before.row.made - after.row.made >= scenario.overlap
        }
        Event::Answers {
            how: How::Healed, ..
        }
        | Event::SetsBack => true,
        _ => after.row.generation == before.row.generation,
    }
}

fn nothing_outlives_the_session(
    before: &World,
    event: &Event,
    after: &World,
    scenario: &Scenario,
) -> bool {
    let answered = matches!(event, Event::Answers { .. });
    // After the absolute end no server decides to write: the application may have taken its time.
    if matches!(event, Event::Decides { .. }) && before.row.left <= 0 {
        return false;
    }
    after.access_lives <= after.row.left.max(0)
        && !(answered && scenario.at_once && is_over(before, scenario))
}

fn revisions_count(before: &World, event: &Event, after: &World) -> bool {
    if matches!(event, Event::TimePasses | Event::SetsBack | Event::Inserts) {
        return true;
    }
    let (old, new) = (before.row, after.row);
    new == old || new.revision == old.revision + 1
}
