//! The claims that a token must have (RFC 9068 section 4, RFC 7519 section 4.1).

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    AUDIENCE, HEADER, ISSUER, MILLISECOND, MINUTE, assert_passes, builder, claims, claims_with,
    refused, sign, token, verifier,
};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;

async fn kind_with(claim: &str, value: Value) -> VerifyErrorKind {
    let clock = ManualClock::new();
    refused(
        &verifier(&clock),
        &token(&claims_with(&clock, claim, value)),
    )
    .await
}

async fn passes_with(claim: &str, value: Value) {
    let clock = ManualClock::new();
    assert_passes(
        &verifier(&clock),
        &token(&claims_with(&clock, claim, value)),
    )
    .await;
}

// requirement 47
#[tokio::test]
async fn the_issuer_is_compared_byte_by_byte() {
    for issuer in [
        "https://issuer.test/",
        "https://ISSUER.test",
        "http://issuer.test",
        "https://issuer.tes",
        " https://issuer.test",
        "",
    ] {
        assert_eq!(
            kind_with("iss", json!(issuer)).await,
            VerifyErrorKind::WrongIssuer,
            "{issuer:?}"
        );
    }
    for issuer in [json!(null), json!([ISSUER]), json!(1)] {
        assert_eq!(kind_with("iss", issuer).await, VerifyErrorKind::NoIssuer);
    }
}

// requirement 47
#[tokio::test]
async fn the_audience_is_us_or_contains_us() {
    passes_with("aud", json!(AUDIENCE)).await;
    passes_with("aud", json!([AUDIENCE])).await;
    passes_with("aud", json!(["other", AUDIENCE])).await;
    for audience in [
        json!("Test"),
        json!("test "),
        json!("tes"),
        json!("test other"),
        json!(["other", "TEST"]),
    ] {
        assert_eq!(
            kind_with("aud", audience.clone()).await,
            VerifyErrorKind::WrongAudience,
            "{audience}"
        );
    }
    for audience in [json!(null), json!(""), json!([])] {
        assert_eq!(
            kind_with("aud", audience.clone()).await,
            VerifyErrorKind::NoAudience,
            "{audience}"
        );
    }
    for audience in [
        json!(1),
        json!([AUDIENCE, 1]),
        json!([[AUDIENCE]]),
        json!({ "test": 1 }),
    ] {
        assert_eq!(
            kind_with("aud", audience.clone()).await,
            VerifyErrorKind::InvalidClaim,
            "{audience}"
        );
    }
}

// requirement 47
#[tokio::test]
async fn a_second_audience_is_accepted_where_it_was_configured() {
    let clock = ManualClock::new();
    let both = builder(&clock).audience("second").build().unwrap();
    let second = token(&claims_with(&clock, "aud", json!("second")));
    assert_passes(&both, &second).await;
    assert_passes(&both, &token(&claims(&clock))).await;
    assert_eq!(both.verify(&second).unwrap().audience().as_str(), "second");
    assert_eq!(
        refused(&verifier(&clock), &second).await,
        VerifyErrorKind::WrongAudience
    );
}

// requirement 47
#[tokio::test]
async fn a_token_of_another_key_is_refused() {
    let clock = ManualClock::new();
    let forged = support::sign_with(&[7; 32], HEADER, &claims(&clock).to_string());
    assert_eq!(
        refused(&verifier(&clock), &forged).await,
        VerifyErrorKind::BadSignature
    );
    // A good signature belongs to its own claims.
    let (_, good_signature) = forged.rsplit_once('.').unwrap();
    let other = support::sign_with(
        &[7; 32],
        HEADER,
        &claims_with(&clock, "sub", json!("bob")).to_string(),
    );
    let (other_message, _) = other.rsplit_once('.').unwrap();
    refused(
        &verifier(&clock),
        &format!("{other_message}.{good_signature}"),
    )
    .await;
}

// requirement 48
#[tokio::test]
async fn a_token_without_an_end_is_refused() {
    assert_eq!(
        kind_with("exp", json!(null)).await,
        VerifyErrorKind::NoExpiry
    );
    for end in [json!("1767225900"), json!(true), json!([1_767_225_900])] {
        assert_eq!(
            kind_with("exp", end.clone()).await,
            VerifyErrorKind::InvalidClaim,
            "{end}"
        );
    }
}

