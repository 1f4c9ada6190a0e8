//! Rows, and what `decide` makes of them, for the tests of its table.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::names::{SessionId, Subject};
use crate::session::policy::SessionPolicy;
use crate::session::rotation::{Decision, Progress, Reply, decide};
use crate::store::{Session, SessionParts};

pub(super) const W: u64 = 30_000;
/// Tabs that refresh at once.
pub(super) const BURST: u64 = 250;
pub(super) const NOW: u64 = 1_000_000_000;
pub(super) const KEY: Option<[u8; 16]> = Some([7; 16]);
pub(super) const OTHER_KEY: Option<[u8; 16]> = Some([8; 16]);

pub(super) fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

/// Returns a row with generation 5, not confirmed, and of this age.
pub(super) fn row(age: u64) -> SessionParts {
    let (created_at, expires_at) = (at(NOW - 100 * W), at(NOW + 100 * W));
    SessionParts {
        generation: 5,
        rotated_at: Some(at(NOW - age)),
        retry_key: KEY,
        revision: 40,
        ..SessionParts::new(
            SessionId::from_bytes([1; 16]),
            Subject::from("alice"),
            created_at,
            expires_at,
        )
    }
}

pub(super) fn confirmed(age: u64) -> SessionParts {
    SessionParts {
        confirmed: true,
        ..row(age)
    }
}

pub(super) fn decided(row: &SessionParts, presented: u32, retry: Option<[u8; 16]>) -> Decision {
    decide(
        &Session::from_parts(row.clone()),
        presented,
        retry,
        at(NOW),
        &SessionPolicy::default(),
    )
}

pub(super) fn strict(row: &SessionParts, presented: u32, retry: Option<[u8; 16]>) -> Decision {
    let policy = SessionPolicy::default().with_overlap(Duration::ZERO);
    decide(
        &Session::from_parts(row.clone()),
        presented,
        retry,
        at(NOW),
        &policy,
    )
}

pub(super) fn reply(how: Reply) -> Decision {
    Decision::Reply { how }
}

/// Returns the row with these changes.
pub(super) fn swap(row: &SessionParts, how: Reply, change: impl FnOnce(&mut Progress)) -> Decision {
    let mut next = Progress::of(row);
    change(&mut next);
    Decision::Replace { next, how }
}

pub(super) fn opened(row: &SessionParts) -> Decision {
    swap(row, Reply::Repeated, |next| {
        next.rotated_at = Some(at(NOW));
    })
}

pub(super) fn recovered(row: &SessionParts) -> Decision {
    swap(row, Reply::Recovered, |next| {
        next.rotated_at = Some(at(NOW));
        next.recovered = true;
    })
}

pub(super) fn rotated(row: &SessionParts, retry: Option<[u8; 16]>, recoveries: u8) -> Decision {
    swap(row, Reply::Rotated, |next| {
        next.generation += 1;
        next.rotated_at = Some(at(NOW));
        next.confirmed = false;
        next.recoveries = recoveries;
        next.recovered = false;
        next.retry_key = retry;
    })
}

pub(super) fn healed(row: &SessionParts, generation: u32) -> Decision {
    swap(row, Reply::Healed, |next| {
        next.generation = generation;
        next.rotated_at = Some(at(NOW));
        next.confirmed = true;
        next.recoveries = 0;
        next.recovered = false;
        next.retry_key = None;
    })
}
