//! Tests rules that are simpler, or that others have: each one breaks a law.

use super::law::Law;
use super::rules::{REAL, Rule, with};
use super::scenarios::{PHONE, THIEF, TWO_TABS};
use super::search::caught;
use crate::session::rotation::{Decision, Reply, decide};

/// Within the overlap the token before gets a new token, not the same one again.
const A_REPEAT_MAKES_A_TOKEN: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Reply {
            how: Reply::Repeated,
        }
        | Decision::Replace {
            how: Reply::Repeated,
            ..
        } => with(
            session,
            |row| row.rotated_at = None,
            |row| decide(row, row.parts().generation, retry, now, policy),
        ),
        other => other,
    },
    ..REAL
};

/// Within the overlap any used token gets the current one.
const ANY_TOKEN_REPEATS: Rule = Rule {
    decide: |session, presented, retry, now, policy| match decide(
        session, presented, retry, now, policy,
    ) {
        Decision::Reuse => {
            let before = session.parts().generation - 1;
            match decide(session, presented.max(before), retry, now, policy) {
                Decision::Replace {
                    how: Reply::Recovered,
                    ..
                } => Decision::Reuse,
                other => other,
            }
        }
        other => other,
    },
    ..REAL
};

/// A client without a key is taken for the client without a key that asked before.
const ABSENT_KEYS_ARE_EQUAL: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        with(
            session,
            |row| row.retry_key = row.retry_key.or(Some([0; 16])),
            |row| decide(row, presented, retry.or(Some([0; 16])), now, policy),
        )
    },
    ..REAL
};

/// The successor is confirmed as soon as it is made, so a lost answer is never recovered.
const AN_ANSWER_ALWAYS_ARRIVES: Rule = Rule {
    decide: |session, presented, retry, now, policy| {
        with(
            session,
            |row| row.confirmed = true,
            |row| decide(row, presented, retry, now, policy),
        )
    },
    ..REAL
};

#[test]
fn a_repeat_that_makes_a_new_token_is_caught() {
    caught(
        "a repeat makes a token",
        &TWO_TABS,
        &A_REPEAT_MAKES_A_TOKEN,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn an_overlap_for_any_used_token_is_caught() {
    caught(
        "any token repeats",
        &THIEF,
        &ANY_TOKEN_REPEATS,
        Law::UsedCopiesEndIt,
    );
}

#[test]
fn absent_keys_that_are_equal_are_caught() {
    caught(
        "absent keys are equal",
        &THIEF,
        &ABSENT_KEYS_ARE_EQUAL,
        Law::UsedCopiesEndIt,
    );
}

#[test]
fn an_overlap_without_receipts_is_caught() {
    caught(
        "an overlap without receipts",
        &PHONE,
        &AN_ANSWER_ALWAYS_ARRIVES,
        Law::NobodyHonestIsRefused,
    );
}
