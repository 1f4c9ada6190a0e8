//! Issuers that may not grant everything: `accepted_scope`.

use serde_json::{Value, json};
use support::{ask, bearer, builder, claims, show, sign_with, token, verifier};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{LegacyTokens, LegacyUser};
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, KeySet, Scope};

use super::{scope, with};
use crate::legacy::{self, LEGACY_KEY};

const OTHER: &str = "https://other.test";
const OTHER_KEY: &[u8] = b"another secret of thirty-two bytes, at least";

#[test]
fn of_what_a_token_allows_only_the_accepted_words_count() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .accepted_scope("read write")
        .build()
        .unwrap();
    for (sent, counts) in [
        ("read write", "read write"),
        ("admin read", "read"),
        ("admin", ""),
        ("", ""),
        ("READ read:all", ""),
        // In the token's own order.
        ("write admin read write", "write read"),
    ] {
        assert_eq!(
            scope(&verifier, &with(&clock, "scope", json!(sent))),
            counts,
            "{sent:?}"
        );
    }
    assert_eq!(scope(&verifier, &token(&claims(&clock))), "");
}

#[tokio::test]
async fn a_word_that_does_not_count_opens_nothing_in_the_layer() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .accepted_scope("read write")
        .build()
        .unwrap();
    let token = bearer(&with(&clock, "scope", json!("admin read")));
    // The token itself is good.
    ask(&BearerAuthLayer::new(verifier.clone()), &token)
        .await
        .assert_passed("alice");
    ask(
        &BearerAuthLayer::new(verifier.clone()).require_scope("read"),
        &token,
    )
    .await
    .assert_passed("alice");
    for needed in ["admin", "read admin", "write"] {
        let answer = ask(
            &BearerAuthLayer::new(verifier.clone()).require_scope(needed),
            &token,
        )
        .await;
        answer.assert_refused(403, "insufficient_scope", "scope_missing");
    }
    // Without the setting all words count.
    ask(
        &BearerAuthLayer::new(support::verifier(&clock)).require_scope("admin"),
        &token,
    )
    .await
    .assert_passed("alice");
}

#[test]
fn where_no_word_is_accepted_none_counts() {
    let clock = ManualClock::new();
    for nothing in [
        builder(&clock).accepted_scope(""),
        builder(&clock).accepted_scope(Scope::default()),
    ] {
        assert_eq!(
            scope(
                &nothing.build().unwrap(),
                &with(&clock, "scope", json!("read"))
            ),
            ""
        );
    }
}

/// A literal, a scope, or a reference to one. "The last call counts."
#[test]
fn a_scope_of_a_configuration_can_be_accepted() {
    let clock = ManualClock::new();
    let configured: Scope = "read".parse().unwrap();
    let token = with(&clock, "scope", json!("admin read"));
    assert_eq!(
        scope(
            &builder(&clock).accepted_scope(&configured).build().unwrap(),
            &token
        ),
        "read"
    );
    let last = builder(&clock)
        .accepted_scope("admin")
        .accepted_scope(configured)
        .build()
        .unwrap();
    assert_eq!(scope(&last, &token), "read");
}

#[test]
#[should_panic(expected = "is not a scope")]
fn a_literal_that_is_not_a_scope_panics() {
    let _ = builder(&ManualClock::new()).accepted_scope("caf\u{e9}");
}

#[tokio::test]
async fn a_scope_from_another_claim_is_limited_too() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .scope_claim(&["roles"])
        .accepted_scope("read write")
        .build()
        .unwrap();
    assert_eq!(
        scope(
            &verifier,
            &with(&clock, "roles", json!(["write", "admin", "read"]))
        ),
        "write read"
    );
    // A value that is not a scope allows nothing.
    assert_eq!(scope(&verifier, &with(&clock, "roles", json!(7))), "");
}

/// Their `admin` is not ours.
#[tokio::test]
async fn each_issuer_has_its_own_limit() {
    let clock = ManualClock::new();
    let theirs = KeySet::from_hmac_secret(Algorithm::Hs256, OTHER_KEY).unwrap();
    let theirs = AccessTokenVerifier::builder(theirs)
        .issuer(OTHER)
        .audience(support::AUDIENCE)
        .clock(std::sync::Arc::new(clock.clone()))
        .accepted_scope("read")
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(theirs)
        .unwrap();
    let mut claims = claims(&clock);
    claims["scope"] = json!("admin read");
    let ours = token(&claims);
    claims["iss"] = json!(OTHER);
    let theirs = sign_with(OTHER_KEY, support::HEADER, &claims.to_string());
    show(&layer, &ours, |claims| claims.scope().to_string())
        .await
        .assert_passed("admin read");
    show(&layer, &theirs, |claims| claims.scope().to_string())
        .await
        .assert_passed("read");
    let guarded = layer.require_scope("admin");
    ask(&guarded, &bearer(&ours)).await.assert_passed("alice");
    ask(&guarded, &bearer(&theirs)).await.assert_refused(
        403,
        "insufficient_scope",
        "scope_missing",
    );
}

/// "What they allow is what the closure grants": it is the application's own word.
#[tokio::test]
async fn legacy_tokens_are_not_limited() {
    let clock = ManualClock::new();
    let keys = KeySet::from_hmac_secret(Algorithm::Hs256, LEGACY_KEY).unwrap();
    let legacy = LegacyTokens::new(keys, legacy::until(&clock), |_: Value| {
        Some(
            LegacyUser::new("alice")
                .with_grant(Grant::new().with_scope(Scope::from_static("admin read"))),
        )
    });
    let limited = builder(&clock).accepted_scope("read").build().unwrap();
    let layer = BearerAuthLayer::new(limited).with_legacy_tokens(legacy);
    let old = legacy::token(&legacy::claims(&clock));
    show(&layer, &old, |claims| claims.scope().to_string())
        .await
        .assert_passed("admin read");
    let new = with(&clock, "scope", json!("admin read"));
    show(&layer, &new, |claims| claims.scope().to_string())
        .await
        .assert_passed("read");
}
