//! Tokens that were verified are remembered, and what other caches got wrong is right here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use support::keys::{ED25519, P256, key, signer, token};
use support::{HEADER, HMAC_KEY, MINUTE, ask, builder_with, claims, sign, verifier_with};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::keys::{Algorithm, SharedKeySet};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{Tenants, VerifyErrorKind};
use tower_bearer::{
    AccessTokenClaims, AccessTokenVerifier, BearerAuthLayer, Grant, Identity, KeySet, Secret,
    SigningKey,
};

/// Returns whether the third look at a token found the claims of the second. The first look only
/// notes that the token has passed.
fn is_remembered(verifier: &AccessTokenVerifier, token: &str) -> bool {
    let look = || verifier.verify(token).unwrap();
    look();
    are_the_same(&look(), &look())
}

/// Clones of the claims share their subject.
fn are_the_same(one: &AccessTokenClaims, other: &AccessTokenClaims) -> bool {
    std::ptr::eq(one.subject(), other.subject())
}

fn shared_secret() -> KeySet {
    KeySet::from_hmac_secret(Algorithm::Hs256, HMAC_KEY).unwrap()
}

/// A verifier, and a signer of the tokens of its users. Their signature is the cheapest: thousands
/// are made.
fn cheap(clock: &ManualClock) -> (AccessTokenVerifier, impl Fn(u32) -> String + use<>) {
    let secret = Secret::random().unwrap();
    let signer = signer(SigningKey::hs256(&secret).unwrap(), clock);
    let verifier = signer.verifier();
    let sign = move |user: u32| {
        let identity = Identity::new(format!("user {user}"));
        let token = signer.sign(&identity, &Grant::new(), 5 * MINUTE);
        token.unwrap().secret().to_owned()
    };
    (verifier, sign)
}

fn kind(verifier: &AccessTokenVerifier, token: &str) -> VerifyErrorKind {
    verifier.verify(token).unwrap_err().kind()
}

#[test]
fn a_token_is_verified_twice_unless_the_cache_is_off() {
    let clock = ManualClock::new();
    let builder = builder_with(key(ED25519).key_set(), &clock);
    let token = token(key(ED25519), &clock);
    assert!(is_remembered(&builder.clone().build().unwrap(), &token));
    assert!(!is_remembered(
        &builder.without_cache().build().unwrap(),
        &token
    ));
}

#[test]
fn a_token_is_kept_when_it_passes_for_the_second_time() {
    let clock = ManualClock::new();
    let verifier = verifier_with(key(ED25519).key_set(), &clock);
    let token = token(key(ED25519), &clock);
    let look = || verifier.verify(&token).unwrap();
    let (first, second, third) = (look(), look(), look());
    assert!(!are_the_same(&first, &second));
    assert!(are_the_same(&second, &third));
}

#[test]
fn clones_remember_together_and_others_do_not() {
    let clock = ManualClock::new();
    let (one, other) = (
        verifier_with(key(P256).key_set(), &clock),
        verifier_with(key(P256).key_set(), &clock),
    );
    let token = token(key(P256), &clock);
    one.verify(&token).unwrap();
    let claims = one.clone().verify(&token).unwrap();
    assert!(are_the_same(&claims, &one.verify(&token).unwrap()));
    for _ in 0..3 {
        assert!(!are_the_same(&claims, &other.verify(&token).unwrap()));
    }
}

#[test]
fn an_expired_token_is_refused_even_if_it_is_remembered() {
    let clock = ManualClock::new();
    let verifier = verifier_with(shared_secret(), &clock);
    let token = support::token(&claims(&clock));
    let end = verifier.verify(&token).unwrap().expires_at();
    let left = end.saturating_since(clock.now());
    clock.advance(left + Duration::from_secs(59));
    assert!(is_remembered(&verifier, &token), "within the leeway");
    clock.advance(Duration::from_secs(1));
    assert_eq!(kind(&verifier, &token), VerifyErrorKind::Expired);
}

#[test]
fn a_token_that_is_not_valid_yet_is_refused_after_the_clock_was_set_back() {
    let clock = ManualClock::new();
    let verifier = verifier_with(shared_secret(), &clock);
    let now = clock.now().as_secs();
    let mut later = claims(&clock);
    later["nbf"] = json!(now + 200);
    later["exp"] = json!(now + 3000);
    let token = support::token(&later);
    assert_eq!(kind(&verifier, &token), VerifyErrorKind::NotYetValid);
    clock.advance(Duration::from_secs(200));
    assert!(is_remembered(&verifier, &token));
    clock.jump(Timestamp::from_secs(now));
    assert_eq!(kind(&verifier, &token), VerifyErrorKind::NotYetValid);
}

