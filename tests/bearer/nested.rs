//! A layer within a layer, and a token that stops counting while a request waits.

mod kept;
mod taken;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Request, Response};
use support::{
    MINUTE, Pause, Received, SECOND, bearer_of, log_in, sessions_of, settle, with_authorization,
    without_token,
};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::{AccessTokenWatch, EndReason, TokenSource};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::keys::AccessToken;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{
    AccessTokenClaims, AccessTokenVerifier, BearerAuthLayer, BearerError, CurrentUser, LoadUser,
    LoadUserRequest, Scope,
};

/// Two layers, and a handler that names the caller.
async fn through(
    outer: &BearerAuthLayer,
    inner: &BearerAuthLayer,
    request: Request<String>,
) -> Received {
    let handler = service_fn(async |request: Request<String>| {
        let claims = AccessTokenClaims::from_extensions(request.extensions());
        let by_user = CurrentUser::<AccessTokenClaims>::from_extensions(request.extensions());
        let name = |claims: Option<&AccessTokenClaims>| {
            claims.map_or("nobody".to_owned(), |claims| claims.subject().to_string())
        };
        assert_eq!(name(claims), name(by_user.as_deref().ok()));
        let user = CurrentUser::<Name>::from_extensions(request.extensions());
        let user = user.map_or(String::new(), |user| format!(" {}", user.0.0));
        Ok::<_, Infallible>(Response::new(format!("{}{user}", name(claims))))
    });
    Received::of(
        outer
            .layer(inner.layer(handler))
            .oneshot(request)
            .await
            .unwrap(),
    )
    .await
}

