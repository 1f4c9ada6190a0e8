//! The claims of our own access tokens (RFC 9068 section 2), and those that no grant can set.

mod refusals;

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::keys::{ED25519, P256, RSA, key, signer};
use support::{
    AUDIENCE, Accounts, HOUR, ISSUER, MINUTE, SECOND, assert_passes, names, refused, segment,
    sessions_of,
};
use tower_bearer::clock::Clock;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::token::{AccessTokenSigner, VerifyErrorKind};
use tower_bearer::{Grant, Identity, MemoryStore, Scope, Secret, SigningKey, Subject};

// requirement 30
#[test]
fn the_header_says_what_the_token_is_and_which_key_made_it() {
    for key in [
        SigningKey::hs256(&Secret::random().unwrap()).unwrap(),
        key(ED25519),
        key(P256),
        key(RSA),
    ] {
        let (algorithm, jwks) = (key.algorithm(), key.key_set().to_public_jwk_set());
        let token = signer(key, &ManualClock::new())
            .sign(&Identity::new("alice"), &Grant::new(), 5 * MINUTE)
            .unwrap();
        let header = segment(token.secret(), 0);
        assert_eq!(names(&header), ["alg", "kid", "typ"]);
        assert_eq!(
            (&header["typ"], &header["alg"]),
            (&json!("at+jwt"), &json!(algorithm.as_str()))
        );
        if let Some(published) = serde_json::from_str::<Value>(&jwks).unwrap()["keys"].get(0) {
            assert_eq!(published["kid"], header["kid"]);
        }
    }
}

// requirement 29
#[tokio::test]
async fn a_token_is_signed() {
    let clock = ManualClock::new();
    let signer = signer(
        SigningKey::hs256(&Secret::random().unwrap()).unwrap(),
        &clock,
    );
    let token = signer
        .sign(&Identity::new("alice"), &Grant::new(), 5 * MINUTE)
        .unwrap();
    let mut claims = segment(token.secret(), 1);
    claims["sub"] = "bob".into();
    let parts: Vec<&str> = token.secret().split('.').collect();
    let changed = format!(
        "{}.{}.{}",
        parts[0],
        URL_SAFE_NO_PAD.encode(claims.to_string()),
        parts[2]
    );
    assert_eq!(
        refused(&signer.verifier(), &changed).await,
        VerifyErrorKind::BadSignature
    );
    assert_passes(&signer.verifier(), token.secret()).await;
}

// requirement 31
#[test]
fn a_token_says_who_for_whom_by_whom_and_when() {
    let clock = ManualClock::new();
    clock.advance(Duration::from_millis(999));
    let signer = signer(
        SigningKey::hs256(&Secret::random().unwrap()).unwrap(),
        &clock,
    );
    let now = clock.now().as_secs();

    let bare = segment(
        signer
            .sign(&Identity::new("alice"), &Grant::new(), 5 * MINUTE)
            .unwrap()
            .secret(),
        1,
    );
    assert_eq!(names(&bare), ["aud", "exp", "iat", "iss", "jti", "sub"]);
    assert_eq!(
        (&bare["iss"], &bare["aud"], &bare["sub"]),
        (&json!(ISSUER), &json!(AUDIENCE), &json!("alice"))
    );
    assert_eq!(
        (&bare["iat"], &bare["exp"]),
        (&json!(now), &json!(now + 300))
    );

    let grant = Grant::new()
        .with_scope(Scope::from_static("b a"))
        .with_claim("client_id", "web")
        .with_claim("roles", [1, 2]);
    let full = signer.sign(&Identity::new(42), &grant, 5 * MINUTE).unwrap();
    let claims = segment(full.secret(), 1);
    assert_eq!(
        names(&claims),
        [
            "aud",
            "client_id",
            "exp",
            "iat",
            "iss",
            "jti",
            "roles",
            "scope",
            "sub"
        ]
    );
    assert_eq!(
        (&claims["sub"], &claims["scope"], &claims["roles"]),
        (&json!("42"), &json!("b a"), &json!([1, 2]))
    );

    let read = signer.verifier().verify(full.secret()).unwrap();
    assert_eq!(
        (read.subject(), read.scope().as_str()),
        (&Subject::from(42), "b a")
    );
    assert_eq!(
        read.claim::<String>("client_id").unwrap().as_deref(),
        Some("web")
    );
    assert_eq!(
        (
            read.issued_at().unwrap().as_secs(),
            read.expires_at().as_secs()
        ),
        (now, now + 300)
    );
    assert_eq!(read.id(), claims["jti"].as_str());
    assert!(read.auth_time().is_none() && read.session_id().is_none());
}

