//! The session of an MCP server belongs to the login that it was made with.

use std::convert::Infallible;

use http::{HeaderValue, Method, Request, Response};
use support::{MINUTE, Received, SlowUsers, bearer_of, log_in, sessions_of};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::test_util::TestTokens;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, Identity, Secret, SigningKey};

const ID: &str = "mcp-session-id";

/// Asks a server that calls its session `s-1`, and says which session it saw.
async fn call(layer: &BearerAuthLayer, token: &str, session: &[&str]) -> Received {
    call_with(layer, Method::POST, token, session).await
}

async fn call_with(
    layer: &BearerAuthLayer,
    method: Method,
    token: &str,
    session: &[&str],
) -> Received {
    let server = service_fn(async |request: Request<String>| {
        let seen = request.headers().get_all(ID).iter();
        let seen: Vec<_> = seen.map(|id| id.to_str().unwrap()).collect();
        let mut response = Response::new(seen.join(","));
        response
            .headers_mut()
            .insert(ID, HeaderValue::from_static("s-1"));
        Ok::<_, Infallible>(response)
    });
    let mut request = Request::builder().method(method).uri("/mcp");
    if !token.is_empty() {
        request = request.header("authorization", token);
    }
    for id in session {
        request = request.header(ID, *id);
    }
    let request = request.body(String::new()).unwrap();
    Received::of(layer.layer(server).oneshot(request).await.unwrap()).await
}

fn id(answer: &Received) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers.get_all(ID).iter().count(), 1);
    answer.headers[ID].to_str().unwrap().to_owned()
}

#[track_caller]
fn assert_unknown(answer: &Received) {
    assert_eq!(
        (answer.status, answer.challenge()),
        (404, None),
        "{answer:?}"
    );
    assert_eq!(answer.headers.get(ID), None);
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.json()["reason"], "mcp_session_unknown");
}

fn secret() -> Secret {
    Secret::random().unwrap()
}

#[tokio::test]
async fn a_session_is_for_the_login_that_started_it() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let layer = sessions.layer().bind_mcp_sessions(&secret());
    let (alice, again, bob) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "alice").await,
        log_in(&sessions, "bob").await,
    );
    let started = call(&layer, &bearer_of(&alice), &[]).await;
    assert_eq!(started.body, "");
    let session = id(&started);
    assert!(session.starts_with("s-1."), "{session}");
    assert!(session.bytes().all(|byte| byte.is_ascii_graphic()));

    // A server that repeats its id with each response sends the same one each time.
    let continued = call(&layer, &bearer_of(&alice), &[&session]).await;
    assert_eq!((&*continued.body, id(&continued)), ("s-1", session.clone()));
    for method in [Method::POST, Method::GET, Method::DELETE] {
        let own = call_with(&layer, method.clone(), &bearer_of(&alice), &[&session]).await;
        own.assert_passed("s-1");
        // Another user, and another login of the same user.
        for other in [&bob, &again] {
            let other = bearer_of(other);
            assert_unknown(&call_with(&layer, method.clone(), &other, &[&session]).await);
        }
    }
}

#[tokio::test]
async fn a_session_outlives_a_refresh_and_ends_with_a_logout() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let layer = sessions.layer().bind_mcp_sessions(&secret());
    let alice = log_in(&sessions, "alice").await;
    let session = id(&call(&layer, &bearer_of(&alice), &[]).await);
    let refresh_token = alice.refresh_token().unwrap().clone();
    let renewed = sessions.refresh(refresh_token).await.unwrap();
    call(&layer, &bearer_of(&renewed), &[&session])
        .await
        .assert_passed("s-1");
    sessions
        .log_out(renewed.access_token().secret())
        .await
        .unwrap();
    call(&layer, &bearer_of(&renewed), &[&session])
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
    // The next login has sessions of its own.
    let next = log_in(&sessions, "alice").await;
    assert_unknown(&call(&layer, &bearer_of(&next), &[&session]).await);
}

#[tokio::test]
async fn an_id_without_its_tag_is_unknown() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).bind_mcp_sessions(&secret());
    let alice = tokens.bearer("alice");
    let session = id(&call(&layer, &alice, &[]).await);
    let tag = &session["s-1.".len()..];
    for other in [
        "",
        "s-1",
        "s-1.",
        ".",
        tag,
        &format!("s-2.{tag}"),
        &format!("s-1x{tag}"),
        &format!("s-1.{}", &tag[1..]),
        &format!("s-1.{tag}A"),
        &format!("s-1.{tag}="),
        &format!("S-1.{tag}"),
        &format!("s-1.{}", "A".repeat(22)),
        &"é".repeat(40),
    ] {
        assert_unknown(&call(&layer, &alice, &[other]).await);
    }
    assert_unknown(&call(&layer, &alice, &[&session, &session]).await);
    assert_unknown(&call(&layer, &alice, &[&session, "s-1"]).await);
    call(&layer, &alice, &[&session]).await.assert_passed("s-1");
}

#[tokio::test]
async fn the_token_is_checked_first() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .bind_mcp_sessions(&secret())
        .require_scope("mcp:tools");
    call(&layer, "", &["s-1"]).await.assert_token_missing();
    call(&layer, "Bearer abc", &["s-1"]).await.assert_refused(
        401,
        "invalid_token",
        "token_invalid",
    );
    call(&layer, &tokens.bearer("alice"), &["s-1"])
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
}

