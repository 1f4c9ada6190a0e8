//! Requests a second of two threads, over those of one.

use http::{HeaderValue, StatusCode};

use crate::kind::Kind;
use crate::measured;
use crate::peers::ours;
use crate::peers::sessions::Site;
use crate::rounds::{median, per_second};
use crate::side::{Side, requests};
use crate::table::Goal::AtLeast;
use crate::table::{Goal, Table};
use crate::tokens::Mint;
use tower_bearer::BearerAuthLayer;

pub fn rows(table: &Table) {
    let site = Site::new(Kind::Hs256);
    let verifier = ours::verifier(Kind::Hs256.key_set(), crate::tokens::ISSUER);
    let bare = BearerAuthLayer::new(verifier);
    let tokens = Mint::new(Kind::Hs256).valid(64);
    row(
        table,
        "threads_2_over_1_hot_sessions",
        AtLeast(1.6),
        &site.valid(1),
        || site.side(),
    );
    row(
        table,
        "threads_2_over_1_64_sessions",
        AtLeast(1.7),
        &site.valid(64),
        || site.side(),
    );
    row(
        table,
        "threads_2_over_1_hot_bare",
        AtLeast(1.6),
        &tokens[..1],
        || ours::behind(&bare),
    );
    row(
        table,
        "threads_2_over_1_64_bare",
        AtLeast(1.7),
        &tokens,
        || ours::behind(&bare),
    );
}

fn row(
    table: &Table,
    name: &str,
    goal: Goal,
    tokens: &[HeaderValue],
    side: impl Fn() -> Box<dyn Side>,
) {
    table.row(name, goal, || {
        let work = |_| {
            let (mut side, tokens) = (side(), tokens.to_vec());
            // A token is kept when it comes for the second time.
            measured::requests(&mut *side, requests(&tokens, 2 * 64), StatusCode::OK);
            move || {
                for _ in 0..BATCHES {
                    let requests = requests(&tokens, 64);
                    measured::requests(&mut *side, requests, StatusCode::OK);
                }
            }
        };
        let ratios = (0..table.rounds(41, 15)).map(|_| per_second(2, work) / per_second(1, work));
        median(ratios.collect())
    });
}

/// Batches of 64 requests, of each thread in each round.
const BATCHES: usize = 200;
