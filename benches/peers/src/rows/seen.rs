//! Tokens that the layer has seen before: 64 of them that are live, 4,096, and one.

use http::StatusCode;

use crate::kind::Kind;
use crate::peers::sessions::Site;
use crate::peers::{hand_written, ours};
use crate::rounds::{cost, ratio};
use crate::side::Side;
use crate::table::Goal::{AtMost, Told};
use crate::table::{Goal, Table};
use crate::tokens::Mint;

pub fn rows(table: &Table) {
    for (kind, bare, sessions) in [
        (Kind::Hs256, AtMost(0.070), AtMost(0.085)),
        (Kind::EdDsa, AtMost(0.008), AtMost(0.009)),
        (Kind::Es256, AtMost(0.008), AtMost(0.009)),
        (Kind::Rs256, Told, Told),
    ] {
        over_hand_written(table, kind, bare, sessions);
    }
    many_live(table);
}

fn over_hand_written(table: &Table, kind: Kind, bare: Goal, sessions: Goal) {
    let tokens = Mint::new(kind).valid(LIVE);
    let mut hand = hand_written::side(kind);
    let mut row = |layer: &str, goal, side: &mut dyn Side, own: &[_]| {
        let name = format!("{}_seen_{layer}", kind.name());
        table.row(&name, goal, || {
            let count = if kind == Kind::Hs256 { 512 } else { LIVE };
            // A token is kept when it comes for the second time.
            cost(side, own, 2 * LIVE, StatusCode::OK);
            ratio(
                table.rounds(101, 31),
                || cost(side, own, 1024, StatusCode::OK),
                || cost(&mut *hand, &tokens, count, StatusCode::OK),
            )
        });
    };
    row("bare", bare, &mut *ours::side(kind), &tokens);
    let site = Site::new(kind);
    row("sessions", sessions, &mut *site.side(), &site.valid(LIVE));
}

/// Each layer has 4,096 live tokens, and another layer like it has one.
fn many_live(table: &Table) {
    let row = |layer: &str, many: &mut dyn Side, one: &mut dyn Side, tokens: Vec<_>| {
        table.row(
            &format!("hs256_seen_4096_over_1_{layer}"),
            AtMost(2.0),
            || {
                cost(many, &tokens, 2 * tokens.len(), StatusCode::OK);
                ratio(
                    table.rounds(41, 15),
                    || cost(many, &tokens, tokens.len(), StatusCode::OK),
                    || cost(one, &tokens[..1], tokens.len(), StatusCode::OK),
                )
            },
        );
    };
    let (mut many, mut one) = (ours::side(Kind::Hs256), ours::side(Kind::Hs256));
    row(
        "bare",
        &mut *many,
        &mut *one,
        Mint::new(Kind::Hs256).valid(4096),
    );
    let site = Site::new(Kind::Hs256);
    row(
        "sessions",
        &mut *site.side(),
        &mut *site.side(),
        site.valid(4096),
    );
}

const LIVE: usize = 64;
