//! Issuers that write the scope elsewhere: `scope_claim`.

use serde_json::json;
use support::{ask, assert_passes, builder, claims_with, token, verifier};
use tower_bearer::BearerAuthLayer;
use tower_bearer::test_util::ManualClock;

use super::{scope, with};

#[tokio::test]
async fn the_claim_is_text_or_a_list() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).scope_claim(&["scp"]).build().unwrap();
    for (value, words) in [
        (json!("read write"), "read write"),
        (json!("  read   write "), "read write"),
        (json!("read read"), "read"),
        (json!(""), ""),
        (json!(["read", "write"]), "read write"),
        (json!(["read", "read"]), "read"),
        (
            json!(["https://graph.test/.default", "a:b"]),
            "https://graph.test/.default a:b",
        ),
        (json!([]), ""),
    ] {
        let token = with(&clock, "scp", value.clone());
        assert_eq!(scope(&verifier, &token), words, "{value}");
        // The scope as the layer sees it.
        let answer = ask(
            &BearerAuthLayer::new(verifier.clone()).require_scope("read"),
            &format!("Bearer {token}"),
        )
        .await;
        match words.starts_with("read") {
            true => answer.assert_passed("alice"),
            false => answer.assert_refused(403, "insufficient_scope", "scope_missing"),
        }
    }
}

/// What .NET and Keycloak write when a user has a single role.
#[tokio::test]
async fn text_of_a_claim_that_is_not_called_scope_is_one_word() {
    let clock = ManualClock::new();
    let paths: [&[&str]; 4] = [
        &["roles"],
        &["realm_access", "role"],
        &["scopes"],
        &["scp", "roles"],
    ];
    for path in paths {
        let verifier = builder(&clock).scope_claim(path).build().unwrap();
        let token_with = |text: &str| {
            let value = path[1..]
                .iter()
                .rev()
                .fold(json!(text), |value, name| json!({ *name: value }));
            with(&clock, path[0], value)
        };
        for (text, words) in [
            ("admin", "admin"),
            ("admin assistant", ""),
            (" admin", ""),
            ("", ""),
        ] {
            assert_eq!(
                scope(&verifier, &token_with(text)),
                words,
                "{path:?} {text:?}"
            );
        }
        let layer = BearerAuthLayer::new(verifier).require_scope("admin");
        let refused = ask(&layer, &format!("Bearer {}", token_with("admin assistant"))).await;
        refused.assert_refused(403, "insufficient_scope", "scope_missing");
    }
    // At the end of a path too, these two have spaces between their words.
    for name in ["scope", "scp"] {
        let verifier = builder(&clock)
            .scope_claim(&["access", name])
            .build()
            .unwrap();
        let token = with(&clock, "access", json!({ name: "read write" }));
        assert_eq!(scope(&verifier, &token), "read write");
    }
}

/// A name with a space would become two others.
#[tokio::test]
async fn a_word_of_a_list_that_is_no_scope_token_allows_nothing() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).scope_claim(&["roles"]).build().unwrap();
    for word in [
        "read admin",
        " admin",
        "admin ",
        " ",
        "",
        "ad\"min",
        "ad\\min",
        "caf\u{e9}",
        "ad\tmin",
        "ad\nmin",
        "admin\u{0}",
        "ad\u{a0}min",
    ] {
        for list in [
            json!([word]),
            json!([word, "write"]),
            json!(["write", word]),
        ] {
            let scope = scope(&verifier, &with(&clock, "roles", list.clone()));
            let other = if list.as_array().unwrap().len() == 1 {
                ""
            } else {
                "write"
            };
            assert_eq!(scope, other, "{list}");
        }
        let layer = BearerAuthLayer::new(verifier.clone()).require_scope("admin");
        let token = with(&clock, "roles", json!(["write", word]));
        ask(&layer, &format!("Bearer {token}"))
            .await
            .assert_refused(403, "insufficient_scope", "scope_missing");
    }
}

#[tokio::test]
async fn a_way_leads_into_the_claims() {
    let clock = ManualClock::new();
    let keycloak = builder(&clock)
        .scope_claim(&["realm_access", "roles"])
        .build()
        .unwrap();
    let token = with(
        &clock,
        "realm_access",
        json!({ "roles": ["admin", "offline_access"] }),
    );
    assert_eq!(scope(&keycloak, &token), "admin offline_access");
    let deep = builder(&clock)
        .scope_claim(&["resource_access", "my.api", "roles"])
        .build()
        .unwrap();
    let token = with(
        &clock,
        "resource_access",
        json!({ "my.api": { "roles": ["a"] }, "other": { "roles": ["b"] } }),
    );
    assert_eq!(scope(&deep, &token), "a");
    // One name, whatever is in it.
    let named = builder(&clock)
        .scope_claim(&["https://api.test/roles"])
        .build()
        .unwrap();
    assert_eq!(
        scope(
            &named,
            &with(&clock, "https://api.test/roles", json!(["a"]))
        ),
        "a"
    );
    // The way has to be whole.
    for value in [
        json!({}),
        json!({ "role": ["admin"] }),
        json!({ "other": { "roles": ["admin"] } }),
    ] {
        assert_eq!(scope(&keycloak, &with(&clock, "realm_access", value)), "");
    }
    assert_eq!(
        scope(&keycloak, &with(&clock, "roles", json!(["admin"]))),
        ""
    );
    assert_eq!(
        scope(
            &keycloak,
            &with(&clock, "realm_access.roles", json!(["admin"]))
        ),
        ""
    );
}

