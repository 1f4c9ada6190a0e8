//! The tokens of several issuers: `iss` chooses, before any key is tried.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::keys::{ED25519, P256};
use support::{
    AUDIENCE, Accounts, HEADER, HMAC_KEY, HOUR, ISSUER, MINUTE, ask, bearer_of, claims, log_in,
    sessions_of, show, sign_with, signed_with, verifier,
};
use tower_bearer::keys::{Algorithm, SharedKeySet};
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{
    AccessTokenClaims, AccessTokenVerifier, BearerAuthLayer, Grant, Identity, KeySet, MemoryStore,
    Secret, SigningKey, TokenResponse,
};

const OTHER: &str = "https://other.test";
const OTHER_KEY: &[u8] = b"another secret of thirty-two bytes, at least";

fn hmac(secret: &[u8]) -> KeySet {
    KeySet::from_hmac_secret(Algorithm::Hs256, secret).unwrap()
}

fn other(keys: KeySet, clock: &ManualClock) -> AccessTokenVerifier {
    AccessTokenVerifier::builder(keys)
        .issuer(OTHER)
        .audience(AUDIENCE)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap()
}

fn of(issuer: &str, clock: &ManualClock) -> Value {
    let mut claims = claims(clock);
    claims["iss"] = issuer.into();
    claims
}

#[tokio::test]
async fn the_tokens_of_both_issuers_pass_and_say_whose_they_are() {
    let clock = ManualClock::new();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(other(hmac(OTHER_KEY), &clock))
        .unwrap();
    for (issuer, key) in [(ISSUER, HMAC_KEY), (OTHER, OTHER_KEY)] {
        let token = sign_with(key, HEADER, &of(issuer, &clock).to_string());
        show(&layer, &token, |claims| claims.issuer().to_string())
            .await
            .assert_passed(issuer);
    }
}

