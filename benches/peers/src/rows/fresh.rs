//! Tokens that no layer has seen before. Each is sent once.

use http::{HeaderValue, StatusCode};

use crate::kind::Kind;
use crate::peers::sessions::Site;
use crate::peers::{aliri, hand_written, jwt_authorizer, ours};
use crate::rounds::{cost, ratio};
use crate::side::Side;
use crate::table::Goal::{AtMost, Told};
use crate::table::{Goal, Table};
use crate::tokens::Mint;

pub fn rows(table: &Table) {
    for (kind, bare, sessions) in [
        (Kind::Hs256, 0.30, 0.36),
        (Kind::EdDsa, 0.97, 0.97),
        (Kind::Es256, 0.97, 0.97),
        (Kind::Rs256, 0.80, 0.80),
    ] {
        let fresh = Fresh::new(table, kind);
        let mut hand = hand_written::side(kind);
        fresh.row("bare", AtMost(bare), &mut *ours::side(kind), &mut *hand);
        fresh.of_sessions(AtMost(sessions), &mut *hand);
        let mut peer = jwt_authorizer::side(kind);
        fresh.row("jwt_authorizer", Told, &mut *peer, &mut *hand);
        if kind == Kind::Hs256 {
            let mut aliri = aliri::side();
            fresh.row("aliri_tower", Told, &mut *aliri, &mut *hand);
            let name = "bare_over_aliri_tower";
            fresh.row(name, AtMost(0.50), &mut *ours::side(kind), &mut *aliri);
        }
    }
}

/// How often, and how many tokens a round.
struct Fresh<'t> {
    table: &'t Table,
    kind: Kind,
    rounds: usize,
    each: usize,
}

impl<'t> Fresh<'t> {
    fn new(table: &'t Table, kind: Kind) -> Self {
        Self {
            table,
            kind,
            rounds: table.rounds(61, 21),
            each: if kind == Kind::Hs256 { 256 } else { 32 },
        }
    }

    fn row(&self, layer: &str, goal: Goal, side: &mut dyn Side, other: &mut dyn Side) {
        let tokens = |count| Mint::new(self.kind).valid(count);
        self.measure(layer, goal, side, other, tokens);
    }

    /// The first token of a session queues a receipt too, and wakes the task that writes it: that
    /// is a row of its own.
    fn of_sessions(&self, goal: Goal, other: &mut dyn Side) {
        let site = Site::new(self.kind);
        let side = &mut *site.side();
        self.measure("sessions", goal, side, other, |count| {
            site.without_receipts(count)
        });
        self.measure("sessions_with_receipts", Told, side, other, |count| {
            site.valid(count)
        });
    }

    fn measure(
        &self,
        layer: &str,
        goal: Goal,
        side: &mut dyn Side,
        other: &mut dyn Side,
        tokens: impl FnOnce(usize) -> Vec<HeaderValue>,
    ) {
        let name = format!("{}_fresh_{layer}", self.kind.name());
        self.table.row(&name, goal, || {
            let own = tokens((self.rounds + 1) * self.each);
            let theirs = Mint::new(self.kind).valid((self.rounds + 1) * self.each);
            let (mut own, mut theirs) = (own.chunks(self.each), theirs.chunks(self.each));
            let mut next = move || own.next().expect("one for each round");
            let mut other_next = move || theirs.next().expect("one for each round");
            cost(side, next(), self.each, StatusCode::OK);
            cost(other, other_next(), self.each, StatusCode::OK);
            ratio(
                self.rounds,
                || cost(side, next(), self.each, StatusCode::OK),
                || cost(other, other_next(), self.each, StatusCode::OK),
            )
        });
    }
}