#[tokio::test]
async fn a_claim_that_is_absent_allows_nothing() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).scope_claim(&["scp"]).build().unwrap();
    let token = with(&clock, "scope", json!("admin"));
    assert_eq!(scope(&verifier, &token), "");
    let layer = BearerAuthLayer::new(verifier);
    ask(&layer, &format!("Bearer {token}"))
        .await
        .assert_passed("alice");
    let refused = ask(&layer.require_scope("admin"), &format!("Bearer {token}")).await;
    refused.assert_refused(403, "insufficient_scope", "scope_missing");
    assert!(refused.challenge().unwrap().contains("scope=\"admin\""));
}

#[tokio::test]
async fn a_claim_of_another_type_allows_nothing_and_refuses_nothing() {
    let clock = ManualClock::new();
    let flat = builder(&clock).scope_claim(&["scp"]).build().unwrap();
    let deep = builder(&clock)
        .scope_claim(&["realm_access", "roles"])
        .build()
        .unwrap();
    for (value, allowed) in [
        (json!(null), ""),
        (json!(7), ""),
        (json!(true), ""),
        (json!([7]), ""),
        (json!(["read", null]), "read"),
        (json!([["read"]]), ""),
        (json!([{ "read": true }, "write"]), "write"),
    ] {
        let token = with(&clock, "scp", value.clone());
        assert_eq!(scope(&flat, &token), allowed, "{value}");
        let token = with(&clock, "realm_access", json!({ "roles": value }));
        assert_eq!(scope(&deep, &token), allowed, "{value}");
        assert_passes(&deep, &token).await;
    }
}

#[tokio::test]
async fn the_names_of_an_object_are_words() {
    let clock = ManualClock::new();
    let claim = "urn:zitadel:iam:org:project:roles";
    let verifier = builder(&clock).scope_claim(&[claim]).build().unwrap();
    for (roles, allowed) in [
        (
            json!({ "admin": { "2": "x" }, "editor": {} }),
            "admin editor",
        ),
        (
            json!({ "admin": false, "editor": null, "reader": true }),
            "reader",
        ),
        (json!({ "billing admin": { "2": "x" } }), ""),
        (json!({}), ""),
    ] {
        let token = with(&clock, claim, roles.clone());
        assert_eq!(scope(&verifier, &token), allowed, "{roles}");
    }
}

#[tokio::test]
async fn the_words_of_several_claims_are_united() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .scope_claim(&["scp"])
        .scope_claim(&["roles"])
        .build()
        .unwrap();
    for (scp, roles, allowed) in [
        (json!("orders.read"), json!(null), "orders.read"),
        (json!(null), json!(["orders.read"]), "orders.read"),
        (json!("a b"), json!(["b", "c"]), "a b c"),
        (json!("a b"), json!("admin assistant"), "a b"),
        (json!(7), json!(["c"]), "c"),
    ] {
        let mut claims = claims_with(&clock, "scope", json!("ignored"));
        (claims["scp"], claims["roles"]) = (scp, roles);
        assert_eq!(scope(&verifier, &token(&claims)), allowed, "{claims}");
    }
}

/// "And no longer from that."
#[tokio::test]
async fn scope_itself_is_ignored_then() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).scope_claim(&["scp"]).build().unwrap();
    for ignored in [
        json!("admin"),
        json!(["admin"]),
        json!(7),
        json!(null),
        json!({}),
        json!("caf\u{e9}"),
    ] {
        let mut claims = claims_with(&clock, "scope", json!("x"));
        (claims["scope"], claims["scp"]) = (ignored.clone(), json!("read"));
        assert_eq!(scope(&verifier, &token(&claims)), "read", "{ignored}");
    }
    // The other claim can be read as it is, and `scope` is what counts.
    let mut claims = claims_with(&clock, "scp", json!("x"));
    (claims["scope"], claims["scp"]) = (json!("admin"), json!(["a b", "c"]));
    let claims = verifier.verify(&token(&claims)).unwrap();
    assert_eq!(
        claims.claim::<Vec<String>>("scp").unwrap().unwrap(),
        ["a b", "c"]
    );
    assert_eq!(
        claims.claim::<String>("scope").unwrap().as_deref(),
        Some("c")
    );
}

#[tokio::test]
async fn without_it_scope_is_text_or_a_list() {
    let clock = ManualClock::new();
    let usual = verifier(&clock);
    for (value, allowed) in [
        (json!("read write"), "read write"),
        (json!("read  write "), "read write"),
        (json!(["read", "write"]), "read write"),
        (json!(["read write", "x"]), "x"),
        (json!(""), ""),
        (json!(7), ""),
        (json!("a\"b c"), "c"),
        (json!("tab\there"), ""),
    ] {
        let token = with(&clock, "scope", value.clone());
        assert_eq!(scope(&usual, &token), allowed, "{value}");
        assert_passes(&usual, &token).await;
    }
    assert_eq!(scope(&usual, &with(&clock, "scp", json!("admin"))), "");
}

#[test]
#[should_panic(expected = "the path to a claim is empty")]
fn a_way_without_a_name_panics() {
    let _ = builder(&ManualClock::new())
        .scope_claim(&[])
        .build()
        .unwrap();
}
