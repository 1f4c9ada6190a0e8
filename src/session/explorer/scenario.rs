//! [`Scenario`]: who is there, what may happen to them, and which laws hold then.

use super::law::Law;
use super::row::{NEVER, UNIT};
use crate::session::SessionPolicy;

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    /// Honest clients that share one place where the refresh token is kept. A phone is one of them alone.
    pub(super) tabs: usize,
    /// Somebody copies the refresh token, once, at any moment.
    pub(super) thief: bool,
    /// He uses the access tokens that he gets: at once, later or never.
    pub(super) thief_uses: bool,
    /// `W`.
    pub(super) overlap: i8,
    /// The longest way there and back. What takes longer was given up, and is lost.
    pub(super) round_trip: i8,
    /// How far ahead the clocks are that may decide.
    pub(super) clocks: &'static [i8],
    /// Whoever holds this generation asks no more.
    pub(super) generations: u8,
    /// Find, decide and replace are one step. Else others come in between, and time passes.
    pub(super) at_once: bool,
    /// No request reaches the server within the overlap of another.
    pub(super) apart: bool,
    pub(super) logout: bool,
    /// How often the store may forget its last generation, and all that came after.
    pub(super) lost_writes: u8,
    /// It may forget an overlap that was opened again, and keep the generation.
    pub(super) loses_openings: bool,
    /// Requests and answers get lost, and servers crash.
    pub(super) losses: bool,
    /// An answer may arrive by half: the access token is used, the refresh token never kept.
    pub(super) halves: bool,
    /// Honest clients send an `Idempotency-Key`, the same one when they try again.
    pub(super) keyed: bool,
    /// A client that stores every answer, also one that repeats the token it had sent.
    pub(super) stores_all: bool,
    pub(super) unused: i8,
    pub(super) in_all: i8,
    pub(super) laws: &'static [Law],
}

/// Laws that hold whatever happens.
pub(super) const ALWAYS: &[Law] = &[
    Law::LogoutIsFinal,
    Law::OneRotationInTheOverlap,
    Law::NothingOutlivesTheSession,
    Law::RevisionsCount,
    Law::UsedCopiesEndIt,
];
/// And if nobody steals, and all is in time.
pub(super) const HONEST: &[Law] = &[
    Law::NobodyHonestIsRefused,
    Law::LogoutIsFinal,
    Law::OneRotationInTheOverlap,
    Law::NothingOutlivesTheSession,
    Law::RevisionsCount,
];

impl Scenario {
    /// One honest client; a round trip is less than half the overlap.
    pub(super) const BASE: Self = Self {
        tabs: 1,
        thief: false,
        thief_uses: false,
        overlap: 4,
        round_trip: 1,
        clocks: &[0],
        generations: 3,
        at_once: false,
        apart: false,
        logout: false,
        lost_writes: 0,
        loses_openings: false,
        losses: true,
        halves: false,
        keyed: false,
        stores_all: false,
        unused: NEVER,
        in_all: NEVER,
        laws: HONEST,
    };

    /// From this age on nothing changes any more.
    pub(super) fn long(&self) -> i8 {
        let unused = if self.unused == NEVER { 0 } else { self.unused };
        (self.overlap + self.round_trip + 1).max(unused)
    }

    pub(super) fn policy(&self) -> SessionPolicy {
        let units = |count: i8| UNIT * u32::try_from(count).unwrap();
        SessionPolicy {
            access_token: units(ACCESS_TOKEN),
            // Without an end of its own a session is used often enough.
            unused: if self.unused == NEVER { UNIT * 100_000 } else { units(self.unused) },
            in_all: units(self.in_all),
            overlap: units(self.overlap),
        }
    }
}

/// How long an access token lives.
pub(super) const ACCESS_TOKEN: i8 = 3;
