//! API keys beside logins, as `docs/guide/recipes.md` has them: a token of another issuer, for a
//! minute.

use std::sync::Arc;

use support::{App, HOUR, MINUTE, ask, bearer, show};
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{Grant, Identity, Secret, SigningKey};

#[tokio::test]
async fn a_key_is_a_token_of_its_own_issuer_for_a_minute() {
    let app = App::new();
    let key = SigningKey::hs256(&Secret::random().unwrap()).unwrap();
    let signer = AccessTokenSigner::new("https://api.example.com/keys", "example-api", key);
    let signer = signer.unwrap().with_clock(Arc::new(app.clock.clone()));
    let layer = app.layer().with_verifier(signer.verifier()).unwrap();
    let grant = Grant::new().with_scope("orders:read");
    let token = signer
        .sign(&Identity::new("alice"), &grant, MINUTE)
        .unwrap();
    let token = bearer(token.secret());

    ask(&layer, &token).await.assert_passed("alice");
    let seen = show(&layer, token.trim_start_matches("Bearer "), |claims| {
        let session = claims.session_id();
        format!("{} {} {session:?}", claims.issuer(), claims.scope())
    });
    seen.await
        .assert_passed("https://api.example.com/keys orders:read None");

    let recent = ask(&layer.clone().require_max_age(HOUR), &token).await;
    let reason = "authentication_too_old";
    recent.assert_refused(401, "insufficient_user_authentication", reason);
    let write = ask(&layer.clone().require_scope("orders:write"), &token).await;
    write.assert_refused(403, "insufficient_scope", "scope_missing");
    // A key that the middleware does not know arrives as it is.
    let unknown = ask(&layer, "Bearer key_unknown").await;
    unknown.assert_refused(401, "invalid_token", "token_invalid");
    app.clock.advance(3 * MINUTE);
    let later = ask(&layer, &token).await;
    later.assert_refused(401, "invalid_token", "token_expired");
}
