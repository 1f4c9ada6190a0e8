//! [`Law`] is a law that the rule of rotation has to keep.

use super::event::Event;
use super::scenario::Scenario;
use super::world::{HONEST, How, Late, World};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Law {
    /// No honest client is refused, as long as there is no thief and everything is in time.
    NobodyHonestIsRefused,
    /// The owner of a copy that was outdone by another use, honest or not, gets nothing from `W`
    /// on, and their request ends the session.
    UsedCopiesEndIt,
    /// At most seven generations in a row reach both a thief and the honest client. The eighth ends
    /// the session.
    UnusedCopiesEndIt,
    /// A revocation is final, and a request that looks at the row after it gets nothing.
    LogoutIsFinal,
    OneRotationInTheOverlap,
    NothingOutlivesTheSession,
    /// The revision grows by one with each change.
    RevisionsCount,
    /// A used refresh token raises no alarm as long as there is no thief, not even after a logout.
    NobodyHonestIsAccused,
    /// A store that has lost the logout leads to new tokens only until the nodes have told it.
    NothingIsRevivedForLong,
    /// After the password has changed, a request with a row from before the change, or one that
    /// inserts it, gets nothing.
    ThePasswordCounts,
    /// After a logout no request is answered, not even one that was under way.
    NothingIsAnsweredAfterALogout,
    /// If one node knows of the revocation, all of them do a unit later.
    EveryNodeHears,
}

impl Law {
    /// Returns whether the step keeps the law.
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
            Self::EveryNodeHears => {
                *event != Event::TimePasses
                    || before.knows == 0
                    || (0..scenario.clocks.len()).all(|node| before.knows(node))
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
        // The arrival of the request counts.
        Event::Answers { jar, took, .. } => !outdone(jar, took),
        Event::Refuses { jar, .. } => {
            !outdone(jar, 0) || after.row.revoked || after.entered || is_over(before, scenario)
        }
        _ => true,
    }
}

fn logout_is_final(before: &World, event: &Event, after: &World) -> bool {
    let changed = !matches!(
        event,
        Event::TimePasses | Event::SetsBack { .. } | Event::Forgets
    ) && before.row != after.row;
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
        | Event::SetsBack { .. } => true,
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
    // After the absolute lifetime no server decides to write. The application may have taken long.
    if matches!(event, Event::Decides { .. }) && before.row.left <= 0 {
        return false;
    }
    after.access_lives <= after.row.left.max(0)
        && !(answered && scenario.at_once && is_over(before, scenario))
}

fn revisions_count(before: &World, event: &Event, after: &World) -> bool {
    if matches!(
        event,
        Event::TimePasses | Event::SetsBack { .. } | Event::Inserts | Event::Forgets
    ) {
        return true;
    }
    let (old, new) = (before.row, after.row);
    new == old || new.revision == old.revision + 1
}