#[tokio::test]
async fn a_key_never_vouches_for_another_issuer() {
    let clock = ManualClock::new();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(other(hmac(OTHER_KEY), &clock))
        .unwrap();
    for (issuer, key) in [(ISSUER, OTHER_KEY), (OTHER, HMAC_KEY)] {
        let token = sign_with(key, HEADER, &of(issuer, &clock).to_string());
        ask(&layer, &format!("Bearer {token}"))
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
}

#[tokio::test]
async fn the_same_kid_is_another_key_at_another_issuer() {
    let clock = ManualClock::new();
    let header = r#"{"alg":"HS256","typ":"at+jwt","kid":"2026"}"#;
    // The form of our own signer, which is read in another way.
    let usual = r#"{"alg":"HS256","kid":"2026","typ":"at+jwt"}"#;
    let first = support::verifier_with(hmac(HMAC_KEY).with_kid("2026"), &clock);
    let layer = BearerAuthLayer::new(first)
        .with_verifier(other(hmac(OTHER_KEY).with_kid("2026"), &clock))
        .unwrap();
    for header in [header, usual] {
        for (issuer, key, is_good) in [
            (ISSUER, HMAC_KEY, true),
            (OTHER, OTHER_KEY, true),
            (ISSUER, OTHER_KEY, false),
            (OTHER, HMAC_KEY, false),
        ] {
            let token = sign_with(key, header, &of(issuer, &clock).to_string());
            let answer = ask(&layer, &format!("Bearer {token}")).await;
            match is_good {
                true => answer.assert_passed("alice"),
                false => answer.assert_refused(401, "invalid_token", "token_invalid"),
            }
        }
    }
}

#[tokio::test]
async fn an_iss_that_names_none_of_them_is_refused() {
    let clock = ManualClock::new();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(other(hmac(HMAC_KEY), &clock))
        .unwrap();
    let odd = [
        json!("https://third.test"),
        json!("https://issuer.test/"),
        json!("HTTPS://issuer.test"),
        json!(""),
    ];
    let lists = [
        json!([ISSUER]),
        json!([ISSUER, OTHER]),
        json!({ "iss": ISSUER }),
        json!(7),
        json!(null),
    ];
    for issuer in odd.into_iter().chain(lists) {
        let mut claims = claims(&clock);
        claims["iss"] = issuer;
        let token = sign_with(HMAC_KEY, HEADER, &claims.to_string());
        ask(&layer, &format!("Bearer {token}"))
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
    let mut claims = claims(&clock);
    claims.as_object_mut().unwrap().remove("iss");
    let without = sign_with(HMAC_KEY, HEADER, &claims.to_string());
    let twice = claims.to_string().replacen(
        '{',
        &format!("{{\"iss\":\"{ISSUER}\",\"iss\":\"{OTHER}\","),
        1,
    );
    for token in [without, sign_with(HMAC_KEY, HEADER, &twice)] {
        ask(&layer, &format!("Bearer {token}"))
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
}

/// Each verifier keeps what it was told: audience, `typ`, leeway.
#[tokio::test]
async fn what_one_issuer_is_allowed_another_is_not() {
    let clock = ManualClock::new();
    let lax = AccessTokenVerifier::builder(hmac(HMAC_KEY))
        .issuer(OTHER)
        .audience("theirs")
        .clock(Arc::new(clock.clone()));
    let lax = lax
        .accept_untyped_jwt()
        .scope_claim(&["scp"])
        .leeway(Duration::ZERO)
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(lax)
        .unwrap();
    let jwt = r#"{"alg":"HS256","typ":"JWT"}"#;
    for (issuer, audience, header, is_good) in [
        (ISSUER, AUDIENCE, HEADER, true),
        (OTHER, "theirs", HEADER, true),
        (OTHER, "theirs", jwt, true),
        (ISSUER, AUDIENCE, jwt, false),
        (ISSUER, "theirs", HEADER, false),
        (OTHER, AUDIENCE, HEADER, false),
    ] {
        let mut claims = of(issuer, &clock);
        claims["aud"] = audience.into();
        let token = sign_with(HMAC_KEY, header, &claims.to_string());
        let answer = ask(&layer, &format!("Bearer {token}")).await;
        match is_good {
            true => answer.assert_passed("alice"),
            false => answer.assert_refused(401, "invalid_token", "token_invalid"),
        }
    }
    let mut claims = of(OTHER, &clock);
    (claims["aud"], claims["scp"], claims["scope"]) =
        ("theirs".into(), json!(["one"]), "admin".into());
    let scope = |claims: &AccessTokenClaims| claims.scope().to_string();
    show(
        &layer,
        &sign_with(HMAC_KEY, HEADER, &claims.to_string()),
        scope,
    )
    .await
    .assert_passed("one");
    (claims["iss"], claims["aud"]) = (ISSUER.into(), AUDIENCE.into());
    show(
        &layer,
        &sign_with(HMAC_KEY, HEADER, &claims.to_string()),
        scope,
    )
    .await
    .assert_passed("admin");
}

#[test]
fn an_issuer_has_one_verifier() {
    let clock = ManualClock::new();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(other(hmac(OTHER_KEY), &clock))
        .unwrap();
    assert!(layer.clone().with_verifier(verifier(&clock)).is_err());
    assert!(
        layer
            .clone()
            .with_verifier(other(hmac(HMAC_KEY), &clock))
            .is_err()
    );
    let elsewhere = AccessTokenVerifier::builder(hmac(HMAC_KEY))
        .issuer(OTHER)
        .audience("another audience")
        .build()
        .unwrap();
    assert!(layer.clone().with_verifier(elsewhere).is_err());
    // Byte by byte another one.
    let slash = AccessTokenVerifier::builder(hmac(HMAC_KEY))
        .issuer("https://other.test/")
        .audience(AUDIENCE)
        .build()
        .unwrap();
    assert!(layer.with_verifier(slash).is_ok());
    let sessions = TestTokens::new()
        .sessions(Accounts::everybody(), MemoryStore::new())
        .build()
        .unwrap();
    assert!(sessions.layer().with_verifier(sessions.verifier()).is_err());
}

/// "What that issuer calls `sid` and `gen` means nothing here."
#[tokio::test]
async fn a_foreign_token_belongs_to_no_session_even_if_it_names_one() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let (ended, living) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "alice").await,
    );
    let sid =
        |pair: &TokenResponse| support::segment(pair.access_token().secret(), 1)["sid"].clone();
    sessions
        .log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();
    let layer = sessions
        .layer()
        .with_verifier(other(hmac(OTHER_KEY), tokens.clock()))
        .unwrap();
    support::assert_ended(&layer, &ended).await;

    let odd = [
        (json!("not ours"), json!(-1)),
        (json!(7), json!([])),
        (json!(null), json!(null)),
    ];
    for (sid, generation) in [
        (sid(&ended), json!(0)),
        (sid(&living), json!(0)),
        (sid(&ended), json!("x")),
    ]
    .into_iter()
    .chain(odd)
    {
        let mut claims = of(OTHER, tokens.clock());
        (claims["sid"], claims["gen"]) = (sid, generation);
        let token = sign_with(OTHER_KEY, HEADER, &claims.to_string());
        show(&layer, &token, |claims| {
            format!("{:?}", claims.session_id())
        })
        .await
        .assert_passed("None");
        // A logout with this token ends nothing, and is not an error.
        sessions.log_out(&token).await.unwrap();
        ask(&layer, &bearer_of(&living))
            .await
            .assert_passed("alice");
    }
}

