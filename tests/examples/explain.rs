//! The example `explain`, as somebody uses it who sets up a provider.

#[path = "../../examples/explain/providers.rs"]
mod providers;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::app_server::output;

use crate::issuer::Issuer;

/// A token that nothing has signed.
fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.AAAA", part(header), part(claims))
}

async fn run(token: &str, environment: &[(&str, &str)]) -> (String, Option<i32>) {
    output("explain", &[token], environment).await
}

#[tokio::test]
async fn one_run_says_which_settings_are_missing() {
    let issuer = Issuer::new();
    let address = issuer.address.clone();
    let claims = json!({ "client_id": "6abc", "sub": "u-1", "scp": ["orders"] });
    let token = issuer.token(None, &claims);
    issuer.serve();

    // The issuer is that of the token.
    let (text, code) = run(&token, &[]).await;
    assert_eq!(code, Some(1), "{text}");
    let line = "try: .audience(\"6abc\").audience_claim(&[\"client_id\"])";
    assert!(text.contains(line), "{text}");
    let (text, code) = output("explain", &[&token, "--audience", "6abc"], &[]).await;
    assert_eq!(code, Some(1), "{text}");
    for line in [
        "it is the token's own",
        "keys       fetched",
        "try: .accept_untyped_jwt()",
        "try: .audience_claim(&[\"client_id\"])",
        "try: .scope_claim(&[\"scp\"])",
        "the token is refused",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains(&token), "{text}");

    let environment = [
        ("ISSUER", &*address),
        ("AUDIENCE", "6abc"),
        ("AUDIENCE_CLAIM", "client_id"),
        ("ACCEPT_UNTYPED_JWT", "1"),
        ("SCOPE_CLAIMS", "scp"),
    ];
    let (text, code) = output("explain", &[&format!("Bearer {token}")], &environment).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("the token is accepted") && !text.contains("try:"),
        "{text}"
    );
}

#[tokio::test]
async fn without_the_keys_it_explains_everything_else() {
    let issuer = Issuer::new();
    let token = issuer.token(Some("at+jwt"), &json!({ "aud": "api", "sub": "u-1" }));
    // It does not listen.
    let (text, code) = output("explain", &[&token, "--audience", "api"], &[]).await;
    assert_eq!(code, Some(1), "{text}");
    let refused = text.lines().filter(|line| line.contains("REFUSED"));
    assert_eq!(refused.count(), 1, "{text}");
    assert!(
        text.contains("the issuer's keys are not known yet"),
        "{text}"
    );
}

