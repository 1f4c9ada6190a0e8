//! [`Rule`] is the rule of rotation, or one that is almost right.

use std::time::Duration;

use super::row::Row;
use crate::clock::Timestamp;
use crate::session::policy::{Ends, SessionPolicy};
use crate::session::rotation::{Decision, Progress, Reply, SessionOver, decide, settle};
use crate::store::{Session, SessionParts};

type Decide = fn(&Session, u32, Option<[u8; 16]>, Timestamp, &SessionPolicy) -> Decision;

/// The rule, and the code around it.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) decide: Decide,
    /// Combines the decision at arrival with the later one.
    pub(super) settle: fn(Decision, Decision) -> Decision,
    /// Tells when tokens expire.
    pub(super) ends: fn(&SessionPolicy, &Session, Option<Duration>, Timestamp) -> Ends,
    /// Writes a receipt to the store.
    pub(super) confirm: fn(&mut Row, u8) -> bool,
    /// Whether a grant with another stamp than that of the row ends the session.
    pub(super) compares_stamps: bool,
    /// Whether a login asks the application again, once its row is inserted.
    pub(super) asks_after_insert: bool,
    /// Whether a refresh checks the revocations that its node knows: when it has found the row, and
    /// before it answers.
    pub(super) asks_revocations: [bool; 2],
    /// Whether a node tells the store which revocations it has lost.
    pub(super) asserts: bool,
    /// Whether a revocation in two steps begins with the feed.
    pub(super) enters_first: bool,
    /// Whether the clean-up ends the rows of all entries before the nodes forget them.
    pub(super) ends_rows: bool,
}

/// The rule under test.
pub(super) const REAL: Rule = Rule {
    decide,
    settle,
    ends: SessionPolicy::ends,
    confirm: Row::confirm,
    compares_stamps: true,
    asks_after_insert: true,
    asks_revocations: [true, true],
    asserts: true,
    enters_first: true,
    ends_rows: true,
};

pub(super) const NO_REUSE_DETECTION: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Reuse => Decision::Reply {
            how: Reply::Repeated,
        },
        other => other,
    },
    ..REAL
};

/// The old token is refused, but the owner of the new one keeps it.
pub(super) const REUSE_ENDS_NOTHING: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Reuse => Decision::Refuse(SessionOver::Expired),
        other => other,
    },
    ..REAL
};

pub(super) const RECOVERY_IGNORES_RECEIPTS: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        // This applies only where the rule would not answer: a receipt may count within the
        // overlap.
        match decide(session, presented, retry, now, policy) {
            Decision::Reuse => with(
                session,
                |row| row.confirmed = false,
                |row| decide(row, presented, retry, now, policy),
            ),
            other => other,
        }
    },
    ..REAL
};

pub(super) const RECOVERIES_COUNTED_BY_ATTEMPT: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Replace {
            next,
            how: Reply::Recovered,
        } => {
            let count = session.parts().recoveries + 1;
            changed(next, Reply::Recovered, |row| row.recoveries = count)
        }
        Decision::Replace {
            next,
            how: Reply::Rotated,
        } => {
            let count = if session.parts().recovered {
                session.parts().recoveries
            } else {
                0
            };
            changed(next, Reply::Rotated, |row| row.recoveries = count)
        }
        other => other,
    },
    ..REAL
};

pub(super) const A_RECEIPT_RESETS_THE_COUNT: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        let forget = |row: &mut SessionParts| {
            if row.confirmed {
                (row.recoveries, row.recovered) = (0, false);
            }
        };
        with(session, forget, |row| {
            decide(row, presented, retry, now, policy)
        })
    },
    ..REAL
};

pub(super) const RECOVERIES_WITHOUT_END: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        with(
            session,
            |row| row.recoveries = 0,
            |row| decide(row, presented, retry, now, policy),
        )
    },
    ..REAL
};

pub(super) const THE_OVERLAP_OPENS_ONLY_ONCE: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Replace {
            next,
            how: how @ (Reply::Repeated | Reply::Recovered),
        } => {
            let opened = session.parts().rotated_at;
            changed(next, how, |row| row.rotated_at = opened)
        }
        other => other,
    },
    ..REAL
};

pub(super) const HEALING_MAKES_A_GENERATION: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Replace {
            next,
            how: Reply::Healed,
        } => changed(next, Reply::Healed, |row| {
            row.generation += 1;
            row.confirmed = false;
        }),
        other => other,
    },
    ..REAL
};

