//! [`Scenario`] says which clients there are, what may happen to them, and which laws then hold.

use super::law::Law;
use super::row::{NEVER, UNIT};
use crate::session::policy::SessionPolicy;

#[derive(Clone, Debug)]
pub(super) struct Scenario {
    /// The number of honest clients that share one place for the refresh token. A phone is a single
    /// client.
    pub(super) tabs: usize,
    /// A thief copies the refresh token, once, at any moment.
    pub(super) thief: bool,
    /// The thief may use the access tokens that they get, at once, later or never.
    pub(super) thief_uses: bool,
    /// `W`.
    pub(super) overlap: i8,
    /// The longest round trip. A request that takes longer was given up, and is lost.
    pub(super) round_trip: i8,
    /// How far ahead the clocks of the nodes are. A request stays on one node, from its arrival to
    /// its answer.
    pub(super) clocks: &'static [i8],
    /// Each reading of the time may come from any of the clocks.
    pub(super) jumps: bool,
    /// How long after `W` a used copy may still be answered.
    pub(super) lenient: i8,
    /// A client that has this generation sends no more requests.
    pub(super) generations: u8,
    /// Find, decide and replace are one step. Otherwise other steps come in between, and time
    /// passes.
    pub(super) at_once: bool,
    /// Time passes only while servers wait for the application. Requests, answers and the store
    /// take no time.
    pub(super) slow_application: bool,
    /// No request reaches the server within the overlap of another.
    pub(super) apart: bool,
    pub(super) logout: bool,
    /// The application changes the password and then logs out everywhere, in two steps with
    /// anything in between.
    pub(super) password: bool,
    /// The scenario begins with a login.
    pub(super) login: bool,
    /// How often the store may be set back to any state that the row had before, of an earlier
    /// generation.
    pub(super) set_back: u8,
    /// The state may also be one of the same generation, so that an overlap that was opened again
    /// is forgotten.
    pub(super) loses_openings: bool,
    /// The state may also be one of the same generation and overlap, so that a receipt is
    /// forgotten.
    pub(super) loses_receipts: bool,
    /// The state may also be one from before the revocation.
    pub(super) loses_revocations: bool,
    /// The row and the feed are on two servers, and each may be set back without the other.
    pub(super) feed_apart: bool,
    /// A revocation is two calls of two servers, and the second may be lost.
    pub(super) two_steps: bool,
    /// The retention may pass after a revocation: the nodes and the feed forget it, and the
    /// clean-up deletes the row that was revoked.
    pub(super) retention: bool,
    /// That happens only once every node has heard of the revocation.
    pub(super) heard: bool,
    /// A used copy counts although the store has forgotten it.
    pub(super) keeps_evidence: bool,
    /// The nodes know the revocations, including those that the store has lost.
    pub(super) feed: bool,
    /// The nodes that may forget what they knew, because they restart, or because the retention has
    /// passed.
    pub(super) restarts: Restarts,
    /// Requests and answers get lost, and servers crash.
    pub(super) losses: bool,
    /// Half of an answer may arrive: the access token is used, and the refresh token is never kept.
    pub(super) halves: bool,
    /// Honest clients send an `Idempotency-Key`, the same one when they try again.
    pub(super) keyed: bool,
    /// Clients store every answer, even if it repeats the token that they sent.
    pub(super) stores_all: bool,
    pub(super) idle_timeout: i8,
    pub(super) absolute_lifetime: i8,
    pub(super) laws: &'static [Law],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restarts {
    None,
    /// A node may forget while another node lives that knows of the revocation.
    AllButOne,
    All,
}

/// Laws that hold whatever happens.
pub(super) const ALWAYS: &[Law] = &[
    Law::LogoutIsFinal,
    Law::OneRotationInTheOverlap,
    Law::NothingOutlivesTheSession,
    Law::RevisionsCount,
    Law::UsedCopiesEndIt,
];
/// Laws that hold if there is no thief, and everything is in time.
pub(super) const HONEST: &[Law] = &[
    Law::NobodyHonestIsRefused,
    Law::NobodyHonestIsAccused,
    Law::LogoutIsFinal,
    Law::OneRotationInTheOverlap,
    Law::NothingOutlivesTheSession,
    Law::RevisionsCount,
];

impl Scenario {
    /// One honest client, with a round trip that is less than half the overlap.
    pub(super) const BASE: Self = Self {
        tabs: 1,
        thief: false,
        thief_uses: false,
        overlap: 4,
        round_trip: 1,
        clocks: &[0],
        jumps: false,
        lenient: 0,
        generations: 3,
        at_once: false,
        slow_application: false,
        apart: false,
        logout: false,
        password: false,
        login: false,
        set_back: 0,
        loses_openings: false,
        loses_receipts: false,
        loses_revocations: false,
        feed_apart: false,
        two_steps: false,
        retention: false,
        heard: false,
        keeps_evidence: false,
        feed: false,
        restarts: Restarts::None,
        losses: true,
        halves: false,
        keyed: false,
        stores_all: false,
        idle_timeout: NEVER,
        absolute_lifetime: NEVER,
        laws: HONEST,
    };

    /// From this age on nothing changes any more.
    pub(super) fn long(&self) -> i8 {
        let idle_timeout = if self.idle_timeout == NEVER {
            0
        } else {
            self.idle_timeout
        };
        (self.overlap + self.lenient + self.round_trip + 1).max(idle_timeout)
    }

    pub(super) fn policy(&self) -> SessionPolicy {
        let units = |count: i8| UNIT * u32::try_from(count).unwrap();
        SessionPolicy {
            access_token: units(ACCESS_TOKEN),
            // Without an idle timeout of its own a session is used often enough.
            idle_timeout: if self.idle_timeout == NEVER {
                UNIT * 100_000
            } else {
                units(self.idle_timeout)
            },
            absolute_lifetime: units(self.absolute_lifetime),
            overlap: units(self.overlap),
            max_sessions: usize::MAX,
        }
    }
}

/// How long an access token lives.
const ACCESS_TOKEN: i8 = 3;
