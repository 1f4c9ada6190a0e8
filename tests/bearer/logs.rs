//! The log lines about requests, and what they never contain.

use axum::Router;
use axum::routing::get;
use http::Request;
use support::{
    Accounts, Log, MINUTE, ask, assert_silent_about, hello, send, with_authorization, without_token,
};
use tower::{Layer, ServiceExt};
use tower_bearer::bearer::RequireLayer;
use tower_bearer::keys::RefreshToken;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authorization, AuthorizeRequest, BearerAuthLayer, BoxError, CurrentUser, Identity, LoadUser,
    LoadUserRequest, Login, MemoryStore, Outcome, PasswordCredentials, Secret,
};

// requirement 74
#[tokio::test]
async fn each_refusal_is_one_event_with_its_reason() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).require_scope("admin");
    let alice = tokens.bearer("alice");
    for (authorization, reason) in [
        ("Basic YWxpY2U6d29uZGVybGFuZC03", "token_missing"),
        ("Bearer", "token_malformed"),
        ("Bearer xXmarkXx.xXmarkXx.xXmarkXx", "token_invalid"),
        (&tokens.expired_bearer("alice"), "token_expired"),
        (&alice, "scope_missing"),
    ] {
        let mut request = with_authorization(authorization);
        *request.uri_mut() = "/a/path?access_token=xXmarkXx-in-the-query"
            .parse()
            .unwrap();
        assert!(send(&layer, request).await.status >= 400);
        let said = log.take();
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(reason) && said.contains("/a/path"), "{said}");
        assert_silent_about(&said, &[authorization, "xXmarkXx-in-the-query"]);
    }
}

/// A developer who forgot to grant the scope sees which one it is.
#[tokio::test]
async fn a_missing_scope_is_named_and_nothing_else_needs_one() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).require_scope("orders:write admin");
    let with_one = tokens.bearer_with_scope("alice", "admin");
    let refused = ask(&layer, &with_one).await;
    refused.assert_refused(403, "insufficient_scope", "scope_missing");
    let said = log.take();
    assert!(said.contains("needs=\"orders:write admin\""), "{said}");
    ask(&layer, &tokens.expired_bearer("alice"))
        .await
        .assert_invalid_token("token_expired");
    assert!(!log.take().contains("needs="));
}

// requirement 74
#[tokio::test]
async fn a_request_that_passes_leaves_no_token_in_the_log() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let alice = tokens.bearer("alice");
    let mut request = with_authorization(&alice);
    request
        .headers_mut()
        .insert("cookie", "session=xXmarkXx-cookie".parse().unwrap());
    send(&layer, request).await.assert_passed("alice");
    assert_silent_about(&log.text(), &[&alice, "xXmarkXx-cookie"]);
}

// requirement 74
#[tokio::test]
async fn headers_and_tokens_of_every_kind_stay_out_of_the_log() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_realm("r")
        .unwrap();
    let good = tokens.bearer("alice");
    let forged = TestTokens::new().bearer("alice");
    let cut = good[..good.len() - 9].to_owned();
    for value in [
        &good,
        &forged,
        &cut,
        &format!("{good} {good}"),
        &format!("DPoP {}", &good[7..]),
    ] {
        ask(&layer, value).await;
    }
    let two = Request::builder()
        .header("authorization", &good)
        .header("authorization", &forged)
        .body(String::new())
        .unwrap();
    send(&layer, two).await;
    let scoped = layer.layer(RequireLayer::scope("admin").layer(hello()));
    assert_eq!(
        scoped
            .oneshot(with_authorization(&good))
            .await
            .unwrap()
            .status(),
        403
    );
    assert_silent_about(&log.text(), &[&good, &forged, &cut]);
}

// requirement 74
#[tokio::test]
async fn the_life_of_a_session_is_logged_without_its_tokens() {
    let (log, _guard) = Log::capture();
    let secret = "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe";
    let tokens = TestTokens::new();
    let sessions = tokens
        .sessions(Accounts::everybody(), MemoryStore::new())
        .secret(Secret::new(secret).unwrap())
        .build()
        .unwrap();
    let mut seen = vec![secret.to_owned()];
    let first = sessions
        .start(Identity::new("alice").with_device("a laptop"))
        .await
        .unwrap();
    let said = log.take();
    let session = sessions.list(&"alice".into()).await.unwrap()[0]
        .id()
        .to_string();
    assert!(
        said.contains("logged in") && said.contains(&session),
        "{said}"
    );
    let mut all = said;
    let mut pairs = vec![first.clone()];
    for _ in 0..2 {
        tokens.clock().advance(MINUTE);
        let last = pairs.last().unwrap().refresh_token().unwrap().clone();
        pairs.push(sessions.refresh(last).await.unwrap());
    }
    for pair in &pairs {
        seen.extend([
            pair.access_token().secret().to_owned(),
            pair.refresh_token().unwrap().secret().to_owned(),
        ]);
        ask(
            &sessions.layer(),
            &format!("Bearer {}", pair.access_token().secret()),
        )
        .await
        .assert_passed("alice");
    }
    all += &log.take();
    sessions.flush().await.unwrap();
    // A copy of the first comes back: reuse, with the evidence.
    sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap_err();
    let reuse = log.take();
    assert!(reuse.contains(&session), "{reuse}");
    all += &reuse;
    let revoked = format!("Bearer {}", pairs[2].access_token().secret());
    ask(&sessions.layer(), &revoked)
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
    sessions
        .refresh(RefreshToken::new(
            "rt1_xXmarkXxxXmarkXxxXmarkXxxXmarkXxxXmarkXxxXmarkXx",
        ))
        .await
        .unwrap_err();
    sessions
        .log_out(pairs[2].refresh_token().unwrap().secret())
        .await
        .unwrap();
    sessions
        .log_out(pairs[2].access_token().secret())
        .await
        .unwrap();
    let said = log.take();
    assert!(said.contains("session_revoked"), "{said}");
    all += &said;
    seen.push("xXmarkXx".to_owned());
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_silent_about(&all, &seen);
}

