//! Providers that are a service.

use std::sync::Arc;

use serde_json::json;
use support::keys::P256;
use support::{refused, sign_with, signed_by};
use tower_bearer::clock::Clock;
use tower_bearer::keys::{Algorithm, KeySource};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{AccessTokenVerifier, KeySet, RemoteJwks};

use super::{Provider, row};

#[tokio::test]
async fn auth0() {
    let row = row!(
        "Auth0",
        RemoteJwks::discover("https://example.eu.auth0.com/"),
        .issuer("https://example.eu.auth0.com/")
        .audience("https://api.example.com")
        .accept_untyped_jwt()
        .scope_claim(&["permissions"])
    );
    let issuer = "https://example.eu.auth0.com/";
    let claims = json!({
        "iss": issuer, "sub": "auth0|6123", "azp": "c-1", "scope": "openid admin",
        "aud": ["https://api.example.com", "https://example.eu.auth0.com/userinfo"],
        "permissions": ["read:orders"],
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("auth0|6123", "read:orders").await;
    let profile = json!({ "alg": "RS256", "typ": "at+jwt" });
    let answer = provider.ask_with(&profile, &json!({})).await;
    answer.assert_passed("auth0|6123");
    provider.assert_refused(&json!({ "aud": "c-1" })).await;
}

#[tokio::test]
async fn okta() {
    let row = row!(
        "Okta",
        RemoteJwks::discover("https://example.okta.com/oauth2/default"),
        .issuer("https://example.okta.com/oauth2/default")
        .audience("api://default")
        .subject_claim(&["uid"])
        .subject_claim(&["sub"])
        .accept_untyped_jwt()
        .scope_claim(&["scp"])
    );
    let issuer = "https://example.okta.com/oauth2/default";
    let claims = json!({
        "iss": issuer, "aud": "api://default", "sub": "alice@example.com", "ver": 1,
        "jti": "AT.x", "cid": "c-1", "uid": "00u1", "scp": ["openid", "orders"],
        "auth_time": 1_700_000_000,
    });
    let provider = Provider::new(&row, Some(issuer), json!({ "alg": "RS256" }), claims);
    provider.assert_accepted("00u1", "orders").await;
    // Client credentials.
    let machine = json!({ "uid": null, "sub": "0oa1", "cid": "0oa1" });
    provider.ask(&machine).await.assert_passed("0oa1");
    provider
        .assert_refused(&json!({ "aud": "c-1", "at_hash": "x" }))
        .await;
}

#[tokio::test]
async fn cognito() {
    let row = row!(
        "Amazon Cognito",
        RemoteJwks::discover("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc123"),
        .issuer("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc123")
        .audience("6abcexampleclientid")
        .audience_claim(&["client_id"])
        .require_claim(&["token_use"], ["access"])
        .accept_untyped_jwt()
        .scope_claim(&["scope"])
        .scope_claim(&["cognito:groups"])
    );
    let issuer = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Abc123";
    let claims = json!({
        "iss": issuer, "client_id": "6abcexampleclientid", "token_use": "access", "sub": "u-1",
        "username": "alice", "scope": "orders/read openid", "cognito:groups": ["staff"],
        "auth_time": 1_700_000_000, "origin_jti": "x", "event_id": "x",
    });
    let provider = Provider::new(&row, Some(issuer), json!({ "alg": "RS256" }), claims);
    provider.assert_accepted("u-1", "orders/read staff").await;
    provider
        .assert_refused(&json!({ "client_id": "other" }))
        .await;
    // An ID token has the client in `aud`, and no `client_id`.
    let id_token = json!({
        "client_id": null, "aud": "6abcexampleclientid", "token_use": "id", "at_hash": null,
    });
    provider.assert_refused(&id_token).await;
}

#[tokio::test]
async fn clerk() {
    let row = row!(
        "Clerk",
        RemoteJwks::discover("https://example.clerk.accounts.dev"),
        .issuer("https://example.clerk.accounts.dev")
        .audience("https://app.example.com")
        .audience_claim(&["azp"])
        .require_claim(&["sts"], ["active"])
        .accept_untyped_jwt()
        .scope_claim(&["o", "rol"])
    );
    let issuer = "https://example.clerk.accounts.dev";
    let claims = json!({
        "iss": issuer, "azp": "https://app.example.com", "sub": "user_1", "sid": "sess_1",
        "v": 2, "fva": [0, -1], "sts": "active",
        "o": { "id": "org_1", "rol": "admin", "per": "manage,read", "fpm": "3,2" },
        "nbf": 1,
    });
    let header = json!({ "alg": "RS256", "typ": "JWT", "cat": "cl_B7d4PD111AAA" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("user_1", "admin").await;
    provider
        .assert_refused(&json!({ "azp": "https://evil.example.com" }))
        .await;
    provider.assert_refused(&json!({ "azp": null })).await;
    // The user has not set up the second factor that they need.
    provider.assert_refused(&json!({ "sts": "pending" })).await;
}

#[tokio::test]
async fn kinde() {
    let row = row!(
        "Kinde",
        RemoteJwks::discover("https://example.kinde.com"),
        .issuer("https://example.kinde.com")
        .audience("https://api.example.com")
        .accept_untyped_jwt()
        .scope_claim(&["permissions"])
    );
    let issuer = "https://example.kinde.com";
    let claims = json!({
        "iss": issuer, "aud": ["https://api.example.com"], "azp": "c-1", "sub": "kp_1",
        "org_code": "org_1", "permissions": ["orders:read"], "scp": ["openid", "offline"],
        "jti": "x",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("kp_1", "orders:read").await;
    // Without an audience in the login request, and an ID token.
    for aud in [json!([]), json!([issuer, "c-1"])] {
        provider.assert_refused(&json!({ "aud": aud })).await;
    }
}

#[tokio::test]
async fn workos() {
    let row = row!(
        "WorkOS",
        RemoteJwks::new("https://api.workos.com/sso/jwks/client_01ABC"),
        .issuer("https://api.workos.com/user_management/client_01ABC")
        .audience("https://api.workos.com/user_management/client_01ABC")
        .audience_claim(&["iss"])
        .accept_untyped_jwt()
        .scope_claim(&["permissions"])
    );
    let claims = json!({
        "iss": "https://api.workos.com/user_management/client_01ABC", "sub": "user_01",
        "sid": "session_01", "org_id": "org_01", "role": "member", "jti": "x",
        "permissions": ["orders:read"],
    });
    let provider = Provider::new(&row, None, json!({ "alg": "RS256" }), claims);
    provider.assert_accepted("user_01", "orders:read").await;
    provider
        .assert_refused(&json!({ "aud": "https://mcp.example.com" }))
        .await;
}

#[tokio::test]
async fn descope() {
    let row = row!(
        "Descope",
        RemoteJwks::new("https://api.descope.com/v2/keys/P2abcExampleProject"),
        .issuer("P2abcExampleProject")
        .audience("P2abcExampleProject")
        .audience_claim(&["iss"])
        .require_claim(&["drn"], ["DS"])
        .accept_untyped_jwt()
        .scope_claim(&["permissions"])
    );
    let claims = json!({
        "iss": "P2abcExampleProject", "sub": "U2x", "drn": "DS", "amr": ["email"],
        "permissions": ["orders.read"], "roles": ["Tenant Admin"],
        "rexp": "2026-12-28T10:00:00Z",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, None, header, claims);
    provider.assert_accepted("U2x", "orders.read").await;
    // The refresh token has the same key and the same claims.
    provider.assert_refused(&json!({ "drn": "DSR" })).await;
}

#[tokio::test]
async fn google() {
    let row = row!(
        "Google",
        RemoteJwks::discover("https://accounts.google.com"),
        .issuer("https://accounts.google.com")
        .audience("123-abc.apps.googleusercontent.com")
        .accept_id_token_like()
    );
    let issuer = "https://accounts.google.com";
    let claims = json!({
        "iss": issuer, "azp": "123-abc.apps.googleusercontent.com", "sub": "110169484474386276334",
        "aud": "123-abc.apps.googleusercontent.com", "email": "a@example.com",
        "email_verified": true, "at_hash": "x",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("110169484474386276334", "").await;
    provider.assert_refused(&json!({ "aud": "other" })).await;
}

#[tokio::test]
async fn firebase() {
    let row = row!(
        "Firebase",
        RemoteJwks::new("https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com"),
        .issuer("https://securetoken.google.com/example-project")
        .audience("example-project")
        .accept_untyped_jwt()
    );
    let claims = json!({
        "iss": "https://securetoken.google.com/example-project", "aud": "example-project",
        "sub": "u1", "user_id": "u1", "auth_time": 1_700_000_000,
        "firebase": { "identities": {}, "sign_in_provider": "password" },
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, None, header, claims);
    provider.assert_accepted("u1", "").await;
    provider
        .assert_refused(&json!({ "aud": "other-project" }))
        .await;
}

#[tokio::test]
async fn supabase() {
    let row = row!(
        "Supabase",
        RemoteJwks::new("https://abcd.supabase.co/auth/v1/.well-known/jwks.json"),
        .issuer("https://abcd.supabase.co/auth/v1")
        .audience("authenticated")
        .accept_untyped_jwt()
        .scope_claim(&["role"])
    );
    let claims = json!({
        "iss": "https://abcd.supabase.co/auth/v1", "aud": "authenticated", "sub": "u-1",
        "role": "authenticated", "aal": "aal1", "amr": [{ "method": "password", "timestamp": 1 }],
        "session_id": "s-1", "is_anonymous": false, "email": "a@example.com", "phone": "",
    });
    let header = json!({ "alg": "ES256", "typ": "JWT" });
    let provider = Provider::new(&row, None, header, claims);
    provider.assert_accepted("u-1", "authenticated").await;
    provider.assert_refused(&json!({ "aud": "anon" })).await;
}

/// Both kinds of keys of one issuer, while it moves from one to the other.
#[tokio::test]
async fn supabase_while_it_moves_from_a_secret_to_published_keys() {
    const SECRET: &[u8] = b"super-secret-jwt-token-with-at-least-32-characters-long";
    let clock = ManualClock::new();
    let published = KeySet::from_pem(Algorithm::Es256, P256.1).unwrap();
    let secret = KeySet::from_hmac_secret(Algorithm::Hs256, SECRET).unwrap();
    let verifier = AccessTokenVerifier::builder(KeySource::from(published).merge(secret))
        .issuer("https://abcd.supabase.co/auth/v1")
        .audience("authenticated")
        .accept_untyped_jwt()
        .scope_claim(&["role"])
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap();
    let claims = json!({
        "iss": "https://abcd.supabase.co/auth/v1", "aud": "authenticated", "sub": "u-1",
        "role": "authenticated", "exp": clock.now().as_secs() + 3600,
    });
    let hs256 = json!({ "alg": "HS256", "typ": "JWT" }).to_string();
    let before = sign_with(SECRET, &hs256, &claims.to_string());
    let after = signed_by(P256, &json!({ "alg": "ES256", "typ": "JWT" }), &claims);
    for token in [before, after] {
        let claims = verifier.verify(&token).unwrap();
        assert_eq!(
            (claims.subject().as_str(), claims.scope().as_str()),
            ("u-1", "authenticated")
        );
    }
    // The published key is not a secret.
    for public in [P256.1.as_bytes(), P256.1.trim().as_bytes()] {
        let forged = sign_with(public, &hs256, &claims.to_string());
        assert_eq!(
            refused(&verifier, &forged).await,
            VerifyErrorKind::BadSignature
        );
    }
}

#[tokio::test]
async fn twitch() {
    let row = row!(
        "Twitch",
        RemoteJwks::discover("https://id.twitch.tv/oauth2"),
        .issuer("https://id.twitch.tv/oauth2")
        .audience("hof5gwx0su6owfnys0yan9c87zr6t")
        .accept_id_token_like()
    );
    let issuer = "https://id.twitch.tv/oauth2";
    let claims = json!({
        "iss": issuer, "aud": "hof5gwx0su6owfnys0yan9c87zr6t", "sub": "713936733",
        "azp": "hof5gwx0su6owfnys0yan9c87zr6t", "at_hash": "x", "preferred_username": "alice",
    });
    let header = json!({ "alg": "RS256", "typ": "JWT" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("713936733", "").await;
    provider.assert_refused(&json!({ "aud": "other" })).await;
}
