//! Providers that one runs oneself.

use serde_json::json;
use support::Log;
use tower_bearer::RemoteJwks;

use super::{Provider, row};

#[tokio::test]
async fn keycloak() {
    let row = row!(
        "Keycloak",
        RemoteJwks::discover("https://id.example.com/realms/main"),
        .issuer("https://id.example.com/realms/main")
        .audience("example-api")
        .require_claim(&["typ"], ["Bearer"])
        .accept_untyped_jwt()
        .scope_claim(&["realm_access", "roles"])
    );
    let issuer = "https://id.example.com/realms/main";
    let claims = json!({
        "iss": issuer, "aud": ["example-api", "account"], "sub": "u-1", "typ": "Bearer",
        "azp": "web", "sid": "s-1", "acr": "1", "scope": "openid admin", "jti": "onrtac:x",
        "realm_access": { "roles": ["orders", "offline_access"] },
        "resource_access": { "account": { "roles": ["manage-account"] } },
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("u-1", "orders").await;
    for id_token in [
        json!({ "aud": "web", "typ": "ID", "at_hash": "x", "realm_access": null }),
        json!({ "typ": "ID" }),
        json!({ "typ": "Refresh" }),
    ] {
        provider.assert_refused(&id_token).await;
    }

    // Without an audience mapper.
    let (log, _guard) = Log::capture();
    provider.assert_refused(&json!({ "aud": "account" })).await;
    let text = log.take();
    assert!(
        text.contains("account") && text.contains("example-api"),
        "{text}"
    );
    for none in [json!(null), json!([])] {
        provider.assert_refused(&json!({ "aud": none })).await;
        let text = log.take();
        assert!(
            text.contains("there is no aud") && text.contains("\"example-api\""),
            "{text}"
        );
    }
    // Keycloak 25 and newer, without the scope `basic`.
    provider.assert_refused(&json!({ "sub": null })).await;
    assert!(log.take().contains("there is no sub"));
}

#[tokio::test]
async fn zitadel() {
    let row = row!(
        "Zitadel",
        RemoteJwks::discover("https://example.zitadel.cloud"),
        .issuer("https://example.zitadel.cloud")
        .audience("260000000000000001")
        .accept_untyped_jwt()
        .scope_claim(&["urn:zitadel:iam:org:project:260000000000000001:roles"])
    );
    let issuer = "https://example.zitadel.cloud";
    let claims = json!({
        "iss": issuer, "aud": ["250000000000000001@orders", "260000000000000001"],
        "sub": "270000000000000001", "client_id": "250000000000000001@orders", "jti": "V2_1",
        // The caller's own project, and that of the API.
        "urn:zitadel:iam:org:project:roles": { "admin": { "280000000000000002": "evil.test" } },
        "urn:zitadel:iam:org:project:260000000000000001:roles": {
            "reader": { "280000000000000001": "example.com" },
        },
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider
        .assert_accepted("270000000000000001", "reader")
        .await;
    provider.assert_not_granted("admin").await;
    provider
        .assert_refused(&json!({ "aud": ["250000000000000001@orders"] }))
        .await;
}

#[tokio::test]
async fn ory_hydra() {
    let row = row!(
        "Ory Hydra",
        RemoteJwks::discover("https://hydra.example.com"),
        .issuer("https://hydra.example.com")
        .audience("example-api")
        .accept_untyped_jwt()
        .scope_claim(&["scope"])
        .scope_claim(&["scp"])
    );
    let issuer = "https://hydra.example.com";
    let claims = json!({
        "iss": issuer, "aud": ["example-api"], "sub": "alice", "client_id": "c-1", "ext": {},
        "jti": "x", "scp": ["offline", "orders"], "nbf": 1,
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("alice", "orders").await;
    let text = json!({ "scp": null, "scope": "offline orders" });
    provider.ask(&text).await.assert_passed("alice");
    // Unless the client asks for an audience, there is none.
    provider.assert_refused(&json!({ "aud": [] })).await;
}

#[tokio::test]
async fn authentik() {
    let row = row!(
        "Authentik",
        RemoteJwks::discover("https://auth.example.com/application/o/orders/"),
        .issuer("https://auth.example.com/application/o/orders/")
        .audience("Kx1client")
        .accept_untyped_jwt()
        .scope_claim(&["groups"])
    );
    let issuer = "https://auth.example.com/application/o/orders/";
    let claims = json!({
        "iss": issuer, "aud": "Kx1client", "sub": "b2c4", "acr": "goauthentik.io/providers/oauth2",
        "azp": "Kx1client", "uid": "x", "auth_time": 1_700_000_000, "scope": "openid email",
        "groups": ["orders", "authentik Admins"],
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("b2c4", "orders").await;
    provider.assert_refused(&json!({ "aud": "other" })).await;
}

#[tokio::test]
async fn authelia() {
    let row = row!(
        "Authelia",
        RemoteJwks::discover("https://auth.example.com"),
        .issuer("https://auth.example.com")
        .audience("https://api.example.com")
        .scope_claim(&["scope"])
        .scope_claim(&["scp"])
    );
    let issuer = "https://auth.example.com";
    let claims = json!({
        "iss": issuer, "aud": ["https://api.example.com"], "sub": "u-1", "client_id": "c-1",
        "scp": ["orders"], "nbf": 1, "jti": "x",
    });
    let header = json!({ "alg": "RS256", "typ": "at+jwt" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("u-1", "orders").await;
    let id_token = json!({ "alg": "RS256", "typ": "JWT" });
    let answer = provider.ask_with(&id_token, &json!({})).await;
    answer.assert_invalid_token("token_invalid");
}

#[tokio::test]
async fn dex() {
    let row = row!(
        "Dex",
        RemoteJwks::discover("https://dex.example.com"),
        .issuer("https://dex.example.com")
        .audience("example-app")
        .accept_id_token_like()
        .scope_claim(&["groups"])
    );
    let issuer = "https://dex.example.com";
    let claims = json!({
        "iss": issuer, "sub": "CgVhbGljZRIFbG9jYWw", "aud": "example-app", "at_hash": "Xv1Y",
        "email": "a@example.com", "email_verified": true, "groups": ["orders"],
    });
    let provider = Provider::new(&row, Some(issuer), json!({ "alg": "RS256" }), claims);
    provider
        .assert_accepted("CgVhbGljZRIFbG9jYWw", "orders")
        .await;
    provider
        .assert_refused(&json!({ "aud": "other-app" }))
        .await;
}

/// The log names what is odd about its tokens, and the setting.
#[tokio::test]
async fn dex_without_its_setting() {
    let strict = row!(
        "Dex",
        RemoteJwks::discover("https://dex.example.com"),
        .issuer("https://dex.example.com")
        .audience("example-app")
    );
    let untyped = row!(
        "Dex",
        RemoteJwks::discover("https://dex.example.com"),
        .issuer("https://dex.example.com")
        .audience("example-app")
        .accept_untyped_jwt()
    );
    let issuer = "https://dex.example.com";
    let claims = json!({ "iss": issuer, "sub": "x", "aud": "example-app", "at_hash": "Xv1Y" });
    for row in [strict, untyped] {
        let header = json!({ "alg": "RS256" });
        let provider = Provider::undocumented(&row, Some(issuer), header, claims.clone());
        let (log, _guard) = Log::capture();
        provider.assert_refused(&json!({})).await;
        let text = log.take();
        assert!(
            text.contains("at_hash") && text.contains("accept_id_token_like"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn duende() {
    let row = row!(
        "Duende IdentityServer",
        RemoteJwks::discover("https://identity.example.com"),
        .issuer("https://identity.example.com")
        .audience("orders")
        .subject_claim(&["sub"])
        .subject_claim(&["client_id"])
    );
    let issuer = "https://identity.example.com";
    let claims = json!({
        "iss": issuer, "aud": ["orders"], "sub": "88421113", "client_id": "web",
        "scope": ["openid", "orders.read"], "idp": "local", "amr": ["pwd"],
        "auth_time": 1_700_000_000, "sid": "x", "jti": "x", "nbf": 1,
    });
    let header = json!({ "alg": "RS256", "typ": "at+jwt" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("88421113", "orders.read").await;
    // Client credentials.
    let machine = json!({ "sub": null, "client_id": "worker", "scope": ["orders.read"] });
    provider.ask(&machine).await.assert_passed("worker");
}