// requirement 74
#[tokio::test]
async fn a_login_that_fails_is_logged_without_the_password() {
    let (log, _guard) = Log::capture();
    let sessions = TestTokens::new()
        .sessions(Strangers, MemoryStore::new())
        .build()
        .unwrap();
    sessions
        .log_in(Login::new(PasswordCredentials::new(
            "alice",
            "xXmarkXx-password",
        )))
        .await
        .unwrap_err();
    let said = log.text();
    assert!(said.contains("login refused"), "{said}");
    assert!(!said.contains("xXmarkXx"), "{said}");
}

struct Strangers;

impl tower_bearer::Authenticate for Strangers {
    type Credentials = PasswordCredentials;
    type Error = std::convert::Infallible;

    async fn authenticate(&self, _: Login<PasswordCredentials>) -> Result<Outcome, Self::Error> {
        Ok(Outcome::invalid_credentials())
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Self::Error> {
        Ok(Authorization::gone())
    }
}

#[derive(Clone)]
struct User;

struct Users;

impl LoadUser for Users {
    type User = User;
    type Error = BoxError;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<User>, BoxError> {
        let claims = request.claims();
        match claims.subject().as_str() {
            "alice" => Ok(Some(User)),
            "bob" => Ok(None),
            _ => Err("the database at db-7 is down".into()),
        }
    }
}

#[tokio::test]
async fn a_mistake_of_the_server_names_the_route_and_the_cure() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let alice = tokens.bearer("alice");
    let routes = || Router::new().route("/where", get(async |_: CurrentUser<String>| ""));
    let layer = BearerAuthLayer::new(tokens.verifier());
    let other_type = routes().route_layer(layer.clone().with_user_loader(Users));
    let no_loader = routes().route_layer(layer);
    let scope_only = Router::new()
        .route("/where", get(async || ""))
        .route_layer(RequireLayer::scope("x"));
    for (app, words) in [
        (routes(), &["BearerAuthLayer", "route_layer"][..]),
        (scope_only, &["BearerAuthLayer", "route_layer"]),
        (no_loader, &["with_user_loader", "String"]),
        (other_type, &["logs::User", "alloc::string::String"]),
    ] {
        let mut request = with_authorization(&alice).map(axum::body::Body::from);
        *request.uri_mut() = "/where?x=1".parse().unwrap();
        assert_eq!(app.oneshot(request).await.unwrap().status(), 500);
        let said = log.take();
        assert!(said.contains("ERROR") && said.contains("/where"), "{said}");
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
        assert_silent_about(&said, &[&alice]);
    }
}

#[tokio::test]
async fn what_the_loader_says_goes_to_the_log() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).with_user_loader(Users);
    ask(&layer, &tokens.bearer("carol"))
        .await
        .assert_failed(503, "temporarily_unavailable");
    assert!(log.take().contains("the database at db-7 is down"));
    ask(&layer, &tokens.bearer("bob"))
        .await
        .assert_refused(401, "invalid_token", "user_gone");
    assert!(log.take().contains("user_gone"));
    send(&layer, without_token()).await.assert_token_missing();
    assert!(log.take().contains("token_missing"));
}

/// Most tests have no log, and share the process with those that have one.
#[test]
fn a_log_hears_what_a_thread_without_one_came_by_first() {
    fn come_by() {
        tracing::info!("somebody came by");
    }
    let (log, _guard) = Log::capture();
    std::thread::spawn(come_by).join().unwrap();
    come_by();
    assert_eq!(log.text().matches("somebody came by").count(), 1);
}

/// A path that `http` accepts, with characters that an editor or a terminal obeys.
#[tokio::test]
async fn a_path_neither_fills_the_log_nor_forges_a_line_of_it() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let routes = RequireLayer::scope("x").layer(hello());
    for character in [
        "\u{202e}",
        "\u{9b}31m",
        "\u{2028}",
        "\"",
        "'",
        "%0a",
        "a",
        "\u{e9}",
    ] {
        for times in [1, 60_000 / character.len()] {
            let path = bytes::Bytes::from(format!("/{}", character.repeat(times)));
            let at_path = |authorization| {
                let mut request = with_authorization(authorization);
                *request.uri_mut() = http::Uri::from_maybe_shared(path.clone()).unwrap();
                request
            };
            for authorization in ["Bearer a.b.c", "Basic x", "Bearer"] {
                assert!(send(&layer, at_path(authorization)).await.status >= 400);
            }
            let answer = routes.clone().oneshot(at_path("Bearer x")).await.unwrap();
            assert_eq!(answer.status(), 500);
            let said = log.take();
            assert_eq!(said.lines().count(), 4, "{said}");
            for line in said.lines() {
                assert!(line.len() < 1000, "{} bytes", line.len());
                assert!(line.is_ascii() && !line.contains("u{"), "{line}");
            }
        }
    }
}