#[test]
fn names_and_claims_that_json_escapes_come_back_as_they_were() {
    let odd = "\"\\\u{0}\u{1f}\u{7f}\n</\u{2028}\u{e9}\u{1f512}";
    let key = SigningKey::hs256(&Secret::random().unwrap()).unwrap();
    for (issuer, audience) in [(odd, odd), (ISSUER, odd), (odd, AUDIENCE)] {
        let signer = AccessTokenSigner::new(issuer, audience, key.clone()).unwrap();
        let grant = Grant::new().with_claim(odd, odd).with_claim("none", ());
        let token = signer
            .sign(&Identity::new(odd), &grant, 5 * MINUTE)
            .unwrap();
        let sent = segment(token.secret(), 1);
        assert_eq!(
            (&sent["iss"], &sent["aud"], &sent["sub"], &sent[odd]),
            (&json!(issuer), &json!(audience), &json!(odd), &json!(odd))
        );
        assert_eq!(sent.get("none"), Some(&Value::Null));
        let read = signer.verifier().verify(token.secret()).unwrap();
        assert_eq!(read.subject().as_str(), odd);
    }
}

#[test]
fn signers_that_share_a_key_and_take_turns_make_valid_tokens() {
    let key = SigningKey::hs256(&Secret::random().unwrap()).unwrap();
    let long = "https://api.example.com/".repeat(9);
    let signers = [ISSUER, &long, "i"]
        .map(|issuer| AccessTokenSigner::new(issuer, AUDIENCE, key.clone()).unwrap());
    for signer in signers.iter().cycle().take(9) {
        let token = signer.sign(&Identity::new("alice"), &Grant::new(), 5 * MINUTE);
        assert!(signer.verifier().verify(token.unwrap().secret()).is_ok());
    }
}

// requirement 31
#[test]
fn no_two_tokens_have_one_name() {
    let tokens = TestTokens::new();
    let (alice, grant) = (Identity::new("alice"), Grant::new());
    let ids: HashSet<String> = (0..1000)
        .map(|_| {
            segment(tokens.token(&alice, &grant, 5 * MINUTE).secret(), 1)["jti"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(ids.len(), 1000);
    assert!(
        ids.iter()
            .all(|id| URL_SAFE_NO_PAD.decode(id).unwrap().len() >= 16)
    );
}

// requirement 31
#[tokio::test]
async fn a_token_of_a_session_names_the_session_and_the_login() {
    let tokens = TestTokens::new();
    let secret = Secret::random().unwrap();
    let sessions = tokens
        .sessions(Accounts::everybody(), MemoryStore::new())
        .secret(secret.clone())
        .build()
        .unwrap();
    let logged_in_at = tokens.clock().now().as_secs();
    let first = sessions.start(Identity::new("alice")).await.unwrap();
    tokens.clock().advance(HOUR);
    let second = sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap();
    let (before, after) = (
        segment(first.access_token().secret(), 1),
        segment(second.access_token().secret(), 1),
    );
    for claims in [&before, &after] {
        assert_eq!(
            names(claims),
            [
                "aud",
                "auth_time",
                "exp",
                "gen",
                "iat",
                "iss",
                "jti",
                "sid",
                "sub"
            ]
        );
        assert_eq!(claims["auth_time"], logged_in_at);
    }
    assert_eq!(
        (&before["gen"], &after["gen"], &before["sid"]),
        (&json!(0), &json!(1), &after["sid"])
    );
    let listed = sessions.list(&"alice".into()).await.unwrap();
    assert_eq!(before["sid"], listed[0].id().to_string());
}

// requirement 32
#[tokio::test]
async fn an_access_token_of_a_session_lives_for_half_an_hour() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let pair = sessions.start(Identity::new("alice")).await.unwrap();
    let claims = segment(pair.access_token().secret(), 1);
    assert_eq!(
        claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(),
        1800
    );
    assert_eq!(pair.expires_in(), 1800);
}

// requirement 27
#[tokio::test]
async fn no_access_token_outlives_its_session() {
    let tokens = TestTokens::new();
    let clock = tokens.clock();
    clock.advance(Duration::from_millis(700));
    let policy = tower_bearer::SessionPolicy::default()
        .with_absolute_lifetime(Duration::from_millis(3_600_900))
        .with_idle_timeout(HOUR);
    let sessions = tokens
        .sessions(support::Accounts::everybody(), MemoryStore::new())
        .policy(policy)
        .build()
        .unwrap();
    let ends = clock.now() + Duration::from_millis(3_600_900);
    let mut pair = sessions.start(Identity::new("alice")).await.unwrap();
    for minutes in [0, 20, 20, 19] {
        clock.advance(Duration::from_secs(minutes * 60));
        pair = sessions
            .refresh(pair.refresh_token().unwrap().clone())
            .await
            .unwrap();
        let claims = sessions
            .verifier()
            .verify(pair.access_token().secret())
            .unwrap();
        assert!(claims.expires_at() <= ends);
        assert!(clock.now() + Duration::from_secs(pair.expires_in()) <= ends + SECOND);
    }
    assert!(pair.expires_in() <= 61);
    clock.advance(Duration::from_secs(63 + 60));
    assert_eq!(
        refused(&sessions.verifier(), pair.access_token().secret()).await,
        VerifyErrorKind::Expired
    );
}