#[test]
fn a_token_of_a_key_that_is_gone_is_refused_at_once_and_one_of_a_key_that_comes_back_passes() {
    let clock = ManualClock::new();
    let keys = SharedKeySet::new(key(P256).key_set());
    let verifier = builder_with(keys.clone(), &clock).build().unwrap();
    let token = token(key(P256), &clock);
    assert!(is_remembered(&verifier, &token));
    keys.replace(key(ED25519).key_set()).unwrap();
    assert_eq!(kind(&verifier, &token), VerifyErrorKind::UnknownKey);
    keys.replace(key(P256).key_set()).unwrap();
    assert!(is_remembered(&verifier, &token));
}

#[test]
fn a_refusal_is_not_remembered() {
    let clock = ManualClock::new();
    let keys = SharedKeySet::new(key(ED25519).key_set());
    let verifier = builder_with(keys.clone(), &clock).build().unwrap();
    let token = token(key(P256), &clock);
    for _ in 0..3 {
        assert_eq!(kind(&verifier, &token), VerifyErrorKind::UnknownKey);
    }
    keys.replace(key(P256).key_set()).unwrap();
    // It is not noted either: the first pass is the first one.
    let first = verifier.verify(&token).unwrap();
    assert!(!are_the_same(&first, &verifier.verify(&token).unwrap()));
}

#[test]
fn a_token_with_the_end_the_beginning_or_the_length_of_another_is_not_that_token() {
    let clock = ManualClock::new();
    for signed in [token(key(ED25519), &clock), support::token(&claims(&clock))] {
        let keys = key(ED25519).key_set().merge(shared_secret());
        let verifier = verifier_with(keys, &clock);
        assert!(is_remembered(&verifier, &signed));
        for place in 0..signed.len() {
            let mut bytes = signed.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(bytes).unwrap();
            assert!(verifier.verify(&forged).is_err(), "byte {place}");
        }
        for forged in [
            &signed[1..],
            &signed[..signed.len() - 1],
            &format!("{signed}A"),
        ] {
            assert!(verifier.verify(forged).is_err());
        }
        assert!(is_remembered(&verifier, &signed));
    }
}

#[test]
fn a_tenant_that_is_no_longer_accepted_is_refused_at_once() {
    let clock = ManualClock::new();
    let is_customer = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&is_customer);
    let verifier = AccessTokenVerifier::builder(shared_secret())
        .issuer_pattern(
            "https://id.example.com/{tenant}",
            Tenants::from_fn(move |_| asked.load(Ordering::Relaxed)),
        )
        .audience(support::AUDIENCE)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let mut of_tenant = claims(&clock);
    of_tenant["iss"] = json!("https://id.example.com/acme");
    let token = support::token(&of_tenant);
    assert!(is_remembered(&verifier, &token));
    is_customer.store(false, Ordering::Relaxed);
    assert_eq!(kind(&verifier, &token), VerifyErrorKind::WrongIssuer);
}

#[test]
fn a_token_above_four_kibibytes_is_verified_each_time() {
    let clock = ManualClock::new();
    let verifier = verifier_with(shared_secret(), &clock);
    // Not every length can be made with one header.
    let of_length = |length: usize| {
        let headers = [HEADER.to_owned(), format!("{HEADER} ")];
        let roles = (2900..3100).map(|count| "r".repeat(count));
        let mut tokens = roles.flat_map(|roles| {
            let mut claims = claims(&clock);
            claims["roles"] = json!(roles);
            headers
                .each_ref()
                .map(|header| sign(header, &claims.to_string()))
        });
        tokens.find(|token| token.len() == length).unwrap()
    };
    assert!(is_remembered(&verifier, &of_length(4096)));
    assert!(!is_remembered(&verifier, &of_length(4097)));
}

/// Their claims and their own text are kept.
#[test]
fn large_tokens_are_remembered_up_to_sixteen_mebibytes() {
    let clock = ManualClock::new();
    let verifier = verifier_with(shared_secret(), &clock);
    let mut claims = claims(&clock);
    claims["roles"] = json!("r".repeat(2800));
    let mut kept = Vec::new();
    for user in 0..3500 {
        claims["sub"] = json!(format!("user {user}"));
        let token = support::token(&claims);
        verifier.verify(&token).unwrap();
        kept.push((verifier.verify(&token).unwrap(), token));
    }
    let bytes = |token: &String| claims.to_string().len() + token.len();
    // The newest first: a token that is not there replaces another.
    let remembered: Vec<usize> = kept
        .iter()
        .rev()
        .filter(|(claims, token)| are_the_same(claims, &verifier.verify(token).unwrap()))
        .map(|(_, token)| bytes(token))
        .collect();
    assert!(remembered.len() >= 1000, "{}", remembered.len());
    let bytes: usize = remembered.iter().sum();
    assert!(bytes <= 16 << 20, "{bytes}");
}

