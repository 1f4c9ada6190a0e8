//! All missing and all wrong settings are in one error.

use std::cell::RefCell;
use std::error::Error;
use std::panic::{self, UnwindSafe};
use std::sync::Once;

use serde_json::json;
use support::{
    AUDIENCE, ISSUER, MINUTE, ask, assert_passes, bearer, builder, claims, claims_with, refused,
    token, without_issuer,
};
use tower_bearer::names::IntoScope;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{AccessTokenVerifierBuilder, VerifyErrorKind};
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, KeySet, Scope, Secret, SigningKey};

fn unset() -> AccessTokenVerifierBuilder {
    AccessTokenVerifier::builder(
        SigningKey::hs256(&Secret::random().unwrap())
            .unwrap()
            .key_set(),
    )
}

#[track_caller]
fn assert_wrong(builder: AccessTokenVerifierBuilder, sentence: &str) {
    let error = builder.build().unwrap_err();
    assert!(error.to_string().starts_with(sentence), "{error}");
    assert!(error.source().is_none());
}

#[test]
fn an_issuer_and_an_audience_have_to_be_named() {
    assert!(unset().issuer(ISSUER).audience(AUDIENCE).build().is_ok());
    assert_wrong(
        unset().audience(AUDIENCE),
        "the verifier has no issuer. Call `issuer`",
    );
    assert_wrong(
        unset().issuer(ISSUER),
        "the verifier has no audience. Call `audience`",
    );
    assert_wrong(
        unset().issuer("").audience(AUDIENCE),
        "the issuer is empty.",
    );
    assert_wrong(
        unset().issuer(ISSUER).audience(""),
        "the audience is empty.",
    );
    assert_wrong(
        unset().issuer(ISSUER).audience(AUDIENCE).audience(""),
        "the audience is empty.",
    );
    // The second would win over the first, or the first over the second: neither is what was meant.
    assert_wrong(
        unset().issuer(ISSUER).issuer(ISSUER).audience(AUDIENCE),
        "the verifier has more than one issuer.",
    );
}

#[test]
fn a_set_without_a_key_is_wrong() {
    let keyless = AccessTokenVerifier::builder(KeySet::default())
        .issuer(ISSUER)
        .audience(AUDIENCE);
    assert_wrong(keyless, "there is no key to verify tokens with.");
}

#[test]
fn everything_that_is_wrong_is_in_one_error() {
    let all = AccessTokenVerifier::builder(KeySet::default())
        .audience("")
        .audience("")
        .leeway(6 * MINUTE);
    let text = all.build().unwrap_err().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "5 settings are wrong:");
    assert_eq!(lines.len(), 6, "{text}");
    for (line, begins) in lines[1..].iter().zip([
        "- there is no key",
        "- the verifier has no issuer",
        "- the audience is empty",
        "- the audience is empty",
        "- a leeway of 360s is too long",
    ]) {
        assert!(line.starts_with(begins), "{text}");
    }
}

/// "Each call adds one; a token for any of them passes."
#[tokio::test]
async fn a_verifier_may_have_several_audiences() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .audience("second")
        .audience("third")
        .build()
        .unwrap();
    assert_passes(&verifier, &token(&claims(&clock))).await;
    for name in ["second", "third"] {
        let token = token(&claims_with(&clock, "aud", name.into()));
        assert_passes(&verifier, &token).await;
        assert_eq!(verifier.verify(&token).unwrap().audience().as_str(), name);
    }
}

/// The line at which this panics, in which file.
fn place_of_panic(f: impl FnOnce() + UnwindSafe) -> (String, u32) {
    thread_local! {
        static PLACE: RefCell<Option<(String, u32)>> = const { RefCell::new(None) };
    }
    static HOOK: Once = Once::new();
    // All threads have one hook: the others keep what they had.
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().expect("a place");
            PLACE.set(Some((place.file().to_owned(), place.line())));
            usual(info);
        }));
    });
    panic::catch_unwind(f).expect_err("a panic");
    PLACE.take().expect("a place")
}

#[test]
fn a_literal_that_is_wrong_panics_where_it_is_written() {
    let panics: [(fn(), u32); 4] = [
        (|| drop(unset().scope_claim(&[])), line!()),
        (|| drop(unset().accepted_scope("caf\u{e9}")), line!()),
        (|| drop(Scope::from_static("caf\u{e9}")), line!()),
        (|| drop("caf\u{e9}".into_scope()), line!()),
    ];
    for (panic, line) in panics {
        assert_eq!(place_of_panic(panic), (file!().to_owned(), line));
    }
}

#[tokio::test]
async fn the_size_of_a_token_is_limited_as_configured() {
    let clock = ManualClock::new();
    let token = token(&claims(&clock));
    let fits = builder(&clock).max_token_bytes(token.len()).build();
    assert_passes(&fits.unwrap(), &token).await;
    let small = builder(&clock).max_token_bytes(token.len() - 1).build();
    let small = small.unwrap();
    assert_eq!(refused(&small, &token).await, VerifyErrorKind::TooLarge);
    let text = small.verify(&token).unwrap_err().to_string();
    let (size, limit) = (token.len(), token.len() - 1);
    let said = format!("it has {size} bytes, and `max_token_bytes` is {limit}");
    assert!(text.contains(&said), "{text}");

    assert_wrong(
        builder(&clock).max_token_bytes(0),
        "`max_token_bytes` is zero",
    );
    assert_wrong(
        builder(&clock).max_token_bytes(1024 * 1024 + 1),
        "`max_token_bytes` is zero, or above 1 MiB",
    );
}

/// Each has its own limit, and a layer reads up to the largest.
#[tokio::test]
async fn each_issuer_has_its_own_limit_of_size() {
    let clock = ManualClock::new();
    let small = builder(&clock).max_token_bytes(100).build().unwrap();
    let other = without_issuer(&clock)
        .issuer("https://other.test")
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(small).with_verifier(other).unwrap();
    ask(&layer, &bearer(&token(&claims(&clock))))
        .await
        .assert_refused(400, "invalid_request", "token_too_large");
    let others = claims_with(&clock, "iss", json!("https://other.test"));
    ask(&layer, &bearer(&token(&others)))
        .await
        .assert_passed("alice");
}
