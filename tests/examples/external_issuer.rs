//! The example `external_issuer`, in front of an issuer on loopback.

use serde_json::{Value, json};
use support::app_server::AppServer;
use support::wait::{LIMIT, until};

use crate::issuer::Issuer;

const AUDIENCE: &str = "example-api";

fn good_claims() -> Value {
    json!({ "aud": AUDIENCE, "sub": "alice", "scope": "orders:read", "tenant": "acme" })
}

#[tokio::test]
async fn it_answers_the_claims_of_an_issuer_that_it_discovers() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let address = issuer.address.clone();
    let token = issuer.token(Some("at+jwt"), &good_claims());
    issuer.serve();
    let environment = [("ISSUER", &*address), ("AUDIENCE", AUDIENCE)];
    let server = AppServer::start_example("external_issuer", folder.path(), &environment).await;

    let (status, me) = server.get("/me", &token.into()).await.status_and_value();
    assert_eq!(status, 200, "{me}");
    assert_eq!(me["subject"], "alice");
    assert_eq!(me["issuer"], *address);
    assert_eq!(me["scope"], "orders:read");
    let claims = &me["claims"];
    for (name, value) in [
        ("iss", &*address),
        ("aud", AUDIENCE),
        ("sub", "alice"),
        ("scope", "orders:read"),
        ("tenant", "acme"),
    ] {
        assert_eq!(claims[name], value, "{claims}");
    }
    assert!(
        claims["exp"].is_u64() && claims["iat"].is_u64() && claims["jti"].is_string(),
        "{claims}"
    );

    let missing = server.send("GET", "/me", &[], "").await;
    assert_eq!(missing.status, 401);
    assert_eq!(missing.challenge(), Some("Bearer"), "{missing:?}");
    let refused = server.get("/me", &"no.token.this".into()).await;
    assert_eq!(
        (refused.status, &refused.value()["reason"]),
        (401, &"token_invalid".into())
    );
    assert!(
        refused
            .challenge()
            .is_some_and(|said| said.starts_with("Bearer error=\"invalid_token\"")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn started_before_its_issuer_it_recovers_by_itself() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let token = Value::from(issuer.token(Some("at+jwt"), &good_claims()));
    let jwks_url = format!("{}/keys", issuer.address);
    let environment = [
        ("ISSUER", &*issuer.address),
        ("AUDIENCE", AUDIENCE),
        ("JWKS_URL", &jwks_url),
    ];
    let server = AppServer::start_example("external_issuer", folder.path(), &environment).await;

    // The token may be good: without the issuer that is not known.
    let unknown = server.get("/me", &token).await;
    assert_eq!(unknown.status, 503);
    assert!(
        unknown.headers["retry-after"] == "1" && unknown.challenge().is_none(),
        "{unknown:?}"
    );
    assert_eq!(server.send("GET", "/ready", &[], "").await.status, 503);

    issuer.serve();
    // Only the background task asks for keys here.
    until("the keys are there", LIMIT, async || {
        server.send("GET", "/ready", &[], "").await.status == 200
    })
    .await;
    assert_eq!(server.get("/me", &token).await.status, 200);
}

/// Each setting by itself: with it the token passes, and without it the status is another one.
#[tokio::test]
async fn every_setting_of_the_verifier_is_a_variable() {
    let (issuer, folder) = (Issuer::new(), tempfile::tempdir().unwrap());
    let address = issuer.address.clone();
    let with = |typ, changes: Value| {
        let mut claims = good_claims();
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        Value::from(issuer.token(typ, &claims))
    };
    let own = Some("at+jwt");
    let roles = json!({ "scope": null, "realm_access": { "roles": ["orders:read"] } });
    let url = json!({ "scope": null, "https://x.test/roles": ["orders:read"] });
    let cases = [
        (
            vec![("AUDIENCE", "other, example-api")],
            with(own, json!({})),
            401,
            "AUDIENCE",
        ),
        (
            vec![("AUDIENCE_CLAIM", "client_id")],
            with(own, json!({ "aud": null, "client_id": AUDIENCE })),
            401,
            "",
        ),
        (
            vec![("SUBJECT_CLAIM", "sub, client_id")],
            with(own, json!({ "sub": null, "client_id": "worker" })),
            401,
            "",
        ),
        (
            vec![
                ("SCOPE_CLAIMS", "scp, realm_access.roles"),
                ("REQUIRE_SCOPE", "orders:read"),
            ],
            with(own, roles),
            403,
            "REQUIRE_SCOPE",
        ),
        (
            vec![
                ("SCOPE_CLAIMS", "https://x.test/roles"),
                ("REQUIRE_SCOPE", "orders:read"),
            ],
            with(own, url),
            403,
            "REQUIRE_SCOPE",
        ),
        (
            vec![("ACCEPT_UNTYPED_JWT", "1")],
            with(Some("JWT"), json!({})),
            401,
            "",
        ),
        (
            vec![("ACCEPT_ID_TOKEN_LIKE", "1")],
            with(None, json!({ "at_hash": "x" })),
            401,
            "",
        ),
        (
            vec![("MAX_TOKEN_BYTES", "40000")],
            with(own, json!({ "groups": "g".repeat(20_000) })),
            400,
            "",
        ),
    ];
    let tenant = with(own, json!({ "iss": format!("{address}/acme") }));
    let pattern = format!("{address}/{{tenantid}}");
    let jwks_url = format!("{address}/keys");
    issuer.serve();

    let start = async |changes: &[(&str, &str)]| {
        let mut environment = vec![("ISSUER", &*address), ("AUDIENCE", AUDIENCE)];
        environment.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        environment.extend(changes);
        AppServer::start_example("external_issuer", folder.path(), &environment).await
    };
    for (settings, token, without, kept) in cases {
        let server = start(&settings).await;
        let (status, me) = server.get("/me", &token).await.status_and_value();
        assert_eq!(status, 200, "{settings:?}: {me}");
        // Only what is required stays.
        let rest: Vec<_> = settings
            .into_iter()
            .filter(|(name, _)| *name == kept && *name != "AUDIENCE")
            .chain((kept == "AUDIENCE").then_some(("AUDIENCE", "other")))
            .collect();
        let refused = start(&rest).await.get("/me", &token).await;
        assert_eq!(refused.status, without, "{rest:?}: {refused:?}");
    }

    let tenants = [
        ("ISSUER", &*pattern),
        ("JWKS_URL", &*jwks_url),
        ("TENANTS", "acme, umbrella"),
    ];
    let (status, me) = start(&tenants)
        .await
        .get("/me", &tenant)
        .await
        .status_and_value();
    assert_eq!(status, 200, "{me}");
    assert_eq!(me["issuer"], format!("{address}/acme"));
    let others = [
        ("ISSUER", &*pattern),
        ("JWKS_URL", &*jwks_url),
        ("TENANTS", "umbrella"),
    ];
    assert_eq!(start(&others).await.get("/me", &tenant).await.status, 401);
}
