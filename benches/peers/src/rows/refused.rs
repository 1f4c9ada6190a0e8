//! Requests that are refused: with a forged token, an expired one, and without any.

use http::{HeaderValue, StatusCode};

use crate::kind::Kind;
use crate::peers::sessions::Site;
use crate::peers::{aliri, hand_written, jwt_authorizer, ours};
use crate::rounds::{cost, cost_without_token, ratio};
use crate::side::Side;
use crate::table::Goal::{AtMost, Told};
use crate::table::{Goal, Table};
use crate::tokens::Mint;

pub fn rows(table: &Table) {
    let mut mint = Mint::new(Kind::Hs256);
    let tokens = Tokens {
        valid: mint.valid(COUNT * ROUNDS),
        forged: mint.forged(COUNT * ROUNDS),
        expired: mint.expired(COUNT * ROUNDS),
    };
    let site = Site::new(Kind::Hs256);
    let own = Tokens {
        valid: site.without_receipts(COUNT * ROUNDS),
        forged: site.forged(COUNT * ROUNDS),
        expired: site.expired(COUNT * ROUNDS),
    };
    let refused = RefusedRows {
        table,
        tokens: &tokens,
    };
    for (layer, goal, mut side, own) in [
        ("bare", AtMost(0.30), ours::side(Kind::Hs256), &tokens),
        ("sessions", AtMost(0.30), site.side(), &own),
        ("aliri_tower", Told, aliri::side(), &tokens),
        (
            "jwt_authorizer",
            Told,
            jwt_authorizer::side(Kind::Hs256),
            &tokens,
        ),
    ] {
        let expired = if goal_is_set(goal) { AtMost(1.0) } else { Told };
        let missing = if goal_is_set(goal) {
            AtMost(0.045)
        } else {
            Told
        };
        refused.forged(layer, goal, &mut *side, own);
        refused.expired(layer, expired, &mut *side, own);
        refused.missing(layer, missing, &mut *side);
    }
}

fn goal_is_set(goal: Goal) -> bool {
    !matches!(goal, Told)
}

struct Tokens {
    valid: Vec<HeaderValue>,
    forged: Vec<HeaderValue>,
    expired: Vec<HeaderValue>,
}

struct RefusedRows<'t> {
    table: &'t Table,
    tokens: &'t Tokens,
}

impl RefusedRows<'_> {
    /// Over the same in the layer that is written by hand.
    fn forged(&self, layer: &str, goal: Goal, side: &mut dyn Side, own: &Tokens) {
        let mut hand = hand_written::side(Kind::Hs256);
        self.table.row(&format!("hs256_forged_{layer}"), goal, || {
            let (mut own, mut theirs) =
                (own.forged.chunks(COUNT), self.tokens.forged.chunks(COUNT));
            ratio(
                self.table.rounds(ROUNDS, 21),
                || cost(side, own.next().unwrap(), COUNT, StatusCode::UNAUTHORIZED),
                || {
                    cost(
                        &mut *hand,
                        theirs.next().unwrap(),
                        COUNT,
                        StatusCode::UNAUTHORIZED,
                    )
                },
            )
        });
    }

    /// Over valid tokens in the same layer, neither of them seen before.
    fn expired(&self, layer: &str, goal: Goal, side: &mut dyn Side, own: &Tokens) {
        let name = format!("hs256_expired_over_fresh_{layer}");
        self.table.row(&name, goal, || {
            let (mut expired, mut valid) = (own.expired.chunks(COUNT), own.valid.chunks(COUNT));
            // Both need the layer, in turns.
            let side = std::cell::RefCell::new(side);
            let cost = |tokens: &[_], status| cost(&mut **side.borrow_mut(), tokens, COUNT, status);
            ratio(
                self.table.rounds(ROUNDS, 21),
                || cost(expired.next().unwrap(), StatusCode::UNAUTHORIZED),
                || cost(valid.next().unwrap(), StatusCode::OK),
            )
        });
    }

    /// Over a valid token in the layer that is written by hand.
    fn missing(&self, layer: &str, goal: Goal, side: &mut dyn Side) {
        let mut hand = hand_written::side(Kind::Hs256);
        self.table
            .row(&format!("missing_over_valid_{layer}"), goal, || {
                ratio(
                    self.table.rounds(ROUNDS, 21),
                    || cost_without_token(side, COUNT),
                    || cost(&mut *hand, &self.tokens.valid, COUNT, StatusCode::OK),
                )
            });
    }
}

/// Tokens a round.
const COUNT: usize = 256;
const ROUNDS: usize = 61;