#[tokio::test]
async fn a_token_that_is_not_a_signed_jwt_is_called_what_it_is() {
    for (token, word) in [
        ("ya29.a0Af", "Google"),
        ("rt1_abc", "refresh token"),
        ("e30..x.y.z", "encrypted"),
        ("v4.public.abc", "PASETO"),
        ("2YotnFZFEjr1zCsicMWpAA", "opaque"),
    ] {
        let (text, code) = output("explain", &[token, "--issuer", "https://id.test"], &[]).await;
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn without_a_token_it_says_how_it_is_called() {
    let (text, code) = output("explain", &[], &[]).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("cargo run --example explain -- TOKEN"),
        "{text}"
    );
}

/// A token that is not a signed JWT, and no issuer: nothing is fetched, and nothing about it said.
#[tokio::test]
async fn without_an_issuer_nothing_is_fetched() {
    let jwe = |header: Value| {
        format!(
            "{}..aXY.dGV4dA.dGFn",
            URL_SAFE_NO_PAD.encode(header.to_string())
        )
    };
    let plain = jwe(json!({ "alg": "dir", "enc": "A256GCM" }));
    let of_auth0 = jwe(json!({ "alg": "dir", "iss": "https://example.eu.auth0.com/" }));
    let without_iss = unsigned(&json!({ "alg": "ES256" }), &json!({ "sub": "u" }));
    for (token, words) in [
        (
            "2YotnFZFEjr1zCsicMWpAA",
            &["opaque", "does not name its own"][..],
        ),
        (&plain, &["encrypted", "does not name its own"]),
        (&of_auth0, &["encrypted", "Auth0"]),
        (
            &without_iss,
            &["the token has no issuer", "does not name its own"],
        ),
    ] {
        let (text, code) = run(token, &[]).await;
        assert_eq!(code, Some(1), "{text}");
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert!(
            !text.contains("PLAIN_HTTP") && !text.contains("keys  "),
            "{text}"
        );
        assert!(!text.contains(token), "{text}");
    }
    // An opaque token has no signature, so the keys are not asked for.
    let (text, _) = run("opaque", &[("ISSUER", "http://127.0.0.1:1")]).await;
    assert!(!text.contains("keys  "), "{text}");
    // Only plain http has that cure.
    let token = unsigned(
        &json!({ "alg": "ES256" }),
        &json!({ "iss": "ftp://id.test" }),
    );
    let (text, _) = run(&token, &[]).await;
    assert!(
        text.contains("keys  ") && !text.contains("PLAIN_HTTP"),
        "{text}"
    );
    let token = unsigned(
        &json!({ "alg": "ES256" }),
        &json!({ "iss": "http://id.test" }),
    );
    let (text, _) = run(&token, &[]).await;
    assert!(text.contains("PLAIN_HTTP=1"), "{text}");
}

#[tokio::test]
async fn it_says_whether_the_scope_is_there_that_the_other_example_requires() {
    let issuer = Issuer::new();
    let claims = json!({ "aud": "api", "sub": "u-1", "scope": "orders:read" });
    let (token, other) = (
        issuer.token(Some("at+jwt"), &claims),
        issuer.token(Some("at+jwt"), &json!({ "aud": "other", "sub": "u-1" })),
    );
    issuer.serve();
    for (token, required, code, words) in [
        (&token, "orders:read", 0, "\"orders:read\" is there"),
        (
            &token,
            "orders:read orders:write",
            1,
            "\"orders:write\" is missing, so external_issuer would answer 403\n",
        ),
        (
            &other,
            "orders:read",
            1,
            "would answer 403 once the token passes",
        ),
    ] {
        let environment = [("AUDIENCE", "api"), ("REQUIRE_SCOPE", required)];
        let (text, ended) = run(token, &environment).await;
        assert_eq!(ended, Some(code), "{text}");
        assert!(text.contains(words), "{text}");
    }
}

/// The settings of both examples.
#[tokio::test]
async fn a_claim_is_named_with_dots_or_as_a_list() {
    let issuer = Issuer::new();
    let address = issuer.address.clone();
    let claims = json!({
        "aud": "api", "sub": "u-1", "my.app": "app", "drn": "DS", "kind": "Bearer",
        "a": { "b": "c" },
        "https://x.test/roles": ["literal"], "realm_access": { "roles": ["realm"] },
        "resource_access": { "my.client": { "roles": ["client"] }, "urn:x": { "roles": ["urn"] } },
    });
    let token = issuer.token(Some("at+jwt"), &claims);
    issuer.serve();
    let list = r#"["resource_access","my.client","roles"]"#;
    let two =
        format!("realm_access.roles, {list} ,https://x.test/roles,resource_access.urn:x.roles");
    let required = r#"["a","b"]=c, drn = DS, kind=bearer|Bearer,a.b=x|c"#;
    for (name, value, words) in [
        ("SCOPE_CLAIMS", list, &["\"client\""][..]),
        ("SCOPE_CLAIMS", &two, &["client", "literal", "realm", "urn"]),
        ("SUBJECT_CLAIM", "none,my.app", &["\"app\""]),
        ("SUBJECT_CLAIM", "a.b", &["\"c\""]),
        ("REQUIRE_CLAIM", required, &["the token is accepted"]),
        ("REQUIRE_CLAIM", "drn=DS,drn=DSR", &["drn is", "DSR"]),
    ] {
        let environment = [("ISSUER", &*address), ("AUDIENCE", "api"), (name, value)];
        let (text, code) = run(&token, &environment).await;
        assert_eq!(code, Some(i32::from(value.contains("DSR"))), "{text}");
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

#[tokio::test]
async fn a_wrong_setting_names_its_variable() {
    for (name, value, words) in [
        (
            "ACCEPT_UNTYPED_JWT",
            "maybe",
            "ACCEPT_UNTYPED_JWT is \"maybe\"",
        ),
        ("ACCEPT_ID_TOKEN_LIKE", "2", "ACCEPT_ID_TOKEN_LIKE is"),
        ("TENANTS", "acme", "TENANTS is set, and ISSUER has no place"),
        ("SCOPE_CLAIMS", "[\"a\",", "SCOPE_CLAIMS: "),
        ("SCOPE_CLAIMS", "[]", "SCOPE_CLAIMS: "),
        ("SUBJECT_CLAIM", "[1]", "SUBJECT_CLAIM: "),
        ("AUDIENCE_CLAIM", "[\"a\"]b", "AUDIENCE_CLAIM: "),
        ("REQUIRE_CLAIM", "drn", "REQUIRE_CLAIM: "),
        ("REQUIRE_CLAIM", "drn=", "REQUIRE_CLAIM: "),
        ("REQUIRE_CLAIM", "drn=DS|", "REQUIRE_CLAIM: "),
        ("REQUIRE_CLAIM", "=DS", "REQUIRE_CLAIM: "),
        ("REQUIRE_CLAIM", "[\"a\"]b=c", "REQUIRE_CLAIM: "),
    ] {
        let environment = [("ISSUER", "http://127.0.0.1:1"), (name, value)];
        let (text, code) = run("opaque", &environment).await;
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains(words), "{text}");
        let environment = [
            ("ISSUER", "http://127.0.0.1:1"),
            ("AUDIENCE", "api"),
            (name, value),
        ];
        let (text, code) = output("external_issuer", &[], &environment).await;
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(name), "{text}");
    }
}

#[tokio::test]
async fn a_flag_is_on_or_off() {
    let typ = json!({ "alg": "ES256" });
    let token = unsigned(&typ, &json!({ "sub": "u-1" }));
    for (value, is_on) in [
        ("1", true),
        ("true", true),
        ("YES", true),
        ("on", true),
        ("", false),
        ("0", false),
        ("false", false),
        ("no", false),
        ("Off", false),
    ] {
        let (text, code) = run(&token, &[("ACCEPT_UNTYPED_JWT", value)]).await;
        assert_eq!(code, Some(1), "{text}");
        assert_eq!(
            !text.contains("accept_untyped_jwt"),
            is_on,
            "{value}: {text}"
        );
    }
}

/// Its signature cannot be checked: what was signed is another header.
#[tokio::test]
async fn a_token_for_microsoft_graph_is_told_from_others() {
    let issuer = "https://sts.windows.net/8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10/";
    let of = |nonce: bool, aud: Value| {
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if nonce {
            header["nonce"] = json!("x");
        }
        (
            header,
            json!({ "iss": issuer, "aud": aud, "sub": "u", "nonce": "of the login" }),
        )
    };
    let graph = "only Graph can check it";
    for ((header, claims), words) in [
        (
            of(true, json!("00000003-0000-0000-c000-000000000000")),
            Some(graph),
        ),
        (
            of(true, json!(["https://graph.microsoft.com/"])),
            Some(graph),
        ),
        (of(false, json!("https://graph.microsoft.com")), Some(graph)),
        (
            of(true, json!("https://outlook.office.com")),
            Some("only that API can check it"),
        ),
        (of(false, json!("api://orders")), None),
    ] {
        let (provider, _) = providers::of(issuer).unwrap();
        let hint = providers::hint(Some(provider), &header, &claims);
        assert_eq!(hint.is_some(), words.is_some(), "{claims}");
        assert!(
            words.is_none_or(|words| hint.unwrap().contains(words)),
            "{hint:?}"
        );
    }
    let header = json!({ "alg": "RS256", "nonce": "x" });
    assert_eq!(
        providers::hint(Some("Okta"), &header, &json!({ "sub": "u" })),
        None
    );

    // It is printed. The issuer is on this machine, so nothing is asked elsewhere.
    let claims = json!({ "iss": "http://127.0.0.1:1", "aud": "https://graph.microsoft.com" });
    let (text, _) = run(&unsigned(&header, &claims), &[]).await;
    assert!(
        text.contains(graph) && text.contains("scope of your own API"),
        "{text}"
    );
    let keycloak =
        json!({ "iss": "http://127.0.0.1:1/realms/main", "aud": "api", "azp": "app", "sid": "x" });
    let (text, _) = run(&unsigned(&json!({ "alg": "RS256" }), &keycloak), &[]).await;
    assert!(text.contains("client scope `basic`"), "{text}");
    assert!(text.contains("have the issuer send sub"), "{text}");
}

#[test]
fn a_provider_is_known_by_its_host_and_path() {
    let docs = include_str!("../../docs/issuers.md");
    for (issuer, name) in [
        (
            "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc123",
            Some("Amazon Cognito"),
        ),
        ("https://contoso.b2clogin.com/8d3e/v2.0/", Some("Entra B2C")),
        (
            "https://contoso.ciamlogin.com/8d3e/v2.0",
            Some("Entra External ID"),
        ),
        ("https://sts.windows.net/8d3e/", Some("Entra ID, version 1")),
        (
            "https://login.microsoftonline.com/8d3e/v2.0",
            Some("Entra ID, version 2"),
        ),
        ("https://example.eu.auth0.com/", Some("Auth0")),
        ("https://example.okta.com/oauth2/default", Some("Okta")),
        ("https://example.clerk.accounts.dev", Some("Clerk")),
        ("https://clerk.example.com", Some("Clerk")),
        ("https://example.kinde.com", Some("Kinde")),
        (
            "https://api.workos.com/user_management/client_01ABC",
            Some("WorkOS"),
        ),
        ("https://api.descope.com/v1/apps/P2abc", Some("Descope")),
        ("https://accounts.google.com", Some("Google")),
        ("accounts.google.com", Some("Google")),
        (
            "https://securetoken.google.com/example-project",
            Some("Firebase"),
        ),
        ("https://abcd.supabase.co/auth/v1", Some("Supabase")),
        ("https://example.zitadel.cloud", Some("Zitadel")),
        ("https://slug.projects.oryapis.com", Some("Ory Hydra")),
        (
            "https://auth.example.com/application/o/orders/",
            Some("Authentik"),
        ),
        ("https://id.example.com/realms/main", Some("Keycloak")),
        ("http://localhost:8080/auth/realms/main", Some("Keycloak")),
        ("https://clerk.example.com/realms/main", Some("Keycloak")),
        ("http://adfs.example.com/adfs/services/trust", Some("ADFS")),
        ("https://sts.example.com/adfs", Some("ADFS")),
        (
            "https://kubernetes.default.svc.cluster.local",
            Some("Kubernetes"),
        ),
        ("https://kubernetes.default.svc", Some("Kubernetes")),
        (
            "https://token.actions.githubusercontent.com",
            Some("GitHub Actions"),
        ),
        ("https://gitlab.com", Some("GitLab CI")),
        ("https://id.twitch.tv/oauth2", Some("Twitch")),
        (
            "https://example.cloudflareaccess.com",
            Some("Cloudflare Access"),
        ),
        ("https://cloud.google.com/iap", Some("Google IAP")),
        ("https://oauth.battle.net", Some("Battle.net")),
        ("https://example.com/dex", Some("Dex")),
        ("https://id.example.com", None),
        ("https://my-clerk.example.com", None),
        ("https://id.example.com/clerk.html", None),
        ("https://id.example.com/adfs-proxy", None),
        ("https://id.example.com/tenants/adfs", None),
        ("https://id.example.com/dexter", None),
        ("https://id.example.com/realms/a/b", None),
        (
            "https://evil.test/login.microsoftonline.com/8d3e/v2.0",
            None,
        ),
        ("https://gitlab.com.evil.test", None),
        ("https://notgitlab.com", None),
        (".auth0.com", None),
        ("", None),
    ] {
        let found = providers::of(issuer);
        assert_eq!(found.map(|(name, _)| name), name, "{issuer}");
        if let Some((name, is_in_docs)) = found {
            assert_eq!(
                docs.contains(&format!("\n| {name} |")),
                is_in_docs,
                "{name}"
            );
        }
    }
    assert_eq!(providers::kind_of_opaque("opaque"), None);
}