#[test]
fn what_is_remembered_has_a_bound() {
    let clock = ManualClock::new();
    let (verifier, sign) = cheap(&clock);
    let tokens: Vec<String> = (0..9000).map(&sign).collect();
    let kept: Vec<_> = tokens
        .iter()
        .map(|token| {
            verifier.verify(token).unwrap();
            verifier.verify(token).unwrap()
        })
        .collect();
    let again = kept.iter().zip(&tokens);
    let remembered = again
        .filter(|(claims, token)| are_the_same(claims, &verifier.verify(token).unwrap()))
        .count();
    assert!((1000..=8192).contains(&remembered), "{remembered}");
}

#[test]
fn tokens_that_are_seen_once_do_not_push_out_those_that_are_used() {
    let clock = ManualClock::new();
    let (verifier, sign) = cheap(&clock);
    let used: Vec<String> = (0..100).map(&sign).collect();
    let twice = |token: &String| {
        verifier.verify(token).unwrap();
        verifier.verify(token).unwrap()
    };
    let kept: Vec<_> = used.iter().map(twice).collect();
    for user in 100..15_000 {
        verifier.verify(&sign(user)).unwrap();
    }
    for (claims, token) in kept.iter().zip(&used) {
        assert!(are_the_same(claims, &verifier.verify(token).unwrap()));
    }
    // A new token has a place when it comes again, even where all of them are taken.
    for user in 15_000..25_000 {
        let new = sign(user);
        let claims = twice(&new);
        if user >= 24_980 {
            assert!(are_the_same(&claims, &verifier.verify(&new).unwrap()));
        }
    }
}

#[test]
fn many_tokens_that_take_turns_are_kept() {
    let clock = ManualClock::new();
    let (verifier, sign) = cheap(&clock);
    let tokens: Vec<String> = (0..2000).map(&sign).collect();
    let look = || tokens.iter().map(|token| verifier.verify(token).unwrap());
    look().for_each(drop);
    let second: Vec<_> = look().collect();
    let kept = second.iter().zip(look());
    let kept = kept.filter(|(second, third)| are_the_same(second, third));
    assert!(kept.count() >= 1950);
}

/// What legacy tokens leave behind replaces no note of another token.
#[tokio::test]
async fn legacy_tokens_that_come_often_push_out_no_note_of_another() {
    let clock = ManualClock::new();
    let (verifier, sign) = cheap(&clock);
    let legacy = crate::legacy::legacy(&clock);
    let layer = BearerAuthLayer::new(verifier.clone()).with_legacy_tokens(legacy);
    // A few of them share a set with a legacy token, and no set is full.
    let tokens: Vec<String> = (0..1000).map(&sign).collect();
    let look = || tokens.iter().map(|token| verifier.verify(token).unwrap());
    look().for_each(drop);
    let mut claims = crate::legacy::claims(&clock);
    for number in 0..100 {
        claims["number"] = json!(number % 5);
        let old = crate::legacy::token(&claims);
        let answer = ask(&layer, &format!("Bearer {old}")).await;
        answer.assert_passed("alice");
    }
    let second: Vec<_> = look().collect();
    let mut both = second.iter().zip(look());
    assert!(both.all(|(second, third)| are_the_same(second, &third)));
}

/// Features of `serde_json` that other crates switch on give some names a meaning of their own.
#[test]
fn claims_with_names_of_serde_json_hide_no_other_claims() {
    let clock = ManualClock::new();
    let verifier = verifier_with(shared_secret(), &clock);
    for private in [
        json!({ "$serde_json::private::RawValue": 1 }),
        json!({ "$serde_json::private::RawValue": "{\"a\":1,\"a\":2}" }),
        json!({ "$serde_json::private::Number": 1 }),
    ] {
        let mut claims = claims(&clock);
        claims["user_metadata"] = json!({ "x": private });
        claims["is_anonymous"] = json!(true);
        // The names are given their meaning when a `Value` is read, and not when it is written.
        let claims = verifier.verify(&support::token(&claims)).unwrap();
        assert_eq!(claims.claim::<bool>("is_anonymous"), Ok(Some(true)));
    }
}

/// A part of a token is not shown either.
#[test]
fn a_verifier_shows_no_header_of_a_token() {
    let clock = ManualClock::new();
    let verifier = verifier_with(shared_secret(), &clock);
    let token = support::token(&claims(&clock));
    verifier.verify(&token).unwrap();
    let shown = format!("{verifier:?}");
    for segment in token.split('.') {
        assert!(!shown.contains(segment), "{shown}");
    }
}
