//! Microsoft: Entra ID in all its versions, B2C and ADFS.

use serde_json::json;
use support::{Log, ask};
use tower_bearer::RemoteJwks;

use super::{Provider, row};

const TENANT: &str = "8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10";

#[tokio::test]
async fn entra_v1() {
    let row = row!(
        "Entra ID, version 1",
        RemoteJwks::new("https://login.microsoftonline.com/8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10/discovery/keys"),
        .issuer("https://sts.windows.net/8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10/")
        .audience("api://orders")
        .accept_untyped_jwt()
        .scope_claim(&["scp"])
        .scope_claim(&["roles"])
    );
    let claims = json!({
        "iss": format!("https://sts.windows.net/{TENANT}/"), "aud": "api://orders",
        "sub": "pairwise-1", "oid": "u-1", "tid": TENANT, "appid": "c-1", "appidacr": "1",
        "scp": "orders.read", "ver": "1.0", "acr": "1", "aio": "x", "nbf": 1,
    });
    let header = json!({ "alg": "RS256", "typ": "JWT", "x5t": "x" });
    let provider = Provider::new(&row, None, header, claims);
    provider.assert_accepted("pairwise-1", "orders.read").await;
    // The set names the tenant as in version 2.
    let owner = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    provider.publish_key_with(&json!({ "issuer": owner }));
    provider.renew().await;
    provider.ask(&json!({})).await.assert_passed("pairwise-1");
    // The ID token of an application that users log in to.
    provider.assert_refused(&json!({ "aud": "c-1" })).await;
}

