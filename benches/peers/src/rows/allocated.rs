//! Allocations of a request, on each path.

use http::{HeaderValue, Request, StatusCode};

use crate::counting::allocations;
use crate::kind::Kind;
use crate::peers::sessions::Site;
use crate::peers::{aliri, hand_written, jwt_authorizer, ours};
use crate::side::{Body, Side, request, requests};
use crate::table::Goal::{AtMost, Told};
use crate::table::{Goal, Table};
use crate::tokens::Mint;

pub fn rows(table: &Table) {
    let (mut mint, site) = (Mint::new(Kind::Hs256), Site::new(Kind::Hs256));
    let issued = Tokens {
        valid: mint.valid(2 * COUNT),
        forged: mint.forged(2 * COUNT),
    };
    let own = Tokens {
        valid: site.valid(2 * COUNT),
        forged: site.forged(2 * COUNT),
    };
    for (layer, is_ours, mut side, tokens) in [
        ("bare", true, ours::side(Kind::Hs256), &issued),
        ("sessions", true, site.side(), &own),
        (
            "hand_written",
            false,
            hand_written::side(Kind::Hs256),
            &issued,
        ),
        ("aliri_tower", false, aliri::side(), &issued),
        (
            "jwt_authorizer",
            false,
            jwt_authorizer::side(Kind::Hs256),
            &issued,
        ),
    ] {
        let goal = |limit| if is_ours { AtMost(limit) } else { Told };
        let mut paths = Paths {
            table,
            layer,
            side: &mut *side,
        };
        let (ok, refused) = (StatusCode::OK, StatusCode::UNAUTHORIZED);
        let (first, second) = tokens.valid.split_at(COUNT);
        paths.row("fresh", goal(6.0), of(first), of(second), ok);
        // They were there once before, and are kept when they come again.
        paths.row("seen", goal(3.0), of(first), of(first), ok);
        let (first, second) = tokens.forged.split_at(COUNT);
        paths.row("forged", goal(2.0), of(first), of(second), refused);
        let missing = || (0..COUNT).map(|_| request(None)).collect();
        paths.row("missing", goal(2.0), missing(), missing(), refused);
    }
}

struct Tokens {
    valid: Vec<HeaderValue>,
    forged: Vec<HeaderValue>,
}

struct Paths<'t> {
    table: &'t Table,
    layer: &'t str,
    side: &'t mut dyn Side,
}

impl Paths<'_> {
    fn row(
        &mut self,
        path: &str,
        goal: Goal,
        before: Vec<Request<Body>>,
        counted: Vec<Request<Body>>,
        expected: StatusCode,
    ) {
        let mut call = |request| assert_eq!(self.side.call(request), expected);
        before.into_iter().for_each(&mut call);
        let name = format!("allocations_{path}_{}", self.layer);
        self.table.row(&name, goal, || {
            let count = allocations(|| counted.into_iter().for_each(call));
            count as f64 / COUNT as f64
        });
    }
}

fn of(tokens: &[HeaderValue]) -> Vec<Request<Body>> {
    requests(tokens, tokens.len())
}

const COUNT: usize = 256;
