//! Many keys: a token costs no more than four signatures, whatever it says about its key.

use serde_json::json;
use support::keys::key;
use support::keys::{ED25519, P256};
use support::{
    AUDIENCE, ISSUER, assert_passes, builder_with, claims, refused, sign_with, verifier_with,
};
use tower_bearer::keys::{Algorithm, KeySource, SharedKeySet};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{AccessTokenVerifier, KeySet};

fn secret(number: u8) -> KeySet {
    KeySet::from_hmac_secret(Algorithm::Hs256, [number; 32]).unwrap()
}

fn merged(keys: impl IntoIterator<Item = KeySet>) -> KeySet {
    keys.into_iter().fold(KeySet::default(), KeySet::merge)
}

fn unnamed(count: u8) -> KeySet {
    merged((1..=count).map(secret))
}

/// Not in the order of the numbers.
fn name(number: u8) -> String {
    let number = u32::from(number);
    format!("key-{}", number % 50 * 1000 + number)
}

fn named(count: u8) -> KeySet {
    merged((1..=count).map(|number| secret(number).with_kid(&name(number))))
}

/// A token by the secret with this number.
fn token(number: u8, kid: Option<&str>, clock: &ManualClock) -> String {
    let mut header = json!({ "alg": "HS256", "typ": "at+jwt" });
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    sign_with(
        &[number; 32],
        &header.to_string(),
        &claims(clock).to_string(),
    )
}

/// The error of a verifier with these keys.
fn misconfigured(keys: impl Into<KeySource>) -> Option<String> {
    let builder = AccessTokenVerifier::builder(keys)
        .issuer(ISSUER)
        .audience(AUDIENCE);
    builder.build().err().map(|error| error.to_string())
}

#[test]
fn more_than_four_keys_that_one_token_could_mean_are_refused_with_the_cure() {
    let five_of_one_name = unnamed(5).with_kid("one");
    for (keys, said) in [
        (unnamed(5), "5 keys for HS256 without a name"),
        (five_of_one_name.clone(), "5 keys for HS256 with the kid"),
        (named(9).merge(five_of_one_name), "\"one\""),
        (unnamed(100), "100 keys"),
    ] {
        let merged_source = KeySource::from(keys.clone()).merge(named(1));
        let shared = SharedKeySet::new(keys.clone());
        for error in [
            misconfigured(keys),
            misconfigured(merged_source),
            misconfigured(shared),
        ] {
            let error = error.unwrap();
            assert!(error.contains(said), "{error}");
            assert!(error.contains("with_kid"), "{error}");
        }
    }
    let two_sources = KeySource::from(unnamed(3)).merge(merged((4..=6).map(secret)));
    assert!(misconfigured(two_sources).unwrap().contains("6 keys"));
    let other_algorithms = key(P256).key_set().merge(key(ED25519).key_set());
    for keys in [
        unnamed(4),
        unnamed(4).with_kid("one"),
        named(100),
        unnamed(4).merge(named(100)).merge(other_algorithms),
    ] {
        assert_eq!(misconfigured(keys), None);
    }
}

#[tokio::test]
async fn too_many_keys_do_not_replace_those_before() {
    let clock = ManualClock::new();
    let keys = SharedKeySet::new(unnamed(4));
    let verifier = builder_with(keys.clone(), &clock).build().unwrap();
    let error = keys.replace(merged((5..=9).map(secret))).unwrap_err();
    assert!(error.to_string().contains("with_kid"), "{error}");
    assert_passes(&verifier, &token(4, None, &clock)).await;
    assert_eq!(
        refused(&verifier, &token(5, None, &clock)).await,
        VerifyErrorKind::BadSignature
    );
    keys.replace(merged((5..=8).map(secret))).unwrap();
    assert_passes(&verifier, &token(5, None, &clock)).await;
    refused(&verifier, &token(4, None, &clock)).await;
}

#[tokio::test]
async fn each_of_many_keys_is_found_by_its_name() {
    let clock = ManualClock::new();
    let verifier = verifier_with(named(200), &clock);
    for number in [1, 2, 49, 50, 51, 99, 100, 199, 200] {
        let kid = name(number);
        assert_passes(&verifier, &token(number, Some(&kid), &clock)).await;
        let other = token(number - 1, Some(&kid), &clock);
        assert_eq!(
            refused(&verifier, &other).await,
            VerifyErrorKind::BadSignature
        );
    }
    for kid in ["", "key-", "key-0", "key-99999", "zzz"] {
        assert_eq!(
            refused(&verifier, &token(1, Some(kid), &clock)).await,
            VerifyErrorKind::UnknownKey
        );
    }
}

/// OpenID Connect Core section 10.1: with several keys in the set, the token has a `kid`.
#[tokio::test]
async fn a_token_without_a_kid_is_tried_with_the_first_four_keys() {
    let clock = ManualClock::new();
    let verifier = verifier_with(named(10), &clock);
    for number in 1..=4 {
        assert_passes(&verifier, &token(number, None, &clock)).await;
    }
    for number in [5, 10, 11] {
        let token = token(number, None, &clock);
        assert_eq!(
            refused(&verifier, &token).await,
            VerifyErrorKind::BadSignature
        );
        let error = verifier.verify(&token).unwrap_err();
        assert!(error.to_string().contains("kid"), "{error}");
    }
}

#[tokio::test]
async fn the_keys_without_a_name_are_tried_first() {
    let clock = ManualClock::new();
    let keys = named(10).merge(merged([secret(20), secret(21)]));
    let verifier = verifier_with(keys, &clock);
    for number in [20, 21, 1, 2] {
        assert_passes(&verifier, &token(number, None, &clock)).await;
    }
    refused(&verifier, &token(3, None, &clock)).await;
    // So are they for a name that no key has, and then alone.
    assert_passes(&verifier, &token(21, Some("unknown"), &clock)).await;
    refused(&verifier, &token(1, Some("unknown"), &clock)).await;
}

/// Keys of other algorithms do not count.
#[tokio::test]
async fn four_keys_of_the_algorithm_of_the_token_are_tried() {
    let clock = ManualClock::new();
    let others = (1..=9).map(|number| {
        let name = format!("other-{number}");
        KeySet::from_hmac_secret(Algorithm::Hs512, [number; 64])
            .unwrap()
            .with_kid(&name)
    });
    let verifier = verifier_with(merged(others).merge(named(4)), &clock);
    for number in 1..=4 {
        assert_passes(&verifier, &token(number, None, &clock)).await;
    }
}
