//! Tokens without a session of this application: only their expiry ends a watch.

use std::sync::Arc;
use std::time::Duration;

use support::{bearer_of, log_in, sessions_of};
use tower_bearer::bearer::EndReason;
use tower_bearer::clock::Clock;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, KeySet};

use super::{waiting, watch_over};

#[tokio::test(start_paused = true)]
async fn a_token_without_a_session_only_expires() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let watch = watch_over(&sessions.layer(), &tokens.bearer("alice")).await;
    assert!(watch.claims().session_id().is_none());
    let waiting = waiting(&watch).await;
    let pair = log_in(&sessions, "alice").await;
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(
        sessions
            .log_out_everywhere(&"alice".into())
            .await
            .unwrap()
            .count(),
        0
    );
    assert_eq!(watch.end_reason(), None);
    assert!(!waiting.is_finished());
    tokens.clock().advance(Duration::from_secs(1800));
    assert_eq!(waiting.await.unwrap(), EndReason::Expired);
}

/// The `sid` of another issuer does not name a session here, whatever its value.
#[tokio::test(start_paused = true)]
async fn a_token_of_another_issuer_only_expires() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let pair = log_in(&sessions, "alice").await;
    let sid = support::segment(pair.access_token().secret(), 1)["sid"].clone();
    let exp = tokens.clock().now().as_secs() + 300;
    let claims = serde_json::json!({
        "iss": "https://id.test", "aud": "test", "sub": "alice", "sid": sid, "exp": exp,
    });
    let keys =
        KeySet::from_hmac_secret(tower_bearer::keys::Algorithm::Hs256, support::HMAC_KEY).unwrap();
    let theirs = AccessTokenVerifier::builder(keys)
        .issuer("https://id.test")
        .audience("test")
        .clock(Arc::new(tokens.clock().clone()))
        .build()
        .unwrap();
    let layer = sessions.layer().with_verifier(theirs).unwrap();
    let watch = watch_over(&layer, &format!("Bearer {}", support::token(&claims))).await;
    let waiting = waiting(&watch).await;
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(watch.end_reason(), None);
    tokens.clock().advance(Duration::from_secs(300));
    assert_eq!(waiting.await.unwrap(), EndReason::Expired);
}

/// A layer that has only a verifier does not check whether a session was ended.
#[tokio::test]
async fn a_layer_without_sessions_sees_the_end_of_the_token_only() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let pair = log_in(&sessions, "alice").await;
    let watch = watch_over(
        &BearerAuthLayer::new(sessions.verifier()),
        &bearer_of(&pair),
    )
    .await;
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(watch.end_reason(), None);
    tokens
        .clock()
        .advance(Duration::from_secs(pair.expires_in()));
    assert_eq!(watch.end_reason(), Some(EndReason::Expired));
}
