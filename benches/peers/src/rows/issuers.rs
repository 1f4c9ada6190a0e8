//! Many issuers behind one layer, and many keys without names in one set.

use std::cell::RefCell;

use http::StatusCode;
use tower_bearer::keys::Algorithm;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, KeySet};

use crate::kind::Kind;
use crate::peers::ours;
use crate::rounds::{cost, ratio};
use crate::side::Side;
use crate::table::Goal::AtMost;
use crate::table::Table;
use crate::tokens::{AUDIENCE, ISSUER, Mint};

pub fn rows(table: &Table) {
    for (path, status) in [
        ("fresh", StatusCode::OK),
        ("forged", StatusCode::UNAUTHORIZED),
    ] {
        table.row(&format!("issuers_64_over_1_{path}"), AtMost(1.02), || {
            let issuer = |number| format!("https://issuer-{number}.test");
            let mut many = layer_of((0..64).map(issuer));
            let mut one = layer_of([issuer(63)].into_iter());
            let tokens = |count| {
                let mut mint = Mint::new(Kind::Hs256).with_issuer(&issuer(63));
                match status {
                    StatusCode::OK => mint.valid(count),
                    _ => mint.forged(count),
                }
            };
            compared(table, &mut *many, &mut *one, tokens, status)
        });
    }
    table.row("issuers_64_foreign_over_fresh", AtMost(1.0), || {
        let issuer = |number| format!("https://issuer-{number}.test");
        let mut many = layer_of((0..64).map(issuer));
        let mut mint = Mint::new(Kind::Hs256).with_issuer(&issuer(63));
        let rounds = table.rounds(61, 21);
        let valid = mint.valid(COUNT * rounds);
        let foreign = mint
            .with_issuer("https://foreign.test")
            .valid(COUNT * rounds);
        let (mut foreign, mut valid) = (foreign.chunks(COUNT), valid.chunks(COUNT));
        // Both need the layer, in turns.
        let many = RefCell::new(&mut *many);
        let cost = |tokens: &[_], status| cost(&mut **many.borrow_mut(), tokens, COUNT, status);
        ratio(
            rounds,
            || cost(foreign.next().unwrap(), StatusCode::UNAUTHORIZED),
            || cost(valid.next().unwrap(), StatusCode::OK),
        )
    });
    let name = "keys_100_over_4_forged";
    table.row(name, AtMost(1.05), || match behind_keys(100) {
        // Refused at configuration.
        None => 0.0,
        Some(mut many) => {
            let mut four = behind_keys(4).expect("four keys are allowed");
            let tokens = |count| Mint::new(Kind::Hs256).forged(count);
            compared(
                table,
                &mut *many,
                &mut *four,
                tokens,
                StatusCode::UNAUTHORIZED,
            )
        }
    });
}

fn compared(
    table: &Table,
    side: &mut dyn Side,
    other: &mut dyn Side,
    tokens: impl Fn(usize) -> Vec<http::HeaderValue>,
    status: StatusCode,
) -> f64 {
    let rounds = table.rounds(61, 21);
    let tokens = tokens(COUNT * rounds);
    let (mut own, mut theirs) = (tokens.chunks(COUNT), tokens.chunks(COUNT));
    ratio(
        rounds,
        || cost(side, own.next().unwrap(), COUNT, status),
        || cost(other, theirs.next().unwrap(), COUNT, status),
    )
}

fn layer_of(issuers: impl Iterator<Item = String>) -> Box<dyn Side> {
    let mut verifiers = issuers.map(|issuer| ours::verifier(Kind::Hs256.key_set(), &issuer));
    let first = BearerAuthLayer::new(verifiers.next().expect("one issuer or more"));
    let layer = verifiers.fold(first, |layer, next| {
        layer.with_verifier(next).expect("each has its name")
    });
    ours::behind(&layer)
}

/// The route behind a verifier with as many keys, none of which has a `kid`.
fn behind_keys(count: u8) -> Option<Box<dyn Side>> {
    let key = |number| KeySet::from_hmac_secret(Algorithm::Hs256, [number; 32]);
    let keys = (0..count).map(|number| key(number).expect("32 bytes are enough"));
    let keys = keys.reduce(KeySet::merge).expect("one key or more");
    let builder = AccessTokenVerifier::builder(keys).issuer(ISSUER);
    let built = builder.audience(AUDIENCE).build().ok()?;
    Some(ours::behind(&BearerAuthLayer::new(built)))
}

/// Tokens a round.
const COUNT: usize = 128;
