//! The report of a verifier about a token, for development.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::keys::P256;
use support::{builder, claims, sign, signed_by, signed_with, token, without_issuer};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{AccessTokenVerifierBuilder, Explanation};
use tower_bearer::{MemoryStore, SigningKey};

fn explained(changes: &Value) -> Explanation {
    explained_by(|builder| builder, changes)
}

fn explained_by(
    set: impl Fn(AccessTokenVerifierBuilder) -> AccessTokenVerifierBuilder,
    changes: &Value,
) -> Explanation {
    let clock = ManualClock::new();
    let verifier = set(builder(&clock)).build().unwrap();
    verifier.explain(&token(&changed(&clock, changes)))
}

fn changed(clock: &ManualClock, changes: &Value) -> Value {
    let mut claims = claims(clock);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

#[track_caller]
fn assert_cures(report: &Explanation, cures: &[&str]) {
    assert_eq!(report.cures().collect::<Vec<_>>(), cures, "{report}");
}

#[test]
fn a_good_token_passes_every_check() {
    let report = explained(&json!({ "scope": "orders:read" }));
    assert!(report.is_accepted(), "{report}");
    assert_eq!(report.refusals().count(), 0);
    assert_eq!(report.cures().count(), 0);
    let text = report.to_string();
    for line in [
        "iss",
        "\"test\"",
        "\"alice\"",
        "\"orders:read\"",
        "the token is accepted",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// Where `verify` ends at the first.
#[test]
fn every_check_that_refuses_is_named_with_its_cure() {
    let clock = ManualClock::new();
    let claims = json!({ "iss": "https://id.test", "client_id": "worker", "exp": 1, "at_hash": "x",
        "permissions": ["orders.read"] });
    let token = sign(r#"{"alg":"HS256"}"#, &claims.to_string());
    let verifier = builder(&clock).build().unwrap();
    let report = verifier.explain(&token);
    let refused: Vec<&str> = report.refusals().map(|(name, _)| name).collect();
    assert_eq!(refused, ["iss", "typ", "exp", "aud", "sub"]);
    let cures: Vec<&str> = report.cures().collect();
    assert_eq!(
        cures,
        [
            ".issuer(\"https://id.test\")",
            ".accept_id_token_like()",
            ".audience(\"worker\").audience_claim(&[\"client_id\"])",
            ".subject_claim(&[\"sub\"]).subject_claim(&[\"client_id\"]), if only machines have \
             such tokens",
            ".scope_claim(&[\"permissions\"])",
        ]
    );
    let text = report.to_string();
    assert!(text.ends_with("the token is refused"), "{text}");
    assert!(!text.contains(&token), "{text}");
}

#[test]
fn it_agrees_with_the_verifier() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).build().unwrap();
    let payload = claims(&clock).to_string();
    for token in [
        token(&claims(&clock)),
        sign(r#"{"alg":"none","typ":"at+jwt"}"#, &payload),
        sign(r#"{"alg":"HS256","typ":"JWT"}"#, &payload),
        sign(r#"{"alg":"HS256","typ":"at+jwt","crit":[]}"#, &payload),
        support::sign_with(&[7; 32], support::HEADER, &payload),
        "opaque".to_owned(),
        "a.b.c.d.e".to_owned(),
    ] {
        let report = verifier.explain(&token);
        assert_eq!(
            report.is_accepted(),
            verifier.verify(&token).is_ok(),
            "{report}"
        );
    }
    for (name, value) in [
        ("nbf", json!(99_999_999_999_u64)),
        ("cnf", json!({ "jkt": "x" })),
        ("aud", json!("other")),
        ("exp", json!("soon")),
        ("sub", json!(42)),
    ] {
        let report = explained(&json!({ name: value }));
        let refused: Vec<&str> = report.refusals().map(|(name, _)| name).collect();
        assert_eq!(refused, [name], "{report}");
    }
}

#[test]
fn one_run_says_everything_that_a_token_without_aud_needs() {
    let claims = json!({ "aud": null, "client_id": "6abc", "token_use": "access" });
    assert_cures(
        &explained(&claims),
        &[".audience(\"6abc\").audience_claim(&[\"client_id\"])"],
    );
    // With that line it passes.
    let report = explained_by(
        |builder| builder.audience("6abc").audience_claim(&["client_id"]),
        &claims,
    );
    assert!(report.is_accepted(), "{report}");
    let of = |name| [format!(".audience_claim(&[\"{name}\"])")];
    for (claims, line) in [
        (json!({ "aud": null, "client_id": "test" }), of("client_id")),
        // The value that is accepted already is that of this service.
        (
            json!({ "aud": [], "client_id": "app", "azp": "test" }),
            of("azp"),
        ),
    ] {
        assert_cures(&explained(&claims), &[&*line[0]]);
    }
    assert_cures(&explained(&json!({ "aud": null })), &[]);
    // The audience is in `aud`, and another claim was named.
    let report = explained_by(|builder| builder.audience_claim(&["client_id"]), &json!({}));
    assert_cures(&report, &[&*of("aud")[0]]);
}

#[test]
fn a_wrong_audience_is_that_of_the_claim_that_was_read() {
    let by_client = |builder: AccessTokenVerifierBuilder| builder.audience_claim(&["client_id"]);
    for (claims, cure) in [
        (
            json!({ "aud": null, "client_id": "6abc" }),
            ".audience(\"6abc\")",
        ),
        (
            json!({ "aud": "test", "client_id": "6abc" }),
            ".audience(\"6abc\")",
        ),
        (
            json!({ "aud": "other", "client_id": "test" }),
            ".audience(\"other\")",
        ),
        (
            json!({ "aud": "other", "client_id": ["6abc", "7def"] }),
            ".audience(\"other\") and .audience(\"6abc\") or .audience(\"7def\")",
        ),
    ] {
        let report = explained_by(by_client, &claims);
        assert_cures(&report, &[&*format!("{cure}, if that is this service")]);
    }
    assert_cures(
        &explained(&json!({ "aud": ["a", "b"] })),
        &[".audience(\"a\") or .audience(\"b\"), if that is this service"],
    );
}

#[test]
fn the_cure_of_a_type_is_the_one_that_is_enough() {
    let clock = ManualClock::new();
    let untyped = |builder: AccessTokenVerifierBuilder| builder.accept_untyped_jwt();
    let id_like = |builder: AccessTokenVerifierBuilder| builder.accept_id_token_like();
    let none = json!({});
    let (dex, events) = (json!({ "at_hash": "x" }), json!({ "events": {} }));
    for (typ, claims, cure) in [
        (None, &none, Some(".accept_untyped_jwt()")),
        (Some("JWT"), &none, Some(".accept_untyped_jwt()")),
        (
            Some("application/jwt"),
            &none,
            Some(".accept_untyped_jwt()"),
        ),
        (None, &dex, Some(".accept_id_token_like()")),
        (
            Some("JWT"),
            &json!({ "c_hash": "x" }),
            Some(".accept_id_token_like()"),
        ),
        (None, &events, None),
        (Some("JWT"), &json!({ "events": {}, "at_hash": "x" }), None),
        (Some("logout+jwt"), &none, None),
        (Some("dpop+jwt"), &dex, None),
        (Some(""), &none, None),
    ] {
        let header = typ.map_or(
            json!({ "alg": "HS256" }),
            |typ| json!({ "alg": "HS256", "typ": typ }),
        );
        let token = sign(&header.to_string(), &changed(&clock, claims).to_string());
        let report = builder(&clock).build().unwrap().explain(&token);
        let refused: Vec<&str> = report.refusals().map(|(name, _)| name).collect();
        assert_eq!(refused, ["typ"], "{report}");
        assert_cures(&report, &cure.into_iter().collect::<Vec<_>>());
        let accepted = match cure {
            Some(".accept_untyped_jwt()") => untyped(builder(&clock)),
            _ => id_like(builder(&clock)),
        };
        let report = accepted.build().unwrap().explain(&token);
        assert_eq!(report.is_accepted(), cure.is_some(), "{report}");
        assert_cures(&report, &[]);
        let text = builder(&clock).build().unwrap().explain(&token).to_string();
        assert_eq!(
            text.contains("untyped"),
            cure == Some(".accept_untyped_jwt()"),
            "{text}"
        );
    }
    // A header that cannot be read has no cure either.
    let token = sign(r#"{"alg":"HS256","typ":7}"#, &claims(&clock).to_string());
    assert_cures(&builder(&clock).build().unwrap().explain(&token), &[]);
}

#[test]
fn a_tenant_is_added_to_the_tenants() {
    let clock = ManualClock::new();
    let verifier = without_issuer(&clock).issuer_pattern("https://id.test/{tenant}/v2", ["acme"]);
    let verifier = verifier.build().unwrap();
    for (iss, cure) in [
        (
            "https://id.test/hooli/v2",
            "add the tenant hooli to the tenants of issuer_pattern",
        ),
        (
            "https://id.test/hooli/v1",
            ".issuer(\"https://id.test/hooli/v1\") in place of issuer_pattern",
        ),
    ] {
        let report = verifier.explain(&token(&changed(&clock, &json!({ "iss": iss }))));
        assert_cures(&report, &[cure]);
        assert!(report.to_string().contains(cure), "{report}");
    }
    assert_cures(
        &explained(&json!({ "iss": "https://b.test" })),
        &[".issuer(\"https://b.test\")"],
    );
}

#[test]
fn a_claim_of_the_wrong_type_is_cured_where_it_is_wrong() {
    let id = ".subject_claim(&[\"sub\"])";
    for (claims, cures) in [
        (json!({ "sub": 42 }), &[id][..]),
        (json!({ "sub": 4.2 }), &[]),
        (json!({ "sub": true }), &[]),
        (json!({ "sub": 42, "exp": "soon" }), &[id]),
        (json!({ "sub": 42, "nbf": "soon", "aud": 7 }), &[id]),
    ] {
        let report = explained(&claims);
        assert_cures(&report, cures);
        let text = report.to_string();
        let after = text
            .lines()
            .skip_while(|line| !line.starts_with("sub "))
            .nth(1);
        assert!(
            cures.is_empty() || after.is_some_and(|line| line.contains(id)),
            "{text}"
        );
    }
    // It is read from elsewhere.
    let report = explained_by(
        |builder| builder.subject_claim(&["id"]),
        &json!({ "id": {}, "sub": 1 }),
    );
    assert_cures(&report, &[]);
}

#[test]
fn the_client_is_not_the_subject_of_a_user() {
    for mark in [
        "sid",
        "session_state",
        "preferred_username",
        "username",
        "email",
        "upn",
        "oid",
        "scp",
        "auth_time",
        "name",
    ] {
        let report =
            explained(&json!({ "sub": null, "azp": "app", "client_id": "app", mark: "x" }));
        let cure = "this looks like a user's token: have the issuer send sub";
        assert_eq!(report.cures().next(), Some(cure), "{report}");
        assert!(!report.to_string().contains("subject_claim(&"), "{report}");
    }
    let login = explained(&json!({ "sub": null, "azp": "app", "scope": "profile openid" }));
    assert_cures(
        &login,
        &["this looks like a user's token: have the issuer send sub"],
    );
    for name in ["client_id", "azp", "cid", "appid"] {
        let report = explained(&json!({ "sub": "", "email": null, name: "worker" }));
        let line = format!(
            ".subject_claim(&[\"sub\"]).subject_claim(&[\"{name}\"]), if only machines have such \
             tokens"
        );
        assert_cures(&report, &[&*line]);
    }
    let report = explained_by(
        |builder| builder.subject_claim(&["uid"]),
        &json!({ "client_id": "worker" }),
    );
    assert_cures(
        &report,
        &[".subject_claim(&[\"client_id\"]), if only machines have such tokens"],
    );
    assert_cures(&explained(&json!({ "sub": null })), &[]);
}

#[test]
fn a_scope_that_a_login_needs_is_not_a_permission() {
    for (claims, cures) in [
        (
            json!({ "scope": "openid profile email", "roles": ["admin"] }),
            &["\"roles\""][..],
        ),
        (
            json!({ "scope": "openid", "realm_access": { "roles": ["a"] } }),
            &["\"realm_access\", \"roles\""],
        ),
        (json!({ "scope": "openid orders", "roles": ["admin"] }), &[]),
        (json!({ "scope": "openid" }), &[]),
        (json!({ "scope": 7 }), &[]),
        (
            json!({ "roles": 7, "permissions": [], "groups": {}, "scp": "", "role": "a b" }),
            &[],
        ),
        (json!({ "scopes": ["read"] }), &["\"scopes\""]),
        (json!({ "authorities": ["ROLE_A"] }), &["\"authorities\""]),
        (json!({ "cognito:groups": ["a"] }), &["\"cognito:groups\""]),
        (
            json!({
                "urn:zitadel:iam:org:project:roles": { "a": {} },
                "urn:zitadel:iam:org:project:26:roles": { "b": {} },
            }),
            &["\"urn:zitadel:iam:org:project:26:roles\""],
        ),
        (
            json!({ "https://x.test/roles": ["a"] }),
            &["\"https://x.test/roles\""],
        ),
        (
            json!({ "https://x.test/permissions": ["a"] }),
            &["\"https://x.test/permissions\""],
        ),
        (
            json!({ "resource_access": {
                "account": { "roles": ["a"] }, "b.c": { "roles": ["b"] },
            } }),
            &["\"resource_access\", \"b.c\", \"roles\""],
        ),
        (
            json!({ "permissions": ["a"], "roles": ["b"] }),
            &["\"permissions\"", "\"roles\""],
        ),
    ] {
        let lines: Vec<String> = cures
            .iter()
            .map(|path| format!(".scope_claim(&[{path}])"))
            .collect();
        let joined = lines.join(" or ");
        let expected: Vec<&str> = (!joined.is_empty())
            .then_some(&*joined)
            .into_iter()
            .collect();
        let report = explained(&claims);
        assert!(report.is_accepted(), "{report}");
        assert_cures(&report, &expected);
    }
    // The claim is read already, and allows nothing.
    let report = explained_by(
        |builder| builder.scope_claim(&["permissions"]),
        &json!({ "permissions": [], "scope": "orders" }),
    );
    assert_cures(&report, &[".scope_claim(&[\"scope\"])"]);
}

#[test]
fn the_scope_is_the_one_that_a_layer_sees() {
    let report = explained_by(
        |builder| builder.accepted_scope("orders:read"),
        &json!({ "scope": "orders:read admin", "exp": 1 }),
    );
    assert!(!report.is_accepted(), "{report}");
    assert_eq!(report.scope().as_str(), "orders:read");
    let text = report.to_string();
    assert!(
        text.contains("accepted_scope leaves \"orders:read\""),
        "{text}"
    );
}

#[test]
fn every_required_claim_is_a_check() {
    let required = |builder: AccessTokenVerifierBuilder| {
        let builder = builder.require_claim(&["token_use"], ["access"]);
        builder.require_claim(&["drn"], ["DS"])
    };
    for (claims, refused) in [
        (json!({ "token_use": "access", "drn": "DS" }), 0),
        (json!({ "token_use": "id", "drn": "DS" }), 1),
        (json!({ "token_use": "id" }), 2),
    ] {
        let report = explained_by(required, &claims);
        let names: Vec<&str> = report.refusals().map(|(name, _)| name).collect();
        assert_eq!(names, vec!["claims"; refused], "{report}");
        assert_cures(&report, &[]);
        let text = report.to_string();
        let rows = text.lines().filter(|line| line.starts_with("claims "));
        assert_eq!(rows.count(), 2, "{text}");
    }
}

/// Only the tokens of our own signer have a session, which does not have a row of its own.
#[test]
fn what_the_verifier_refuses_for_another_reason_is_not_called_accepted() {
    let clock = ManualClock::new();
    let key = SigningKey::from_pem(P256.0).unwrap();
    let sessions = signed_with(key, MemoryStore::new(), &clock)
        .build()
        .unwrap();
    let header = json!({ "alg": "ES256", "typ": "at+jwt" });
    for (changes, refused) in [(json!({}), &[][..]), (json!({ "sid": "x" }), &["token"])] {
        let token = signed_by(P256, &header, &changed(&clock, &changes));
        let report = sessions.verifier().explain(&token);
        let names: Vec<&str> = report.refusals().map(|(name, _)| name).collect();
        assert_eq!(names, refused, "{report}");
    }
}

#[test]
fn a_malformed_token_is_told_which_part_of_it_cannot_be_read() {
    let verifier = builder(&ManualClock::new()).build().unwrap();
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let header = part(r#"{"alg":"ES256"}"#);
    let claims = part(r#"{"iss":"https://hunter2.example"}"#);
    for (token, check, fault) in [
        (
            format!("{header}.{}.AAAA", part(r#"{"sub":"hunter2","sub":"b"}"#)),
            "form",
            "its payload has a name twice",
        ),
        (
            format!("{header}.{}.AAAA", part("[1]")),
            "form",
            "its payload is not a JSON object",
        ),
        (
            format!("{header}.{}.AAAA", part("hunter2")),
            "form",
            "its payload is not JSON",
        ),
        (
            format!("{header}.{claims}=.AAAA"),
            "form",
            "its payload is not base64url",
        ),
        (
            format!("{header}.{claims}.AA+A"),
            "form",
            "its signature is not base64url",
        ),
        (
            format!("\"{header}.{claims}.AAAA"),
            "signature",
            "its header is not base64url",
        ),
        (
            format!("{}.{claims}.AAAA", part(r#"{"typ":"at+jwt"}"#)),
            "signature",
            "its header has no alg",
        ),
    ] {
        let report = verifier.explain(&token);
        let refusal = report.refusals().find(|(name, _)| *name == check);
        let (_, text) = refusal.unwrap_or_else(|| panic!("{check}: {report}"));
        assert!(text.contains("malformed") && text.contains(fault), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
