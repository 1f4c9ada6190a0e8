//! Tests the signature check beneath the verifier with tokens that others published. Most of their
//! payloads are not claims.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::claim_form::moment;
use super::json::Object;
use super::jws::Jws;
use super::wire::EXP;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::keys::KeySet;

#[derive(Deserialize)]
struct Vector {
    id: String,
    jwks: Value,
    algs: Vec<String>,
    token: String,
    expect: String,
    tier: String,
    level: String,
    now: Option<u64>,
}

// requirement 45
#[test]
fn published_tokens_are_accepted_and_refused_as_their_authors_say() {
    if let Ok(path) = std::env::var("JOSE_VECTORS") {
        // Another file of the same form: the caller compares the verdicts.
        for vector in read(&std::fs::read_to_string(path).unwrap()) {
            println!("{} {}", vector.id, vector.verdict());
        }
        return;
    }
    let vectors = read(include_str!("../../tests/data/vectors/jose.jsonl"));
    let mut counts = BTreeMap::<_, usize>::new();
    let mut wrong = Vec::new();
    for vector in &vectors {
        let verdict = vector.verdict();
        let said = (vector.tier.as_str(), vector.expect.as_str(), verdict);
        *counts.entry(said).or_default() += 1;
        if verdict != vector.expect {
            wrong.push(&vector.id);
        }
    }
    for ((tier, expected, verdict), count) in &counts {
        println!("{tier}: {count} that they {expected}, we {verdict}");
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    // A check that refuses everything would be wrong too.
    assert_eq!(counts[&("must", "accept", "accept")], 56);
    assert_eq!(counts[&("must", "reject", "reject")], 370);
    assert_eq!(counts[&("should", "reject", "reject")], 4);
}

fn read(lines: &str) -> Vec<Vector> {
    let lines = lines.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

impl Vector {
    fn verdict(&self) -> &'static str {
        if self.passes() { "accept" } else { "reject" }
    }

    fn passes(&self) -> bool {
        let Ok(keys) = KeySet::from_jwk_set(&self.keys().to_string()) else {
            return false;
        };
        let Ok(jws) = Jws::parse(self.token.as_bytes(), usize::MAX) else {
            return false;
        };
        let is_signed = jws.verify(&keys, |_| true, |_| Ok(())).is_ok();
        let Ok(payload) = URL_SAFE_NO_PAD.decode(jws.payload()) else {
            return false;
        };
        is_signed && (self.level == "signature" || self.is_alive(&payload))
    }

    /// Returns the keys, each with its one algorithm. Where the author names none, it is the one
    /// that the verifier may accept.
    fn keys(&self) -> Value {
        let keys = self.jwks["keys"].as_array().unwrap().iter().map(|key| {
            let mut key = key.clone();
            if key.get("alg").is_none() && self.algs.len() == 1 {
                key["alg"] = self.algs[0].as_str().into();
            }
            key
        });
        json!({ "keys": keys.collect::<Vec<_>>() })
    }

    fn is_alive(&self, payload: &[u8]) -> bool {
        let text = std::str::from_utf8(payload).ok();
        let Some(claims) = text.and_then(Object::parse) else {
            return false;
        };
        let now = self
            .now
            .map_or_else(|| SystemClock.now(), Timestamp::from_secs);
        matches!(moment(claims.get(EXP)), Ok(Some(end)) if now < end)
    }
}
