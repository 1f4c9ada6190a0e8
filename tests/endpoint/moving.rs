//! What `docs/guide/moving.md` says of users who were logged in before, tried.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::post;
use serde::Deserialize;
use serde_json::json;
use support::{App, HOUR, MINUTE, Received, sign_with, signed_in};
use tower::ServiceExt;
use tower_bearer::bearer::RequireLayer;
use tower_bearer::clock::Clock;
use tower_bearer::keys::{Algorithm, RefreshToken};
use tower_bearer::session::Refresh;
use tower_bearer::token::{LegacyTokens, LegacyUser};
use tower_bearer::{BearerError, CurrentUser, Identity, KeySet, SessionError};

/// The guide's handler at the old path of a refresh. The table of old tokens has one.
async fn refresh_at_old_path(app: &App, token: &str) -> Received {
    let outcome = match token {
        _ if token.starts_with("rt1_") => {
            let token = RefreshToken::new(token);
            app.sessions.refresh(Refresh::new(token)).await
        }
        "old" => app.sessions.start(Identity::new("alice")).await,
        _ => Err(SessionError::invalid_credentials()),
    };
    Received::of(outcome.into_response()).await
}

#[tokio::test]
async fn an_old_client_goes_on_refreshing_at_the_path_that_it_knows() {
    let app = App::new();
    let mut token = "old".to_owned();
    for _ in 0..3 {
        let tokens = refresh_at_old_path(&app, &token).await.tokens();
        app.me(&tokens.access).await.assert_passed("alice");
        app.sessions.flush().await.unwrap();
        token = tokens.refresh;
        app.clock.advance(30 * MINUTE);
    }
    assert_eq!(app.live().await.len(), 1);
    assert!(!app.sessions.log_out("old").await.unwrap().any());
    assert!(app.sessions.log_out(&token).await.unwrap().any());
    let refused = refresh_at_old_path(&app, &token).await;
    refused.assert_invalid_grant("session_revoked");
    let unknown = refresh_at_old_path(&app, "older").await;
    unknown.assert_invalid_grant("credentials_invalid");
}

const OLD_KEY: &[u8] = b"what the application signed with before";

#[derive(Deserialize)]
struct OldClaims {
    sub: String,
}

/// A route that changes the password, and the same route with the guide's guard.
fn passwords(app: &App) -> Router {
    let keys = KeySet::from_hmac_secret(Algorithm::Hs256, OLD_KEY).unwrap();
    let legacy = LegacyTokens::new(keys, app.clock.now() + HOUR, |old: OldClaims| {
        Some(LegacyUser::new(old.sub))
    });
    let sessions = app.sessions.clone();
    let change = post(async move |CurrentUser(claims): CurrentUser| {
        let changed = sessions.credentials_changed(&claims, 2).await;
        changed.map(drop)
    });
    let session_needed = RequireLayer::new(|claims| match claims.session_id() {
        Some(_) => Ok(true),
        None => Err(BearerError::invalid_token().into()),
    });
    let recent = RequireLayer::max_age(HOUR);
    Router::new()
        .route("/bare", change.clone())
        .route("/guarded", change.clone().route_layer(session_needed))
        .route("/recent", change.route_layer(recent))
        .route_layer(app.layer().with_legacy_tokens(legacy))
}

#[tokio::test]
async fn an_old_access_token_cannot_change_a_password_and_stay_logged_in() {
    let app = App::new();
    let routes = passwords(&app);
    let claims = json!({ "sub": "alice", "exp": app.clock.now().as_secs() + 3600 });
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let old = sign_with(OLD_KEY, header, &claims.to_string());
    let send =
        async |path| Received::read(routes.clone().oneshot(signed_in("POST", path, &old))).await;
    app.log_in().await.tokens();

    let refused = send("/guarded").await;
    refused.assert_refused(401, "invalid_token", "token_invalid");
    let refused = send("/recent").await;
    assert_eq!(refused.status, 401, "{refused:?}");
    let challenge = refused.challenge().unwrap();
    assert!(
        challenge.contains("insufficient_user_authentication"),
        "{challenge}"
    );
    assert_eq!(app.live().await.len(), 1);

    send("/bare").await.assert_invalid_grant("token_invalid");
    assert_eq!(app.live().await.len(), 0);
}