// requirement 48
#[tokio::test]
async fn a_token_ends_a_minute_after_exp_to_the_millisecond() {
    let clock = ManualClock::new();
    let token = token(&claims(&clock));
    clock.advance(Duration::from_millis(360_000 - 1));
    assert_passes(&verifier(&clock), &token).await;
    clock.advance(MILLISECOND);
    assert_eq!(
        refused(&verifier(&clock), &token).await,
        VerifyErrorKind::Expired
    );
}

// requirement 48
#[tokio::test]
async fn the_leeway_is_five_minutes_at_most() {
    let clock = ManualClock::new();
    let error = builder(&clock)
        .leeway(5 * MINUTE + MILLISECOND)
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a leeway of 300.001s is too long. The maximum is five minutes"
    );
    let lenient = builder(&clock).leeway(5 * MINUTE).build().unwrap();
    let strict = builder(&clock).leeway(Duration::ZERO).build().unwrap();
    let token = token(&claims(&clock));
    clock.advance(Duration::from_millis(300_000 - 1));
    assert_passes(&strict, &token).await;
    clock.advance(MILLISECOND);
    assert_eq!(refused(&strict, &token).await, VerifyErrorKind::Expired);
    clock.advance(Duration::from_millis(300_000 - 1));
    assert_passes(&lenient, &token).await;
    clock.advance(MILLISECOND);
    assert_eq!(refused(&lenient, &token).await, VerifyErrorKind::Expired);
}

// requirement 48
#[tokio::test]
async fn a_token_does_not_begin_before_nbf_less_a_minute() {
    let clock = ManualClock::new();
    let begins = clock.now().as_secs() + 61;
    let early = token(&claims_with(&clock, "nbf", json!(begins)));
    assert_eq!(
        refused(&verifier(&clock), &early).await,
        VerifyErrorKind::NotYetValid
    );
    clock.advance(Duration::from_millis(999));
    assert_eq!(
        refused(&verifier(&clock), &early).await,
        VerifyErrorKind::NotYetValid
    );
    clock.advance(MILLISECOND);
    assert_passes(&verifier(&clock), &early).await;
    for odd in [json!("soon"), json!(true), json!([])] {
        assert_eq!(kind_with("nbf", odd).await, VerifyErrorKind::InvalidClaim);
    }
}

// requirement 48
#[tokio::test]
async fn a_numeric_date_may_have_a_fraction() {
    let clock = ManualClock::new();
    let strict = builder(&clock).leeway(Duration::ZERO).build().unwrap();
    let now = clock.now().as_secs();
    let halves = sign(
        HEADER,
        &format!(
            r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"alice",
                "exp":{now}.500,"nbf":{}.5,"iat":{now}.25}}"#,
            now - 1
        ),
    );
    clock.advance(Duration::from_millis(499));
    assert_passes(&strict, &halves).await;
    assert_eq!(
        strict.verify(&halves).unwrap().issued_at(),
        Some(Timestamp::from_millis(now * 1000 + 250))
    );
    clock.advance(MILLISECOND);
    assert_eq!(refused(&strict, &halves).await, VerifyErrorKind::Expired);
}

// requirement 48
#[tokio::test]
async fn strange_numbers_are_no_way_around_the_end() {
    for end in [
        json!(-1),
        json!(0),
        json!(-1e300),
        json!(i64::MIN),
        json!(0.5),
    ] {
        assert_eq!(
            kind_with("exp", end.clone()).await,
            VerifyErrorKind::Expired,
            "{end}"
        );
    }
    for begin in [json!(u64::MAX), json!(1e300), json!(i64::MAX)] {
        assert_eq!(
            kind_with("nbf", begin.clone()).await,
            VerifyErrorKind::NotYetValid,
            "{begin}"
        );
    }
    // Far away is far away: no overflow makes it the past, or a panic.
    for end in [json!(u64::MAX), json!(1e300), json!(i64::MAX)] {
        passes_with("exp", end).await;
    }
    passes_with("nbf", json!(-1)).await;
    // Text that is not a JSON number.
    let clock = ManualClock::new();
    for end in ["1e999", "NaN", "Infinity", "0x7fffffff", "+1"] {
        let payload =
            format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","sub":"alice","exp":{end}}}"#);
        assert_eq!(
            refused(&verifier(&clock), &sign(HEADER, &payload)).await,
            VerifyErrorKind::Malformed,
            "{end}"
        );
    }
}