/// The row stays as it was, and the client gets the older token.
pub(super) const HEALING_ADOPTS_NOTHING: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Replace {
            how: Reply::Healed, ..
        } => Decision::Reply { how: Reply::Healed },
        other => other,
    },
    ..REAL
};

pub(super) const HEALING_OPENS_NOTHING: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Replace {
            next,
            how: Reply::Healed,
        } => {
            let opened = session.parts().rotated_at;
            changed(next, Reply::Healed, |row| row.rotated_at = opened)
        }
        other => other,
    },
    ..REAL
};

pub(super) const A_LOST_GENERATION_IS_REUSE: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Replace {
            how: Reply::Healed, ..
        } => Decision::Reuse,
        other => other,
    },
    ..REAL
};

pub(super) const A_REVOKED_TOKEN_IS_REUSE: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Refuse(SessionOver::Revoked) => Decision::Reuse,
        other => other,
    },
    ..REAL
};

/// A time in the future counts as none.
pub(super) const NO_CLOCK_IS_AHEAD: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        let doubt = |row: &mut SessionParts| {
            row.rotated_at = row.rotated_at.filter(|&opened| opened <= now);
        };
        with(session, doubt, |row| {
            decide(row, presented, retry, now, policy)
        })
    },
    ..REAL
};

/// A slow server takes an honest client for a thief.
pub(super) const THE_LATER_CLOCK_ACCUSES: Rule = Rule {
    settle: |_, later| later,
    ..REAL
};

/// A session that ended while the application was asked is still answered.
pub(super) const THE_FIRST_CLOCK_COUNTS: Rule = Rule {
    settle: |at_arrival, _| at_arrival,
    ..REAL
};

pub(super) const ACCESS_TOKENS_OUTLIVE_THE_SESSION: Rule = Rule {
    ends: |policy, session, lifetime, now| Ends {
        access_token: now + policy.access_token,
        ..policy.ends(session, lifetime, now)
    },
    ..REAL
};

pub(super) const STAMPS_ARE_IGNORED: Rule = Rule {
    compares_stamps: false,
    ..REAL
};

pub(super) const A_LOGIN_ASKS_ONCE: Rule = Rule {
    asks_after_insert: false,
    ..REAL
};

pub(super) const REVOCATIONS_ARE_NOT_ASKED: Rule = Rule {
    asks_revocations: [false, false],
    ..REAL
};

pub(super) const REVOCATIONS_ARE_ASKED_ONCE: Rule = Rule {
    asks_revocations: [true, false],
    ..REAL
};

pub(super) const NODES_ASSERT_NOTHING: Rule = Rule {
    asserts: false,
    ..REAL
};

pub(super) const THE_REVOKED_RECOVER: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        with(
            session,
            |row| row.revoked = None,
            |row| decide(row, presented, retry, now, policy),
        )
    },
    ..REAL
};

pub(super) const A_RECEIPT_RAISES_NO_REVISION: Rule = Rule {
    confirm: |row, generation| {
        let revision = row.revision;
        let effective = row.confirm(generation);
        row.revision = revision;
        effective
    },
    ..REAL
};

pub(super) const NOTHING_COALESCES: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Reply {
            how: Reply::Coalesced,
        } => with(
            session,
            |row| row.rotated_at = None,
            |row| decide(row, presented, retry, now, policy),
        ),
        other => other,
    },
    ..REAL
};

pub(super) const THE_END_IS_FORGOTTEN: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        with(
            session,
            |row| row.expires_at = now + policy.absolute_lifetime,
            |row| decide(row, presented, retry, now, policy),
        )
    },
    ..REAL
};

/// In the first half of the overlap a repeat opens nothing. This is enough if no answer is lost.
pub(super) const A_REPEAT_OPENS_IN_THE_SECOND_HALF_ONLY: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Replace {
            how: Reply::Repeated,
            ..
        } if session.last_used_at() <= now && now < session.last_used_at() + policy.overlap / 2 => {
            Decision::Reply {
                how: Reply::Repeated,
            }
        }
        other => other,
    },
    ..REAL
};

/// Decides about a row that is a little different.
pub(super) fn with(
    session: &Session,
    change: impl FnOnce(&mut SessionParts),
    decide: impl FnOnce(&Session) -> Decision,
) -> Decision {
    let mut row = session.parts().clone();
    change(&mut row);
    decide(&Session::from_parts(row))
}

/// Writes something a little different.
fn changed(mut next: Progress, how: Reply, change: impl FnOnce(&mut Progress)) -> Decision {
    change(&mut next);
    Decision::Replace { next, how }
}
