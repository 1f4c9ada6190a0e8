//! The rule, and rules that are almost right.

use super::row::Row;
use crate::clock::Timestamp;
use crate::session::SessionPolicy;
use crate::session::rotation::{Answer, Decision, SessionOver, decide};
use crate::store::{Session, SessionParts};

type Decide = fn(&Session, u32, Option<[u8; 16]>, Timestamp, &SessionPolicy) -> Decision;

/// What decides, and what the store does with a receipt.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) decide: Decide,
    pub(super) confirm: fn(&mut Row, u8) -> bool,
}

/// The rule under test.
pub(super) const REAL: Rule = Rule { decide, confirm: Row::confirm };

pub(super) const NO_REUSE_DETECTION: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(session, presented, retry, now, policy) {
        Decision::Reuse => Decision::Answer { how: Answer::Repeated },
        other => other,
    },
    ..REAL
};

/// The old token is worth nothing, but whoever holds the new one keeps it.
pub(super) const REUSE_ENDS_NOTHING: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(session, presented, retry, now, policy) {
        Decision::Reuse => Decision::Refuse(SessionOver::Expired),
        other => other,
    },
    ..REAL
};

pub(super) const RECOVERY_IGNORES_RECEIPTS: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        // Only where the rule would not answer: within the overlap a receipt may count.
        match decide(session, presented, retry, now, policy) {
            Decision::Reuse => with(session, |row| row.confirmed = false, |row| decide(row, presented, retry, now, policy)),
            other => other,
        }
    },
    ..REAL
};

pub(super) const RECOVERIES_COUNTED_BY_ATTEMPT: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(session, presented, retry, now, policy) {
        Decision::Replace { next, how: Answer::Recovered } => {
            let count = session.parts().recoveries + 1;
            changed(next, Answer::Recovered, |row| row.recoveries = count)
        }
        Decision::Replace { next, how: Answer::Rotated } => {
            let count = if session.parts().recovered { session.parts().recoveries } else { 0 };
            changed(next, Answer::Rotated, |row| row.recoveries = count)
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
        with(session, forget, |row| decide(row, presented, retry, now, policy))
    },
    ..REAL
};

pub(super) const RECOVERIES_WITHOUT_END: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        with(session, |row| row.recoveries = 0, |row| decide(row, presented, retry, now, policy))
    },
    ..REAL
};

pub(super) const THE_OVERLAP_OPENS_ONLY_ONCE: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(session, presented, retry, now, policy) {
        Decision::Replace { next, how: how @ (Answer::Repeated | Answer::Recovered) } => {
            let opened = session.parts().rotated_at;
            changed(next, how, |row| row.rotated_at = opened)
        }
        other => other,
    },
    ..REAL
};

pub(super) const HEALING_MAKES_A_GENERATION: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(session, presented, retry, now, policy) {
        Decision::Replace { next, how: Answer::Healed } => changed(next, Answer::Healed, |row| {
            row.generation += 1;
            row.confirmed = false;
        }),
        other => other,
    },
    ..REAL
};

pub(super) const THE_REVOKED_RECOVER: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        let revoked = session.parts().revoked;
        match with(session, |row| row.revoked = None, |row| decide(row, presented, retry, now, policy)) {
            Decision::Replace { next, how } => changed(next, how, |row| row.revoked = revoked),
            other => other,
        }
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
    decide: |session, presented, retry, now, policy| match decide(session, presented, retry, now, policy) {
        Decision::Answer { how: Answer::Coalesced } => {
            with(session, |row| row.rotated_at = None, |row| decide(row, presented, retry, now, policy))
        }
        other => other,
    },
    ..REAL
};

pub(super) const THE_END_IS_FORGOTTEN: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        with(session, |row| row.expires_at = now + policy.in_all, |row| decide(row, presented, retry, now, policy))
    },
    ..REAL
};

/// In the first half of the overlap a repeat opens nothing. Enough while no answer is lost.
pub(super) const A_REPEAT_OPENS_IN_THE_SECOND_HALF_ONLY: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(session, presented, retry, now, policy) {
        Decision::Replace { how: Answer::Repeated, .. }
            if session.last_used_at() <= now && now < session.last_used_at() + policy.overlap / 2 =>
        {
            Decision::Answer { how: Answer::Repeated }
        }
        other => other,
    },
    ..REAL
};

/// Decides about a row that is a little different.
fn with(session: &Session, change: impl FnOnce(&mut SessionParts), decide: impl FnOnce(&Session) -> Decision) -> Decision {
    let mut row = session.parts().clone();
    change(&mut row);
    decide(&Session::from_parts(row))
}

/// Writes something a little different.
fn changed(next: Session, how: Answer, change: impl FnOnce(&mut SessionParts)) -> Decision {
    let mut row = next.into_parts();
    change(&mut row);
    Decision::Replace { next: Session::from_parts(row), how }
}