// requirement 47
#[tokio::test]
async fn a_token_without_a_subject_is_refused() {
    for subject in [json!(null), json!(""), json!([])] {
        assert_eq!(
            kind_with("sub", subject.clone()).await,
            VerifyErrorKind::NoSubject,
            "{subject}"
        );
    }
    for subject in [json!(42), json!(["alice"]), json!({}), json!(true)] {
        assert_eq!(
            kind_with("sub", subject.clone()).await,
            VerifyErrorKind::InvalidClaim,
            "{subject}"
        );
    }
}

// requirement 47
#[tokio::test]
async fn null_is_not_a_value_of_what_is_needed() {
    let clock = ManualClock::new();
    for (name, kind) in [
        ("iss", VerifyErrorKind::NoIssuer),
        ("aud", VerifyErrorKind::NoAudience),
        ("sub", VerifyErrorKind::NoSubject),
        ("exp", VerifyErrorKind::NoExpiry),
    ] {
        let mut nulled = claims(&clock);
        nulled[name] = Value::Null;
        assert_eq!(
            refused(&verifier(&clock), &token(&nulled)).await,
            kind,
            "{name}"
        );
    }
}

// requirement 50
#[tokio::test]
async fn a_claim_that_stands_twice_is_refused() {
    let clock = ManualClock::new();
    let good = claims(&clock).to_string();
    for (name, again) in [
        ("sub", "\"bob\""),
        ("exp", "9999999999"),
        ("aud", "\"test\""),
        ("iss", "\"x\""),
        ("scope", "\"admin\""),
    ] {
        let open = good.trim_end_matches('}');
        let payload = format!("{open},\"scope\":\"a\",{name:?}:{again}}}");
        assert_eq!(
            refused(&verifier(&clock), &sign(HEADER, &payload)).await,
            VerifyErrorKind::Malformed,
            "{payload}"
        );
    }
    let open = good.trim_end_matches('}');
    for repeated in [
        r#""role":"user","role":"admin""#,
        r#""role":1,"role":1"#,
        r#""\u0073ub":"bob""#,
        // Deep inside it counts too: who reads the roles there reads one of two documents.
        r#""realm_access":{"roles":["user"],"roles":["admin"]}"#,
        r#""list":[{"a":{"b":1,"b":1}}]"#,
    ] {
        let payload = format!("{open},{repeated}}}");
        assert_eq!(
            refused(&verifier(&clock), &sign(HEADER, &payload)).await,
            VerifyErrorKind::Malformed,
            "{payload}"
        );
    }
}

#[tokio::test]
async fn claims_that_nobody_knows_are_ignored_and_can_be_asked_for() {
    let clock = ManualClock::new();
    let token = token(&claims_with(&clock, "made_up", json!({ "a": [1, null] })));
    assert_passes(&verifier(&clock), &token).await;
    let claims = verifier(&clock).verify(&token).unwrap();
    assert_eq!(
        claims.claim::<Value>("made_up"),
        Ok(Some(json!({ "a": [1, null] })))
    );
    assert_eq!(
        claims.claim::<u32>("made_up").unwrap_err().claim(),
        Some("made_up")
    );
    assert_eq!(claims.claim::<Value>("absent"), Ok(None));
}

#[tokio::test]
async fn claims_that_are_no_object_are_refused() {
    let clock = ManualClock::new();
    let good = claims(&clock).to_string();
    let deep = "[".repeat(4000);
    let trailing = format!("{good}x");
    let text = format!("{good:?}");
    for payload in [
        "",
        "null",
        "[]",
        "1",
        "{",
        &deep,
        &trailing,
        &text,
        &format!("[{good}]"),
    ] {
        assert_eq!(
            refused(&verifier(&clock), &sign(HEADER, payload)).await,
            VerifyErrorKind::Malformed,
            "{payload:.60}"
        );
    }
}
