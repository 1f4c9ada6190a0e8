//! Tokens that are not signed JWTs at all, or only nearly (RFC 7515 section 7.1, RFC 8725
//! section 3.6).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;
use support::{
    Accounts, HEADER, HMAC_KEY, assert_passes, claims, claims_with, refused, sign, token, verifier,
};
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{Identity, MemoryStore, Secret};

// requirement 51
#[tokio::test]
async fn a_token_above_16_kib_is_refused() {
    let clock = ManualClock::new();
    let padded = |length: usize| token(&claims_with(&clock, "pad", json!("p".repeat(length))));
    let sizes: Vec<String> = (11_900..12_300).map(padded).collect();
    let largest = sizes.iter().rfind(|token| token.len() <= 16384).unwrap();
    let next = sizes.iter().find(|token| token.len() > 16384).unwrap();
    assert!(
        largest.len() >= 16382 && next.len() <= 16387,
        "{} {}",
        largest.len(),
        next.len()
    );
    assert_passes(&verifier(&clock), largest).await;
    assert_eq!(
        refused(&verifier(&clock), next).await,
        VerifyErrorKind::TooLarge
    );
    assert_eq!(
        refused(&verifier(&clock), &padded(1_000_000)).await,
        VerifyErrorKind::TooLarge
    );
}

// requirement 51
#[tokio::test]
async fn an_encrypted_token_is_refused() {
    let clock = ManualClock::new();
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    for header in [
        r#"{"alg":"dir","enc":"A256GCM","typ":"at+jwt","zip":"DEF"}"#,
        r#"{"alg":"HS256","enc":"A256GCM","typ":"at+jwt"}"#,
    ] {
        let jwe = [
            encode(header),
            String::new(),
            encode("iv"),
            encode("text"),
            encode("tag"),
        ]
        .join(".");
        assert_eq!(
            refused(&verifier(&clock), &jwe).await,
            VerifyErrorKind::Encrypted
        );
    }
    // The signature is good for all that is before the last dot.
    let claims = claims(&clock).to_string();
    let message = format!(
        "{}.{}.{}.{}",
        encode(HEADER),
        encode(&claims),
        encode(&claims),
        encode(&claims)
    );
    let (_, tag) = sign_raw(&message);
    assert_eq!(
        refused(&verifier(&clock), &format!("{message}.{tag}")).await,
        VerifyErrorKind::Encrypted
    );
}

