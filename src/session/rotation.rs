//! The rule of rotation: honest users stay logged in, and theft is noticed.
//!
//! The rule is a pure function, without I/O, clock or randomness. `explorer` walks through
//! everything that can happen to it.
//!
//! Let `g` be the row's generation, `p` the presented one, `age` the time since `g` was made, and
//! `W` the overlap.
//!
//! | presented | condition | reply |
//! |---|---|---|
//! | any | revoked, expired, idle for too long | refuse |
//! | `p > g` | the store lost writes | heal: adopt `p`, confirmed; the overlap opens |
//! | `p = g` | `age ≥ W` | rotate: `g+1`, not confirmed |
//! | `p = g` | `age < W` | coalesce: the presented token stays current, and is confirmed |
//! | `p = g-1` | `age < W/8` and below 250 ms | repeat: the same successor; no write |
//! | `p = g-1` | `age ≤ W`, confirmed | repeat |
//! | `p = g-1` | `age ≤ W`, not confirmed | repeat, and the overlap opens again |
//! | `p = g-1` | `age > W`, not confirmed or the same retry key, fewer than 7 generations in a row before needed it | recover: repeat, and the overlap opens again |
//! | `p = g-1` | otherwise | reuse: there is a copy of the token |
//! | `p ≤ g-2` | | reuse |

use std::time::Duration;

use subtle::ConstantTimeEq;

use super::policy::SessionPolicy;
use crate::clock::Timestamp;
use crate::store::{Session, SessionParts};

/// What happens to a refresh token that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// The session is over.
    Refuse(SessionOver),
    /// A used refresh token was presented. The session has to be revoked.
    Reuse,
    /// Reply with the row's generation; nothing changes.
    Reply { how: Reply },
    /// Write this into the row, then answer with its generation.
    Replace { next: Progress, how: Reply },
}

/// The fields of a row that the rule writes. Deciding makes no copy of the row, so it may be done
/// twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) generation: u32,
    pub(super) rotated_at: Option<Timestamp>,
    pub(super) confirmed: bool,
    pub(super) recoveries: u8,
    pub(super) recovered: bool,
    pub(super) retry_key: Option<[u8; 16]>,
}

impl Progress {
    pub(super) fn of(row: &SessionParts) -> Self {
        Self {
            generation: row.generation,
            rotated_at: row.rotated_at,
            confirmed: row.confirmed,
            recoveries: row.recoveries,
            recovered: row.recovered,
            retry_key: row.retry_key,
        }
    }

    /// Returns the session with this in its row, and with the next revision.
    pub(super) fn written_to(self, mut session: Session) -> Session {
        let row = session.parts_mut();
        row.generation = self.generation;
        row.rotated_at = self.rotated_at;
        row.confirmed = self.confirmed;
        row.recoveries = self.recoveries;
        row.recovered = self.recovered;
        row.retry_key = self.retry_key;
        row.revision += 1;
        session
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionOver {
    Revoked,
    Expired,
}

/// The row of the table that decided, for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Healed,
    Rotated,
    Coalesced,
    Repeated,
    Recovered,
}

/// Decides what happens to the token of generation `presented`. `retry` is the hash of the
/// request's `Idempotency-Key`.
pub(super) fn decide(
    session: &Session,
    presented: u32,
    retry: Option<[u8; 16]>,
    now: Timestamp,
    policy: &SessionPolicy,
) -> Decision {
    let row = session.parts();
    if row.revoked.is_some() {
        return Decision::Refuse(SessionOver::Revoked);
    }
    if now >= policy.end(session) {
        return Decision::Refuse(SessionOver::Expired);
    }

    let overlap = policy.overlap;
    // `None` means long ago.
    let age = age(row.rotated_at, now);
    let is_younger_than = |limit: Duration| age.is_some_and(|age| age < limit);

    if presented > row.generation {
        // The tag says that we made this token, and the client has it, so the row is behind.
        return replace(row, Reply::Healed, |next| {
            next.generation = presented;
            next.rotated_at = Some(now);
            next.confirmed = true;
            next.recoveries = 0;
            next.recovered = false;
            next.retry_key = None;
        });
    }
    if presented == row.generation {
        if is_younger_than(overlap) {
            // The client presents this token, so its response arrived, as surely as with an access
            // token.
            if row.confirmed {
                return Decision::Reply {
                    how: Reply::Coalesced,
                };
            }
            return replace(row, Reply::Coalesced, |next| next.confirmed = true);
        }
        let Some(generation) = row.generation.checked_add(1) else {
            return Decision::Refuse(SessionOver::Expired);
        };
        return replace(row, Reply::Rotated, |next| {
            next.generation = generation;
            next.rotated_at = Some(now);
            next.confirmed = false;
            next.recoveries = if row.recovered {
                row.recoveries.saturating_add(1)
            } else {
                0
            };
            next.recovered = false;
            next.retry_key = retry;
        });
    }
    // Without an overlap there is no grace period.
    if presented.checked_add(1) != Some(row.generation) || overlap.is_zero() {
        return Decision::Reuse;
    }
    if is_younger_than(BURST.min(overlap / 8)) {
        return Decision::Reply {
            how: Reply::Repeated,
        };
    }
    if age.is_some_and(|age| age <= overlap) {
        if row.confirmed {
            return Decision::Reply {
                how: Reply::Repeated,
            };
        }
        return replace(row, Reply::Repeated, |next| next.rotated_at = Some(now));
    }
    let recoverable = !row.confirmed || same_key(row.retry_key, retry);
    if recoverable && row.recoveries < MAX_RECOVERIES {
        return replace(row, Reply::Recovered, |next| {
            next.rotated_at = Some(now);
            next.recovered = true;
        });
    }
    Decision::Reuse
}

/// Combines the decision by the clock at the request's arrival with the later one, after the
/// application was asked, which may take long.
///
/// A token that was not reused at arrival is not reused later: a slow application, a slow store or
/// a lost race does not make an honest client a thief. A burst stays a burst, or all of its tabs
/// would write. In all other cases the later decision counts.
pub(super) fn settle(at_arrival: Decision, later: Decision) -> Decision {
    match later {
        Decision::Reuse => at_arrival,
        Decision::Replace {
            how: Reply::Repeated,
            ..
        } if matches!(at_arrival, Decision::Reply { .. }) => at_arrival,
        later => later,
    }
}

fn replace(row: &SessionParts, how: Reply, change: impl FnOnce(&mut Progress)) -> Decision {
    let mut next = Progress::of(row);
    change(&mut next);
    Decision::Replace { next, how }
}

/// Returns how long ago the generation was made. `None` means long ago, or never, or so far in the
/// future that a clock must have been wrong.
fn age(rotated_at: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    let rotated_at = rotated_at?;
    (rotated_at <= now + MAX_SKEW).then(|| now.saturating_since(rotated_at))
}

fn same_key(kept: Option<[u8; 16]>, sent: Option<[u8; 16]>) -> bool {
    matches!((kept, sent), (Some(kept), Some(sent)) if kept.ct_eq(&sent).into())
}

/// The time in which tabs that refresh at once need not all write.
///
/// It is short: a client that asks again later has lost the response, and a second tab may be just
/// behind it. Then the overlap has to open again, or half of it would not be enough for a round
/// trip.
const BURST: Duration = Duration::from_millis(250);
/// A rotation further in the future than this was written by a wrong clock.
const MAX_SKEW: Duration = Duration::from_secs(300);
/// A thief who never uses an access token is noticed after one more generation than this.
const MAX_RECOVERIES: u8 = 7;
