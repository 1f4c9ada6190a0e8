//! The worlds that are explored.

use super::law::Law;
use super::scenario::{ALWAYS, Scenario};

/// Two tabs share a cookie jar. Requests, answers and receipts are late, overtake each other, and
/// get lost.
pub(super) const TWO_TABS: Scenario = Scenario {
    tabs: 2,
    overlap: 6,
    generations: 2,
    ..Scenario::BASE
};

/// The server's work is one step here, or there would be too many worlds.
pub(super) const THREE_TABS: Scenario = Scenario {
    tabs: 3,
    at_once: true,
    ..TWO_TABS
};

/// A server may crash at any point of a refresh, also between write and answer. The overlap is
/// shorter.
pub(super) const CRASHES: Scenario = Scenario {
    tabs: 2,
    generations: 2,
    ..Scenario::BASE
};

/// As slow as the law allows.
pub(super) const TWO_SLOW_TABS: Scenario = Scenario {
    round_trip: 2,
    at_once: true,
    ..TWO_TABS
};
/// The server's work takes time too. No answer is lost, or there would be too many worlds.
pub(super) const TWO_SLOW_TABS_AND_SERVER: Scenario = Scenario {
    at_once: false,
    losses: false,
    ..TWO_SLOW_TABS
};
/// The application takes longer than the overlap to say what it grants. There is only one
/// generation, because a second rotation in the meantime would be reuse.
pub(super) const SLOW_APPLICATION: Scenario = Scenario {
    tabs: 2,
    generations: 1,
    overlap: 1,
    round_trip: 4,
    slow_application: true,
    ..Scenario::BASE
};
pub(super) const THREE_SLOW_TABS: Scenario = Scenario {
    tabs: 3,
    ..TWO_SLOW_TABS
};

/// Any number of its answers are lost, for any time, in seven generations in a row.
pub(super) const PHONE: Scenario = Scenario {
    generations: 7,
    ..Scenario::BASE
};

/// The phone uses the access token of an answer and loses the rest, but sends the same key when it
/// tries again.
pub(super) const HALF_ANSWERS: Scenario = Scenario {
    halves: true,
    keyed: true,
    ..PHONE
};

/// Logout at any moment, and tabs that do not hear of it.
pub(super) const LOGOUT: Scenario = Scenario {
    tabs: 2,
    generations: 2,
    logout: true,
    ..Scenario::BASE
};

/// A session ends with its idle timeout, and in any case with its absolute lifetime.
pub(super) const ENDS: Scenario = Scenario {
    tabs: 2,
    generations: 2,
    at_once: true,
    idle_timeout: 8,
    absolute_lifetime: 16,
    ..Scenario::BASE
};

/// The session may end while the server works.
pub(super) const SLOW_ENDS: Scenario = Scenario {
    tabs: 1,
    at_once: false,
    ..ENDS
};

/// A thief copies the token at any moment, uses it first or second, and uses their access tokens at
/// once, later or never.
pub(super) const THIEF: Scenario = Scenario {
    thief: true,
    thief_uses: true,
    generations: 2,
    laws: ALWAYS,
    ..Scenario::BASE
};

/// Many generations, and a server that works at once.
pub(super) const LASTING_THIEF: Scenario = Scenario {
    generations: 3,
    at_once: true,
    ..THIEF
};

/// With a second tab, and a logout at any moment.
pub(super) const THIEF_AMONG_TABS: Scenario = Scenario {
    tabs: 2,
    at_once: true,
    logout: true,
    losses: false,
    ..THIEF
};

/// Every second use is theft.
pub(super) const STRICT: Scenario = Scenario {
    overlap: 0,
    generations: 3,
    ..THIEF
};

/// A thief who never uses an access token. They and the honest client never meet within the
/// overlap: there the copy is not noticed.
pub(super) const SILENT_THIEF: Scenario = Scenario {
    thief_uses: false,
    overlap: 1,
    round_trip: 0,
    generations: 9,
    at_once: true,
    apart: true,
    laws: &[
        Law::UnusedCopiesEndIt,
        Law::UsedCopiesEndIt,
        Law::LogoutIsFinal,
        Law::OneRotationInTheOverlap,
        Law::NothingOutlivesTheSession,
        Law::RevisionsCount,
    ],
    ..THIEF
};

/// The same with no answer lost: the shorter search, where something has to be found.
pub(super) const SHORT_SILENT_THIEF: Scenario = Scenario {
    losses: false,
    ..SILENT_THIEF
};