/// Otherwise an issuer could make an honest client that lost an answer look like a thief.
#[tokio::test]
async fn a_foreign_token_confirms_no_refresh_token() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let layer = sessions
        .layer()
        .with_verifier(other(hmac(OTHER_KEY), tokens.clock()))
        .unwrap();
    let first = log_in(&sessions, "alice").await;
    let lost = sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap();
    let mut claims = of(OTHER, tokens.clock());
    let own = support::segment(lost.access_token().secret(), 1);
    (claims["sid"], claims["gen"]) = (own["sid"].clone(), own["gen"].clone());
    ask(
        &layer,
        &format!(
            "Bearer {}",
            sign_with(OTHER_KEY, HEADER, &claims.to_string())
        ),
    )
    .await
    .assert_passed("alice");
    sessions.flush().await.unwrap();
    tokens.clock().advance(HOUR);
    let again = sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .expect("no thief");
    ask(&layer, &bearer_of(&again)).await.assert_passed("alice");
}

/// Even a verifier of another signer of ours: its sessions are not those of this layer.
#[tokio::test]
async fn the_sessions_of_another_signer_are_not_ours() {
    let clock = ManualClock::new();
    let sessions_of = |issuer: &str| {
        let key = SigningKey::hs256(&Secret::random().unwrap()).unwrap();
        signed_with(key, MemoryStore::new(), &clock)
            .issuer(issuer)
            .build()
            .unwrap()
    };
    let (ours, theirs) = (sessions_of(ISSUER), sessions_of(OTHER));
    let layer = ours.layer().with_verifier(theirs.verifier()).unwrap();
    let shown: fn(&AccessTokenClaims) -> String =
        |claims| claims.session_id().is_some().to_string();
    let (own, foreign) = (log_in(&ours, "alice").await, log_in(&theirs, "alice").await);
    show(&layer, own.access_token().secret(), shown)
        .await
        .assert_passed("true");
    show(&layer, foreign.access_token().secret(), shown)
        .await
        .assert_passed("false");
    // A revocation at the other issuer is not known here: no store is asked.
    theirs
        .log_out(foreign.refresh_token().unwrap().secret())
        .await
        .unwrap();
    show(&layer, foreign.access_token().secret(), shown)
        .await
        .assert_passed("false");
}

#[tokio::test]
async fn an_issuer_whose_keys_are_gone_harms_no_other() {
    let clock = ManualClock::new();
    let keys = SharedKeySet::new(SigningKey::from_pem(P256.0).unwrap().key_set());
    let empty = AccessTokenVerifier::builder(keys.clone())
        .issuer(OTHER)
        .audience(AUDIENCE)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(empty)
        .unwrap();
    keys.replace(KeySet::default()).unwrap();
    let signer =
        AccessTokenSigner::new(OTHER, AUDIENCE, SigningKey::from_pem(ED25519.0).unwrap()).unwrap();
    let token = signer
        .with_clock(Arc::new(clock.clone()))
        .sign(&Identity::new("alice"), &Grant::new(), MINUTE)
        .unwrap();
    let refused = ask(&layer, &format!("Bearer {}", token.secret())).await;
    refused.assert_refused(401, "invalid_token", "token_invalid");
    let ours = sign_with(HMAC_KEY, HEADER, &claims(&clock).to_string());
    ask(&layer, &format!("Bearer {ours}"))
        .await
        .assert_passed("alice");
}