#[tokio::test]
async fn entra_v2() {
    let row = row!(
        "Entra ID, version 2",
        RemoteJwks::discover("https://login.microsoftonline.com/8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10/v2.0"),
        .issuer("https://login.microsoftonline.com/8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10/v2.0")
        .audience("3f1c5b7e-2d4a-4c6b-8e9f-1a2b3c4d5e6f")
        .accept_untyped_jwt()
        .scope_claim(&["scp"])
        .scope_claim(&["roles"])
    );
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let claims = json!({
        "iss": issuer, "aud": "3f1c5b7e-2d4a-4c6b-8e9f-1a2b3c4d5e6f", "sub": "pairwise-1",
        "oid": "u-1", "tid": TENANT, "azp": "c-1", "azpacr": "0", "scp": "orders.read profile",
        "ver": "2.0", "uti": "x", "rh": "x",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(&issuer), header, claims);
    provider.assert_accepted("pairwise-1", "orders.read").await;

    // A daemon has roles, and no scp.
    let daemon = json!({ "scp": null, "roles": ["orders.read"], "sub": "app-1", "idtyp": "app" });
    provider.ask(&daemon).await.assert_passed("app-1");
    // A user with 200 groups.
    let groups: Vec<String> = (0..200).map(|n| format!("{TENANT}{n:04}")).collect();
    assert!(json!(groups).to_string().len() > 8_000);
    let answer = provider.ask(&json!({ "groups": groups })).await;
    answer.assert_passed("pairwise-1");
    provider
        .assert_refused(&json!({ "aud": "c-1", "nonce": "x" }))
        .await;
}

/// Microsoft signs another header than the one that it sends.
#[tokio::test]
async fn the_log_says_that_a_token_may_be_for_microsoft_graph() {
    let provider = several_tenants();
    let (log, _guard) = Log::capture();
    let graph = json!({ "aud": "00000003-0000-0000-c000-000000000000" });
    for (nonce, is_named) in [(json!("s3cr3t"), true), (json!(null), false)] {
        let header = json!({ "alg": "RS256", "typ": "JWT", "nonce": nonce });
        let token = provider.token(&header, &graph);
        let forged = format!("Bearer {}AAAA", &token[..token.len() - 4]);
        ask(&provider.layer, &forged)
            .await
            .assert_invalid_token("token_invalid");
        let text = log.take();
        assert!(text.contains("signature of the token"), "{text}");
        assert_eq!(text.contains("Microsoft Graph"), is_named, "{text}");
        assert!(!text.contains("s3cr3t"), "{text}");
    }
}

fn several_tenants() -> Provider {
    let row = row!(
        "Entra ID, several tenants",
        RemoteJwks::new("https://login.microsoftonline.com/common/discovery/v2.0/keys"),
        .issuer_pattern(
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            ["8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10", "b5c1f0de-7a3c-4e52-8f61-2d9b7c3e4a15"],
        )
        .audience("3f1c5b7e-2d4a-4c6b-8e9f-1a2b3c4d5e6f")
        .accept_untyped_jwt()
        .scope_claim(&["scp"])
        .scope_claim(&["roles"])
    );
    let of = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let claims = json!({
        "iss": of(TENANT), "aud": "3f1c5b7e-2d4a-4c6b-8e9f-1a2b3c4d5e6f", "sub": "pairwise-1",
        "tid": TENANT, "scp": "orders.read", "ver": "2.0",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    Provider::new(&row, None, header, claims)
}

#[tokio::test]
async fn entra_of_several_tenants() {
    let of = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let provider = several_tenants();
    provider.assert_accepted("pairwise-1", "orders.read").await;
    let second = json!({ "iss": of("b5c1f0de-7a3c-4e52-8f61-2d9b7c3e4a15"), "sub": "other" });
    provider.ask(&second).await.assert_passed("other");
    let stranger = json!({ "iss": of("00000000-0000-0000-0000-000000000000") });
    provider.assert_refused(&stranger).await;
}

/// The set of all tenants says of a key whose it is.
#[tokio::test]
async fn a_key_of_one_tenant_does_not_sign_for_another() {
    let of = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
    for (owner, is_accepted) in [
        (of("{tenantid}"), true),
        (of(TENANT), true),
        (of("9188040d-6c67-4c5b-b112-36a304b66dad"), false),
    ] {
        let provider = several_tenants();
        provider.publish_key_with(&json!({ "issuer": owner }));
        let answer = provider.ask(&json!({})).await;
        if is_accepted {
            answer.assert_passed("pairwise-1");
        } else {
            answer.assert_invalid_token("token_invalid");
        }
    }
}

/// The same set, for a verifier of one tenant.
#[tokio::test]
async fn a_key_of_another_tenant_does_not_sign_for_the_only_one() {
    let row = row!(
        "One of several tenants",
        RemoteJwks::new("https://login.microsoftonline.com/common/discovery/v2.0/keys"),
        .issuer("https://login.microsoftonline.com/8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10/v2.0")
        .audience("3f1c5b7e-2d4a-4c6b-8e9f-1a2b3c4d5e6f")
        .accept_untyped_jwt()
    );
    let of = |tenant: &str| format!("https://login.microsoftonline.com/{tenant}/v2.0");
    let claims = json!({
        "iss": of(TENANT), "aud": "3f1c5b7e-2d4a-4c6b-8e9f-1a2b3c4d5e6f", "sub": "pairwise-1",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::undocumented(&row, None, header, claims);
    for owner in [of("{tenantid}"), of(TENANT)] {
        provider.publish_key_with(&json!({ "issuer": owner }));
        provider.renew().await;
        provider.ask(&json!({})).await.assert_passed("pairwise-1");
    }
    for owner in [
        of("9188040d-6c67-4c5b-b112-36a304b66dad"),
        "HTTPS://Login.MicrosoftOnline.com/x/v2.0".to_owned(),
    ] {
        provider.publish_key_with(&json!({ "issuer": owner }));
        provider.renew().await;
        provider.assert_refused(&json!({})).await;
    }
}

#[tokio::test]
async fn the_log_says_why_a_key_is_left_out() {
    let provider = several_tenants();
    let (log, _guard) = Log::capture();
    let encrypting = json!({ "alg": "RS256", "typ": "JWT", "kid": "key-2" });
    let answer = provider.ask_with(&encrypting, &json!({})).await;
    answer.assert_invalid_token("token_invalid");
    let text = log.take();
    assert!(
        text.contains("cannot be used") && text.contains("key-2"),
        "{text}"
    );
}

#[tokio::test]
async fn entra_b2c() {
    let row = row!(
        "Entra B2C",
        RemoteJwks::new("https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin/discovery/v2.0/keys"),
        .issuer("https://contoso.b2clogin.com/8d3e2a61-5f0b-4b9a-9d5e-0c4a6a5b7f10/v2.0/")
        .audience("3f1c5b7e-2d4a-4c6b-8e9f-1a2b3c4d5e6f")
        .accept_untyped_jwt()
        .scope_claim(&["scp"])
    );
    let claims = json!({
        "iss": format!("https://contoso.b2clogin.com/{TENANT}/v2.0/"),
        "aud": "3f1c5b7e-2d4a-4c6b-8e9f-1a2b3c4d5e6f", "sub": "u-1", "tfp": "B2C_1_signin",
        "scp": "orders.read", "azp": "c-1", "ver": "1.0", "auth_time": 1_700_000_000,
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, None, header, claims);
    provider.assert_accepted("u-1", "orders.read").await;
    provider.assert_refused(&json!({ "aud": "c-1" })).await;
}

#[tokio::test]
async fn adfs() {
    let row = row!(
        "ADFS",
        RemoteJwks::new("https://adfs.example.com/adfs/discovery/keys"),
        .issuer("http://adfs.example.com/adfs/services/trust")
        .audience("microsoft:identityserver:https://api.example.com")
        .accept_untyped_jwt()
        .scope_claim(&["scp"])
    );
    let claims = json!({
        "iss": "http://adfs.example.com/adfs/services/trust", "sub": "alice@example.com",
        "aud": "microsoft:identityserver:https://api.example.com", "apptype": "Public",
        "appid": "c-1", "authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        "auth_time": "2026-11-14T18:52:01.180Z", "ver": "1.0", "scp": "openid orders.read",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT", "x5t": "x" });
    let provider = Provider::new(&row, None, header, claims);
    provider
        .assert_accepted("alice@example.com", "orders.read")
        .await;
}