/// The same subject of another issuer is another user.
#[tokio::test]
async fn another_issuer_or_audience_or_client_is_another_owner() {
    let key = SigningKey::hs256(&Secret::dangerous_weak("x")).unwrap();
    let signer = |issuer: &str, audience: &str| {
        AccessTokenSigner::new(issuer, audience, key.clone()).unwrap()
    };
    let verifier = |issuer: &str| {
        AccessTokenVerifier::builder(signer(issuer, "one").keys())
            .issuer(issuer)
            .audience("one")
            .audience("two")
            .build()
            .unwrap()
    };
    let layer = BearerAuthLayer::new(verifier("https://a.example"))
        .with_verifier(verifier("https://b.example"))
        .unwrap()
        .bind_mcp_sessions(&secret());
    let token = |issuer: &str, audience: &str, client: Option<(&'static str, &str)>| {
        let mut grant = Grant::new();
        if let Some((claim, client)) = client {
            grant = grant.with_claim(claim, client);
        }
        let token = signer(issuer, audience).sign(&Identity::new("alice"), &grant, 5 * MINUTE);
        format!("Bearer {}", token.unwrap().secret())
    };
    let owners = [
        ("https://a.example", "one", None),
        ("https://a.example", "two", None),
        ("https://b.example", "one", None),
        ("https://a.example", "one", Some(("azp", "app"))),
        ("https://a.example", "one", Some(("azp", "other"))),
    ];
    for (i, &(issuer, audience, client)) in owners.iter().enumerate() {
        let session = id(&call(&layer, &token(issuer, audience, client), &[]).await);
        for (j, &(issuer, audience, client)) in owners.iter().enumerate() {
            let answer = call(&layer, &token(issuer, audience, client), &[&session]).await;
            if i == j {
                answer.assert_passed("s-1");
            } else {
                assert_unknown(&answer);
            }
        }
    }
}

/// Okta names the client in `cid`, and Entra version 1 in `appid`.
#[tokio::test]
async fn a_client_is_told_from_others_by_each_claim_that_names_it() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).bind_mcp_sessions(&secret());
    for claim in ["client_id", "azp", "cid", "appid"] {
        let of = |client: &str| {
            let grant = Grant::new().with_claim(claim, client);
            tokens.bearer_for(&Identity::new("alice"), &grant)
        };
        let session = id(&call(&layer, &of("one"), &[]).await);
        call(&layer, &of("one"), &[&session])
            .await
            .assert_passed("s-1");
        assert_unknown(&call(&layer, &of("other"), &[&session]).await);
    }
}

#[tokio::test]
async fn a_session_without_a_token_is_for_requests_without_a_token() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .optional()
        .bind_mcp_sessions(&secret());
    let alice = tokens.bearer("alice");
    let (open, of_alice) = (
        id(&call(&layer, "", &[]).await),
        id(&call(&layer, &alice, &[]).await),
    );
    call(&layer, "", &[&open]).await.assert_passed("s-1");
    call(&layer, &alice, &[&of_alice])
        .await
        .assert_passed("s-1");
    assert_unknown(&call(&layer, "", &[&of_alice]).await);
    assert_unknown(&call(&layer, &alice, &[&open]).await);
}

#[tokio::test]
async fn processes_with_the_same_secret_share_sessions_and_a_new_secret_keeps_them() {
    let tokens = TestTokens::new();
    let alice = tokens.bearer("alice");
    let layer = |secret: &Secret| BearerAuthLayer::new(tokens.verifier()).bind_mcp_sessions(secret);
    let (old, new) = (secret(), secret());
    let session = id(&call(&layer(&old), &alice, &[]).await);
    call(&layer(&old), &alice, &[&session])
        .await
        .assert_passed("s-1");
    let ring = new.clone().with_previous(old);
    call(&layer(&ring), &alice, &[&session])
        .await
        .assert_passed("s-1");
    assert_unknown(&call(&layer(&new), &alice, &[&session]).await);
}

/// The layer waits for the store first.
#[tokio::test]
async fn a_request_that_had_to_wait_is_checked_too() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let (alice, bob) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "bob").await,
    );
    let secret = secret();
    let ready = sessions.layer().bind_mcp_sessions(&secret);
    let session = id(&call(&ready, &bearer_of(&alice), &[]).await);
    let waits = ready.with_user_loader(SlowUsers);
    assert_unknown(&call(&waits, &bearer_of(&bob), &[&session]).await);
    call(&waits, &bearer_of(&alice), &[&session])
        .await
        .assert_passed("s-1");
}

#[tokio::test]
async fn a_layer_within_a_layer_binds_the_same_session_again() {
    let tokens = TestTokens::new();
    let outer = BearerAuthLayer::new(tokens.verifier()).bind_mcp_sessions(&secret());
    let inner = BearerAuthLayer::new(tokens.verifier()).bind_mcp_sessions(&secret());
    let ask = async |user: &str, session: Option<&str>| {
        let server = service_fn(async |request: Request<String>| {
            let seen = request.headers().get(ID).cloned();
            let mut response = Response::new(String::new());
            let id = seen.unwrap_or(HeaderValue::from_static("s-1"));
            assert_eq!(id, "s-1");
            response.headers_mut().insert(ID, id);
            Ok::<_, Infallible>(response)
        });
        let mut request = Request::builder().header("authorization", tokens.bearer(user));
        if let Some(session) = session {
            request = request.header(ID, session);
        }
        let service = outer.layer(inner.layer(server));
        let request = request.body(String::new()).unwrap();
        Received::of(service.oneshot(request).await.unwrap()).await
    };
    let session = id(&ask("alice", None).await);
    assert_eq!(id(&ask("alice", Some(&session)).await), session);
    assert_unknown(&ask("bob", Some(&session)).await);
}