#[tokio::test]
async fn a_token_has_three_segments() {
    let clock = ManualClock::new();
    let good = token(&claims(&clock));
    let parts: Vec<&str> = good.split('.').collect();
    let four = format!("{good}.{}", parts[2]);
    for wrong in [
        parts[0],
        &parts[..2].join("."),
        &parts[1..].join("."),
        &four,
        "..",
        ".",
        "...",
        "a.b.c",
        &format!(".{good}"),
    ] {
        refused(&verifier(&clock), wrong).await;
    }
    // Tokens that no header can hold either.
    for wrong in [
        "",
        " ",
        &format!(" {good}"),
        &format!("{good} "),
        &format!("{good}\n"),
        "\u{e9}.\u{e9}.\u{e9}",
        "{\"payload\":\"\"}",
    ] {
        assert!(verifier(&clock).verify(wrong).is_err(), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_segment_is_base64url_without_padding() {
    let clock = ManualClock::new();
    // Chosen so that the usual alphabet would show: `>` and `?` make `+`, `/`, `-` and `_`.
    let payload = claims_with(&clock, "odd", json!("\u{3e}\u{3f}\u{ff}\u{3fe}??>>~~")).to_string();
    let (header, payload) = (HEADER.as_bytes(), payload.as_bytes());
    let url_safe = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let good = format!("{}.{}", url_safe(header), url_safe(payload));
    assert_passes(&verifier(&clock), &whole(&good)).await;
    let padded = (0..3)
        .map(|spaces| claims(&clock).to_string() + &" ".repeat(spaces))
        .find(|text| text.len() % 3 == 1)
        .unwrap();
    for message in [
        format!("{}.{}", url_safe(header), STANDARD.encode(payload)),
        format!("{}==.{}", url_safe(header), url_safe(payload)),
        format!("{}!.{}", url_safe(header), url_safe(payload)),
        format!("{}.{}", url_safe(header), URL_SAFE.encode(&padded)),
        format!("{}.{}\u{7f}", url_safe(header), url_safe(payload)),
        format!(
            "{}.{}A",
            url_safe(header),
            url_safe(&payload[..payload.len() / 3 * 3])
        ),
    ] {
        // Not through the layer: a header cannot hold all of these.
        assert!(
            verifier(&clock).verify(&whole(&message)).is_err(),
            "{message}"
        );
    }
    let whole = whole(&good);
    for tail in ["=", "==", "A", "AAAA", "!", " "] {
        assert!(
            verifier(&clock).verify(&format!("{whole}{tail}")).is_err(),
            "{tail}"
        );
    }
}

#[tokio::test]
async fn bits_that_mean_nothing_have_to_be_zero() {
    let clock = ManualClock::new();
    let good = token(&claims(&clock));
    // 32 bytes are 43 characters, the last of which has two bits to spare.
    let (rest, last) = good.split_at(good.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    for spare in 1..4 {
        let other = format!("{rest}{}", &alphabet[place + spare..=place + spare]);
        assert_eq!(
            refused(&verifier(&clock), &other).await,
            VerifyErrorKind::Malformed
        );
    }
    assert_passes(&verifier(&clock), &good).await;
}

// requirement 28
#[tokio::test]
async fn a_refresh_token_is_no_access_token_nor_the_other_way_round() {
    let secret = Secret::random().unwrap();
    let tokens = tower_bearer::test_util::TestTokens::new();
    let sessions = tokens
        .sessions(Accounts::everybody(), MemoryStore::new())
        .secret(secret.clone())
        .build()
        .unwrap();
    let pair = sessions.start(Identity::new("alice")).await.unwrap();
    let (access, refresh) = (
        pair.access_token().secret(),
        pair.refresh_token().unwrap().secret(),
    );
    assert!(refresh.starts_with("rt1_"));

    assert_eq!(
        refused(&sessions.verifier(), refresh).await,
        VerifyErrorKind::Opaque
    );
    let answer = support::ask(&sessions.layer(), &format!("Bearer {refresh}")).await;
    answer.assert_refused(401, "invalid_token", "token_invalid");
    for disguised in [
        format!("{refresh}.{refresh}.{refresh}"),
        access.replacen('.', &format!(".{refresh}"), 1),
    ] {
        refused(&sessions.verifier(), &disguised).await;
    }

    for disguised in [
        access.to_owned(),
        format!("rt1_{access}"),
        access.replace('.', ""),
    ] {
        let error = sessions
            .refresh(RefreshToken::new(disguised))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (SessionErrorKind::InvalidToken, "invalid_grant")
        );
    }
    // Neither attempt did any harm.
    assert_passes(&sessions.verifier(), access).await;
    sessions
        .refresh(pair.refresh_token().unwrap().clone())
        .await
        .unwrap();
}

fn whole(message: &str) -> String {
    let (message, tag) = sign_raw(message);
    format!("{message}.{tag}")
}

/// A good signature over a message whose segments may be malformed.
fn sign_raw(message: &str) -> (&str, String) {
    use hmac::{KeyInit, Mac};
    let tag = hmac::Hmac::<sha2::Sha256>::new_from_slice(HMAC_KEY)
        .expect("any length")
        .chain_update(message)
        .finalize();
    (message, URL_SAFE_NO_PAD.encode(tag.into_bytes()))
}

#[test]
fn what_these_tests_sign_by_hand_is_what_the_helpers_sign() {
    let (message, tag) = ("e30.e30", sign("{}", "{}"));
    assert_eq!(whole(message), tag);
}
