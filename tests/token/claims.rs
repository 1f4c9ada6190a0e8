//! Claims as the application reads them: one by one, or all as its own struct.

use serde::Deserialize;
use serde_json::{Value, json};
use support::{AUDIENCE, ISSUER, builder, token, verifier};
use tower_bearer::clock::Clock;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{AccessTokenClaims, Grant, Identity, Scope, Subject};

/// The verified claims of a token that has these beside the usual ones.
fn claims(clock: &ManualClock, more: Value) -> AccessTokenClaims {
    let (mut claims, Value::Object(more)) = (support::claims(clock), more) else {
        panic!("an object")
    };
    claims.as_object_mut().unwrap().extend(more);
    verifier(clock).verify(&token(&claims)).unwrap()
}

#[test]
fn a_claim_that_is_absent_is_not_one_of_another_type() {
    let claims = claims(
        &ManualClock::new(),
        json!({ "level": "three", "tenant": "acme", "nothing": null }),
    );
    assert_eq!(
        claims.claim::<String>("tenant").unwrap().as_deref(),
        Some("acme")
    );
    assert_eq!(claims.claim::<u8>("absent").unwrap(), None);
    assert_eq!(claims.claim::<u8>("nothing").unwrap(), None);
    let error = claims.claim::<u8>("level").unwrap_err();
    assert_eq!(error.claim(), Some("level"));
    assert_eq!(
        error.to_string(),
        "the claim \"level\" does not have the type that was expected (u8)"
    );
    assert!(!format!("{error:?}").contains("three"));
}

#[test]
fn registered_claims_can_be_asked_for_by_name_too() {
    let clock = ManualClock::new();
    let now = clock.now().as_secs();
    let more = json!({
        "aud": ["other", AUDIENCE], "iat": now, "auth_time": now - 60, "jti": "7",
        "scope": "b a", "sid": "theirs", "nbf": now,
    });
    let claims = claims(&clock, more);
    for (name, value) in [
        ("iss", json!(ISSUER)),
        ("sub", json!("alice")),
        ("aud", json!(AUDIENCE)),
        ("exp", json!(now + 300)),
        ("iat", json!(now)),
        ("auth_time", json!(now - 60)),
        ("jti", json!("7")),
        ("scope", json!("b a")),
        // From another issuer, this claim is like any other.
        ("sid", json!("theirs")),
    ] {
        assert_eq!(claims.claim::<Value>(name).unwrap(), Some(value), "{name}");
    }
    assert_eq!(claims.claim::<Value>("nbf").unwrap(), None);
    assert_eq!(
        claims.claim::<Subject>("sub").unwrap(),
        Some("alice".into())
    );
    assert_eq!(
        claims.claim::<Vec<String>>("scope").unwrap_err().claim(),
        Some("scope")
    );
}

#[derive(Debug, PartialEq, Deserialize)]
struct Own {
    sub: Subject,
    #[serde(default)]
    scope: Scope,
    exp: u64,
    company: String,
    level: Option<u8>,
}

#[test]
fn all_claims_become_the_struct_of_the_application() {
    let clock = ManualClock::new();
    let exp = clock.now().as_secs() + 300;
    let more = json!({ "scope": "b a", "company": "ACME", "made_up": [1] });
    let own = claims(&clock, more).parse::<Own>().unwrap();
    let expected = Own {
        sub: "alice".into(),
        scope: Scope::from_static("a b"),
        exp,
        company: "ACME".to_owned(),
        level: None,
    };
    assert_eq!(own, expected);
    // The same for a token of our own.
    let tokens = TestTokens::new();
    let token = tokens.token(
        &Identity::new("alice"),
        &Grant::new()
            .with_claim("company", "ACME")
            .with_claim("level", 3),
        support::MINUTE,
    );
    let own: Own = tokens
        .verifier()
        .verify(token.secret())
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(
        (own.company.as_str(), own.level, own.scope),
        ("ACME", Some(3), Scope::default())
    );
}

#[test]
fn what_is_parsed_has_the_scope_that_counts() {
    let clock = ManualClock::new();
    let mut sent = support::claims(&clock);
    (sent["scope"], sent["company"]) = (json!("admin read"), json!("ACME"));
    let verifier = builder(&clock).accepted_scope("read").build().unwrap();
    let claims = verifier.verify(&token(&sent)).unwrap();
    assert_eq!(claims.parse::<Own>().unwrap().scope.as_str(), "read");
    assert_eq!(
        claims.claim::<String>("scope").unwrap().as_deref(),
        Some("read")
    );
    assert_eq!(serde_json::to_value(&claims).unwrap()["scope"], "read");
    // And no scope if no scope counts.
    let verifier = builder(&clock).accepted_scope("write").build().unwrap();
    let claims = verifier.verify(&token(&sent)).unwrap();
    assert_eq!(claims.parse::<Own>().unwrap().scope, Scope::default());
    assert_eq!(claims.claim::<String>("scope").unwrap(), None);
}

/// A page that shows the claims to their user must not show what the token does not allow here.
#[test]
fn what_is_serialized_has_no_scope_that_does_not_count() {
    let clock = ManualClock::new();
    let mut sent = support::claims(&clock);
    sent["scope"] = json!("root");
    sent["scp"] = json!(["read", "admin"]);
    sent["realm_access"] = json!({ "roles": ["write", "owner"], "since": 7 });
    sent["groups"] = json!(["staff"]);
    let verifier = builder(&clock)
        .scope_claim(&["scp"])
        .scope_claim(&["realm_access", "roles"])
        .accepted_scope("read write");
    let claims = verifier.build().unwrap().verify(&token(&sent)).unwrap();
    let shown = serde_json::to_value(&claims).unwrap();
    assert_eq!(shown["scope"], "read write");
    assert_eq!(shown.get("scp"), None, "{shown}");
    assert_eq!(shown["realm_access"], json!({ "since": 7 }));
    assert_eq!(shown["groups"], json!(["staff"]));
    // A handler that asks for the claim itself gets what the issuer said.
    assert_eq!(claims.claim::<Value>("scp"), Ok(Some(sent["scp"].clone())));
    let roles = claims.claim::<Value>("realm_access").unwrap();
    assert_eq!(roles, Some(sent["realm_access"].clone()));
}

#[test]
fn an_error_of_parse_says_which_claim_it_is_and_no_value() {
    let clock = ManualClock::new();
    let parse = |more| claims(&clock, more).parse::<Own>().unwrap_err();
    let missing = parse(json!({ "level": 3 }));
    assert_eq!(missing.claim(), Some("company"));
    assert!(
        missing
            .to_string()
            .starts_with("the claim \"company\" is missing, which "),
        "{missing}"
    );
    for (more, name) in [
        (json!({ "company": "ACME", "level": 256 }), "level"),
        (json!({ "company": "ACME", "level": "hunter2" }), "level"),
        (json!({ "company": ["hunter2"], "level": 3 }), "company"),
        (json!({ "company": null }), "company"),
    ] {
        let error = parse(more);
        assert_eq!(error.claim(), Some(name), "{error}");
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("Own") && !text.contains("hunter2") && !text.contains("256"),
            "{text}"
        );
    }
}