/// The watch that a handler behind two layers gets.
async fn watch(
    outer: &BearerAuthLayer,
    inner: &BearerAuthLayer,
    request: Request<String>,
) -> AccessTokenWatch {
    let watch = Arc::new(Mutex::new(None));
    let handler = service_fn(async |request: Request<String>| {
        *watch.lock().unwrap() = AccessTokenWatch::from_extensions(request.extensions());
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    assert_eq!(
        outer
            .layer(inner.layer(handler))
            .oneshot(request)
            .await
            .unwrap()
            .status(),
        200
    );
    watch.lock().unwrap().take().expect("a watch")
}

/// Finds the token in a header of its own, so that the other layer sees nothing.
fn elsewhere(layer: BearerAuthLayer) -> BearerAuthLayer {
    layer.with_token_sources([TokenSource::from_fn(|parts| {
        Some(AccessToken::new(
            parts
                .headers
                .get("x-token")?
                .to_str()
                .ok()?
                .strip_prefix("Bearer ")?,
        ))
    })])
}

fn with_x_token(bearer: &str) -> Request<String> {
    Request::builder()
        .header("x-token", bearer)
        .body(String::new())
        .unwrap()
}

#[derive(Clone)]
struct Name(String);

struct Names;

impl LoadUser for Names {
    type User = Name;
    type Error = Infallible;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<Name>, Infallible> {
        let claims = request.claims();
        Ok(Some(Name(claims.subject().as_str().to_uppercase())))
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_sees_the_revocations_that_an_outer_layer_knows() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let bare = BearerAuthLayer::new(sessions.verifier());
    for (outer, inner) in [
        (sessions.layer(), bare.clone()),
        (bare, sessions.layer()),
        (sessions.layer(), sessions.layer()),
    ] {
        let pair = log_in(&sessions, "alice").await;
        let watch = watch(&outer, &inner, with_authorization(&bearer_of(&pair))).await;
        assert_eq!(watch.end_reason(), None);
        let waiting = tokio::spawn({
            let watch = watch.clone();
            async move { watch.ended().await }
        });
        settle().await;
        sessions
            .log_out(pair.refresh_token().unwrap().secret())
            .await
            .unwrap();
        assert_eq!(watch.end_reason(), Some(EndReason::SessionRevoked));
        let before = tokio::time::Instant::now();
        assert_eq!(waiting.await.unwrap(), EndReason::SessionRevoked);
        assert_eq!(before.elapsed(), Duration::ZERO);
    }
}

/// A gateway's token further out says nothing about the user's.
#[tokio::test]
async fn a_watch_does_not_end_with_the_session_of_another_user() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let (gateway, alice) = (
        log_in(&sessions, "gateway").await,
        log_in(&sessions, "alice").await,
    );
    let mut request = with_authorization(&bearer_of(&alice));
    request
        .headers_mut()
        .insert("x-token", bearer_of(&gateway).parse().unwrap());
    let watch = watch(&elsewhere(sessions.layer()), &sessions.layer(), request).await;
    assert_eq!(watch.claims().subject().as_str(), "alice");
    sessions
        .log_out(gateway.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(watch.end_reason(), None);
    sessions
        .log_out(alice.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(watch.end_reason(), Some(EndReason::SessionRevoked));
}

#[tokio::test]
async fn an_inner_optional_layer_keeps_the_caller_of_the_outer_one() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let (outer, inner) = (elsewhere(layer.clone()), layer.clone().optional());
    let alice = with_x_token(&tokens.bearer("alice"));
    through(&outer, &inner, alice.clone())
        .await
        .assert_passed("alice");
    // The user of the outer layer is kept, and the user of the inner layer counts.
    through(
        &outer.clone().with_user_loader(Names),
        &inner,
        alice.clone(),
    )
    .await
    .assert_passed("alice ALICE");
    through(
        &outer,
        &inner.clone().with_user_loader(Names),
        alice.clone(),
    )
    .await
    .assert_passed("alice ALICE");
    // A token for the inner one counts, and a bad one is refused.
    let mut both = alice.clone();
    both.headers_mut()
        .insert("authorization", tokens.bearer("bob").parse().unwrap());
    through(&outer, &inner, both).await.assert_passed("bob");
    let mut bad = alice.clone();
    bad.headers_mut()
        .insert("authorization", "Bearer abc".parse().unwrap());
    through(&outer, &inner, bad)
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    // A layer that is not optional wants a token of its own.
    through(&outer, &layer, alice).await.assert_token_missing();
    through(&outer.optional(), &inner, without_token())
        .await
        .assert_passed("nobody");
}

#[tokio::test]
async fn the_checks_of_the_inner_layer_hold_for_a_caller_that_it_keeps() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let bare = BearerAuthLayer::new(sessions.verifier());
    let outer = elsewhere(bare.clone());
    let pair = log_in(&sessions, "alice").await;
    let alice = with_x_token(&bearer_of(&pair));
    let inner = bare.optional();
    let scoped = through(&outer, &inner.clone().require_scope("admin"), alice.clone()).await;
    scoped.assert_refused(403, "insufficient_scope", "scope_missing");
    let denied = through(&outer, &inner.require(|_| Ok(false)), alice.clone()).await;
    assert_eq!(
        (denied.status, &denied.json()["reason"]),
        (403, &"denied".into())
    );
    // The inner one knows the sessions.
    through(&outer, &sessions.layer().optional(), alice.clone())
        .await
        .assert_passed("alice");
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    let revoked = through(&outer, &sessions.layer().optional(), alice).await;
    revoked.assert_refused(401, "invalid_token", "session_revoked");
}

/// An inner layer that asks for other tokens does not accept the caller of the outer layer.
#[tokio::test]
async fn a_caller_of_another_issuer_or_audience_is_nobody() {
    let ours = TestTokens::new();
    let outer = elsewhere(BearerAuthLayer::new(ours.verifier()));
    let alice = with_x_token(&ours.bearer_with_scope("alice", "read admin"));
    let verifier = |issuer: &str, audience: &str| {
        let keys = tower_bearer::KeySet::from_hmac_secret(
            tower_bearer::keys::Algorithm::Hs256,
            support::HMAC_KEY,
        )
        .unwrap();
        AccessTokenVerifier::builder(keys)
            .issuer(issuer)
            .audience(audience)
            .clock(Arc::new(ours.clock().clone()))
    };
    let through = async |verifier: AccessTokenVerifier| {
        through(
            &outer,
            &BearerAuthLayer::new(verifier).optional(),
            alice.clone(),
        )
        .await
    };
    through(verifier("https://issuer.test", "test").build().unwrap())
        .await
        .assert_passed("alice");
    through(verifier("https://other.test", "test").build().unwrap())
        .await
        .assert_passed("nobody");
    through(verifier("https://issuer.test", "other").build().unwrap())
        .await
        .assert_passed("nobody");
    // Nor does it allow more here than the issuer may grant here.
    let limited = |scope: &'static str| {
        verifier("https://issuer.test", "test").accepted_scope(Scope::from_static(scope))
    };
    through(limited("read").build().unwrap())
        .await
        .assert_passed("nobody");
    through(limited("read admin").build().unwrap())
        .await
        .assert_passed("alice");
}

/// The layers may have different leeways.
#[tokio::test]
async fn a_caller_whose_token_has_expired_for_the_inner_layer_is_refused() {
    let clock = ManualClock::new();
    let verifier = |leeway: Duration| {
        let verifier = support::builder(&clock).leeway(leeway);
        BearerAuthLayer::new(verifier.build().unwrap())
    };
    let (lenient, strict) = (verifier(MINUTE), verifier(Duration::ZERO).optional());
    let outer = elsewhere(lenient.clone());
    let token = support::token(&support::claims(&clock));
    let alice = with_x_token(&format!("Bearer {token}"));
    through(&outer, &strict, alice.clone())
        .await
        .assert_passed("alice");
    let claims = support::claims_of(&token);
    let end = Timestamp::from_secs(claims["exp"].as_u64().unwrap());
    clock.advance(end.saturating_since(clock.now()));
    through(&outer, &lenient.optional(), alice.clone())
        .await
        .assert_passed("alice");
    through(&outer, &strict, alice)
        .await
        .assert_refused(401, "invalid_token", "token_expired");
}

/// A token that is bound to a key needs a proof, also if another layer has verified it before.
#[tokio::test]
async fn a_caller_whose_token_lacks_a_proof_is_nobody() {
    let clock = ManualClock::new();
    let verifier = || support::builder(&clock);
    let reckless = verifier().dangerous_accept_unproven_cnf().build().unwrap();
    let outer = elsewhere(BearerAuthLayer::new(reckless.clone()));
    let bound = support::claims_with(&clock, "cnf", serde_json::json!({ "jkt": "x" }));
    let request = with_x_token(&format!("Bearer {}", support::token(&bound)));
    for (inner, name) in [(verifier().build().unwrap(), "nobody"), (reckless, "alice")] {
        let inner = BearerAuthLayer::new(inner).optional();
        through(&outer, &inner, request.clone())
            .await
            .assert_passed(name);
    }
}

/// Stops in the middle, until the test lets it go on.
struct Slow(Pause);

impl LoadUser for Slow {
    type User = Name;
    type Error = BearerError;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<Name>, BearerError> {
        let claims = request.claims();
        self.0.stop().await;
        Ok(Some(Name(claims.subject().to_string())))
    }
}

#[tokio::test]
async fn a_token_is_checked_again_after_a_loader_that_took_its_time() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    for what in ["nothing", "logout", "almost the end", "the end"] {
        let pair = log_in(&sessions, "alice").await;
        let pause = Pause::new();
        let layer = sessions.layer().with_user_loader(Slow(pause.clone()));
        let asking = tokio::spawn({
            let request = with_authorization(&bearer_of(&pair));
            async move {
                support::ask(&layer, request.headers()["authorization"].to_str().unwrap()).await
            }
        });
        pause.reached().await;
        let left = Duration::from_secs(pair.expires_in());
        match what {
            "logout" => sessions
                .log_out(pair.refresh_token().unwrap().secret())
                .await
                .map(drop)
                .unwrap(),
            // The leeway of the verifier is a minute.
            "almost the end" => tokens.clock().advance(left + MINUTE - SECOND),
            "the end" => tokens.clock().advance(left + MINUTE),
            _ => {}
        }
        pause.go_on();
        let answer = asking.await.unwrap();
        match what {
            "logout" => answer.assert_refused(401, "invalid_token", "session_revoked"),
            "the end" => answer.assert_refused(401, "invalid_token", "token_expired"),
            _ => answer.assert_passed("alice"),
        }
    }
}
