//! Libraries that make an application a provider, and situations that several providers have.

use serde_json::json;
use support::Log;
use tower_bearer::RemoteJwks;

use super::{Provider, row};

#[tokio::test]
async fn better_auth() {
    let row = row!(
        "Better Auth",
        RemoteJwks::new("https://app.example.com/api/auth/jwks"),
        .issuer("https://app.example.com")
        .audience("https://app.example.com")
        .accept_untyped_jwt()
    );
    let claims = json!({
        "iss": "https://app.example.com", "aud": "https://app.example.com", "sub": "u1",
        "id": "u1", "email": "a@example.com", "name": "Alice", "emailVerified": true,
    });
    let provider = Provider::new(&row, None, json!({ "alg": "EdDSA" }), claims);
    provider.assert_accepted("u1", "").await;
    provider.assert_refused(&json!({ "aud": "other" })).await;
}

#[tokio::test]
async fn oidc_provider() {
    let row = row!(
        "oidc-provider",
        RemoteJwks::discover("https://op.example.com"),
        .issuer("https://op.example.com")
        .audience("https://api.example.com")
    );
    let issuer = "https://op.example.com";
    let claims = json!({
        "iss": issuer, "aud": "https://api.example.com", "sub": "u1", "client_id": "c-1",
        "scope": "orders", "jti": "x",
    });
    let header = json!({ "alg": "RS256", "typ": "at+jwt" });
    let provider = Provider::new(&row, Some(issuer), header, claims);
    provider.assert_accepted("u1", "orders").await;
    provider.assert_refused(&json!({ "aud": "c-1" })).await;
}

/// The log of a refused token tells a person what to set.
#[tokio::test]
async fn the_log_says_what_came_and_what_to_set() {
    let row = row!(
        "oidc-provider",
        RemoteJwks::discover("https://op.example.com"),
        .issuer("https://op.example.com")
        .audience("https://api.example.com")
    );
    let issuer = "https://op.example.com";
    let claims = json!({ "iss": issuer, "aud": "https://api.example.com", "sub": "u1" });
    let header = json!({ "alg": "RS256", "typ": "at+jwt" });
    let provider = Provider::new(&row, Some(issuer), header.clone(), claims);
    let (log, _guard) = Log::capture();
    for (changes, words) in [
        (
            json!({ "aud": null, "client_id": "6abc" }),
            &["there is no aud", "6abc", "audience_claim"][..],
        ),
        (
            json!({ "aud": "account" }),
            &["account", "https://api.example.com"],
        ),
        (
            json!({ "sub": null }),
            &["there is no sub", "subject_claim"],
        ),
        (
            json!({ "exp": "1700000000" }),
            &["exp is the text", "1700000000", "not a number of seconds"],
        ),
        (
            json!({ "iss": "https://op.example.com/" }),
            &["https://op.example.com/\"", "accepts"],
        ),
    ] {
        provider.assert_refused(&changes).await;
        let text = log.take();
        assert_eq!(text.matches("request refused").count(), 1, "{text}");
        for word in words {
            assert!(text.contains(word), "{changes}: {text}");
        }
    }
    let untyped = json!({ "alg": "RS256" });
    let answer = provider
        .ask_with(&untyped, &json!({ "at_hash": "x" }))
        .await;
    answer.assert_invalid_token("token_invalid");
    assert!(log.take().contains("accept_id_token_like"));
    let answer = provider.ask_with(&untyped, &json!({})).await;
    answer.assert_invalid_token("token_invalid");
    assert!(log.take().contains("accept_untyped_jwt"));
    for (token, word) in [
        (
            "opaque",
            "opaque: it is not a JWT, so only its issuer can check it",
        ),
        (
            "a.b.c.d.e",
            "encrypted (JWE), and only the holder of its key can read it",
        ),
    ] {
        let answer = support::ask(&provider.layer, &format!("Bearer {token}")).await;
        answer.assert_invalid_token("token_invalid");
        assert!(log.take().contains(word));
    }
    let large = json!({ "groups": "g".repeat(20_000) });
    let answer = provider.ask(&large).await;
    answer.assert_refused(400, "invalid_request", "token_too_large");
    let text = log.take();
    assert!(
        text.contains("max_token_bytes") && text.contains("16384") && text.contains("it has 27"),
        "{text}"
    );
    // A private claim of a token whose type is beyond doubt.
    provider
        .ask(&json!({ "at_hash": "x" }))
        .await
        .assert_passed("u1");
}
