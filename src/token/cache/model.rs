//! A set of the cache, in the orders in which threads may use it.

use std::sync::{Arc, OnceLock};

use super::{Claims, Recheck, Set, Timestamp};
use crate::model::{at_once, explore};
use crate::names::{Audience, Issuer};
use crate::once::DoneIn;
use crate::token::form::Form;
use crate::token::text::{Late, Part, TokenText};

/// All tokens have it, so that every byte has to be compared.
const TAG: u32 = 7;
const START: Timestamp = Timestamp::from_millis(1_000);
const END: Timestamp = Timestamp::from_millis(2_000);
const LATER: Timestamp = Timestamp::from_millis(3_000);

#[test]
fn a_reader_gets_the_claims_of_its_own_token_or_none() {
    explore(|| {
        let (set, read) = shared(Set::default());
        let (_, found) = at_once(
            move || set.insert(&claims("other", END), TAG, END, START),
            move || found(&read, "own"),
        );
        assert_eq!(found, None);
    });
}

#[test]
fn a_token_that_two_requests_keep_at_once_is_kept_once() {
    explore(|| {
        let (set, same) = shared(Set::default());
        let after = Arc::clone(&set);
        at_once(
            move || set.insert(&claims("one", END), TAG, END, START),
            move || same.insert(&claims("one", END), TAG, END, START),
        );
        assert_eq!(kept(&after), ["one"]);
    });
}

/// The reader's refusal takes away what it has read, and not what a writer has put there since.
#[test]
fn a_reader_that_refuses_a_token_takes_away_no_other_one() {
    explore(|| {
        let (set, read) = shared(Set::default());
        let after = Arc::clone(&set);
        set.insert(&claims("old", END), TAG, END, START);
        at_once(
            // The old token has ended: its place is the first that is free.
            move || set.insert(&claims("new", LATER), TAG, LATER, END),
            move || assert!(read.find_accepted(TAG, b"old", &Refuses).is_none()),
        );
        assert_eq!(kept(&after), ["new"]);
    });
}

#[test]
fn a_writer_that_forgets_what_has_ended_keeps_the_rest() {
    explore(|| {
        let (set, same) = shared(Set::default());
        let after = Arc::clone(&set);
        set.insert(&claims("old", END), TAG, END, START);
        set.insert(&claims("good", LATER), TAG, LATER, START);
        at_once(
            move || set.forget(END),
            move || same.insert(&claims("new", LATER), TAG, LATER, END),
        );
        let kept = kept(&after);
        assert!(kept.contains(&"good".to_owned()), "{kept:?}");
        assert!(!kept.contains(&"old".to_owned()), "{kept:?}");
    });
}

/// At worst a tag is lost: then its token is noted when it comes again.
#[test]
fn one_of_two_notes_at_once_is_there_and_the_next_one_too() {
    explore(|| {
        let (set, same) = shared(Set::default());
        let after = Arc::clone(&set);
        at_once(move || set.note(1), move || same.note(2));
        assert!(after.has_seen(1) || after.has_seen(2));
        after.note(3);
        assert!(after.has_seen(3));
    });
}

/// A verifier that no longer accepts what it has verified.
struct Refuses;

impl Recheck for Refuses {
    fn still_accepts(&self, _: &Claims) -> bool {
        false
    }

    fn end_of(&self, claims: &Claims) -> Timestamp {
        claims.expires_at
    }

    fn now(&self) -> Timestamp {
        END
    }
}

fn shared(set: Set) -> (Arc<Set>, Arc<Set>) {
    let set = Arc::new(set);
    (Arc::clone(&set), set)
}

fn found(set: &Set, token: &str) -> Option<String> {
    let (_, claims) = set.find(TAG, token.as_bytes())?;
    claims.map(|claims| claims.text.token().to_owned())
}

/// The tokens in all places.
fn kept(set: &Set) -> Vec<String> {
    let places = set.places.iter().filter_map(|place| place.load());
    places
        .map(|claims| claims.text.token().to_owned())
        .collect()
}

fn claims(token: &str, expires_at: Timestamp) -> Arc<Claims> {
    Arc::new(Claims {
        issuer: Issuer::new("https://issuer.test").unwrap(),
        audience: Audience::new("api").unwrap(),
        subject: Late::from(Part::Own("alice".into())),
        expires_at,
        not_before: None,
        issued_at: None,
        auth_time: None,
        id: None,
        scope: Late::from(Part::Own("".into())),
        scope_claims: None,
        session: None,
        form: Form::Signed,
        verifier: 0,
        bytes_read: 0,
        extra: OnceLock::new(),
        text: TokenText::decode(b"e30", token.as_bytes()).unwrap(),
        receipt_queued: DoneIn::default(),
    })
}
