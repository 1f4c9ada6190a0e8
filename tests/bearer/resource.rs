//! A layer that tells clients what is protected: its challenge leads to the metadata, and it
//! answers for them itself (RFC 9728 section 5).

mod metadata;

use std::collections::BTreeSet;

use axum::Router;
use axum::routing::get;
use http::header::HeaderValue;
use support::{Received, ask, hello, send, with_authorization, without_token};
use tower::{Layer, ServiceExt};
use tower_bearer::bearer::{ProtectedResource, RequireLayer};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, CurrentUser};

const METADATA: &str = "https://api.example.com/.well-known/oauth-protected-resource/mcp";
const ROOT: &str = "/.well-known/oauth-protected-resource";

fn resource() -> ProtectedResource {
    ProtectedResource::new("https://api.example.com/mcp", "https://id.example.com")
        .expect("good addresses")
}

fn layer(tokens: &TestTokens) -> BearerAuthLayer {
    BearerAuthLayer::new(tokens.verifier())
        .with_protected_resource(&resource().with_scope("mcp:tools mcp:read"))
}

/// The parameters of a challenge, by name. None is repeated.
fn parameters(answer: &Received) -> Vec<(String, String)> {
    let said = answer
        .challenge()
        .expect("a challenge")
        .strip_prefix("Bearer ")
        .expect("the scheme");
    let parameters: Vec<_> = said
        .split(", ")
        .map(|one| one.split_once('=').expect("a parameter"))
        .collect();
    let names: BTreeSet<_> = parameters.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), parameters.len(), "{said}");
    let unquoted = |value: &str| {
        value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .expect("quotes")
            .to_owned()
    };
    parameters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), unquoted(value)))
        .collect()
}

#[track_caller]
fn assert_leads(answer: &Received, scope: Option<&str>) {
    let parameters = parameters(answer);
    let value = |name: &str| {
        parameters
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| &**value)
    };
    assert_eq!(
        (value("resource_metadata"), value("scope")),
        (Some(METADATA), scope),
        "{answer:?}"
    );
}

// requirement 44
#[tokio::test]
async fn every_challenge_leads_to_the_metadata_and_names_the_scope() {
    let tokens = TestTokens::new();
    let layer = layer(&tokens);
    let scope = Some("mcp:tools mcp:read");
    let missing = send(&layer, without_token()).await;
    assert_eq!(
        (missing.status, missing.json()["reason"].as_str()),
        (401, Some("token_missing"))
    );
    assert!(
        !missing.challenge().unwrap().contains("error"),
        "{missing:?}"
    );
    assert_leads(&missing, scope);
    for (authorization, status, error, reason) in [
        ("Bearer abc", 401, "invalid_token", "token_invalid"),
        (
            &*tokens.expired_bearer("alice"),
            401,
            "invalid_token",
            "token_expired",
        ),
        ("Bearer", 400, "invalid_request", "token_malformed"),
        (
            &tokens.bearer("alice"),
            403,
            "insufficient_scope",
            "scope_missing",
        ),
        (
            &tokens.bearer_with_scope("alice", "mcp:read"),
            403,
            "insufficient_scope",
            "scope_missing",
        ),
    ] {
        let answer = ask(&layer, authorization).await;
        answer.assert_refused(status, error, reason);
        assert_leads(&answer, scope);
    }
    ask(
        &layer,
        &tokens.bearer_with_scope("alice", "mcp:read x mcp:tools"),
    )
    .await
    .assert_passed("alice");
}

#[tokio::test]
async fn a_resource_without_a_scope_names_none() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_protected_resource(&resource().with_supported_scope("mcp:admin"));
    let missing = send(&layer, without_token()).await;
    assert_eq!(
        (missing.status, missing.challenge()),
        (
            401,
            Some(&*format!("Bearer resource_metadata=\"{METADATA}\""))
        )
    );
    // Supported scopes are not required scopes.
    ask(&layer, &tokens.bearer("alice"))
        .await
        .assert_passed("alice");
    let invalid = ask(&layer, "Bearer abc").await;
    invalid.assert_refused(401, "invalid_token", "token_invalid");
    assert_leads(&invalid, None);
    // Here a scope is missing, and which one is said.
    let scoped = ask(&layer.require_scope("mcp:admin"), &tokens.bearer("alice")).await;
    scoped.assert_refused(403, "insufficient_scope", "scope_missing");
    assert_leads(&scoped, Some("mcp:admin"));
}

#[tokio::test]
async fn a_realm_stands_beside_it() {
    let tokens = TestTokens::new();
    for layer in [layer(&tokens).with_realm("mcp").unwrap(), {
        let layer = BearerAuthLayer::new(tokens.verifier())
            .with_realm("mcp")
            .unwrap();
        layer.with_protected_resource(&resource().with_scope("mcp:tools mcp:read"))
    }] {
        let answer = send(&layer, without_token()).await;
        assert_eq!(answer.status, 401);
        assert!(
            answer
                .challenge()
                .unwrap()
                .starts_with("Bearer realm=\"mcp\", "),
            "{answer:?}"
        );
        assert_leads(&answer, Some("mcp:tools mcp:read"));
    }
}

#[tokio::test]
async fn what_the_server_does_wrong_has_no_challenge() {
    let app = Router::new().route("/", get(async |_: CurrentUser<String>| "never"));
    let tokens = TestTokens::new();
    let good = with_authorization(&tokens.bearer_with_scope("alice", "mcp:tools mcp:read"))
        .map(axum::body::Body::from);
    let answer = app.route_layer(layer(&tokens)).oneshot(good).await.unwrap();
    Received::of(answer)
        .await
        .assert_failed(500, "server_error");
}

#[tokio::test]
async fn extractors_and_scope_layers_within_lead_there_too() {
    let tokens = TestTokens::new();
    let app = Router::new()
        .route("/me", get(async |_: CurrentUser| "me"))
        .route(
            "/admin",
            get(async || "never").route_layer(RequireLayer::scope("admin")),
        )
        .route_layer(layer(&tokens).optional());
    let ask = async |path: &str, authorization: Option<&str>| {
        let mut request = authorization
            .map_or_else(without_token, with_authorization)
            .map(axum::body::Body::from);
        *request.uri_mut() = path.parse().unwrap();
        Received::of(app.clone().oneshot(request).await.unwrap()).await
    };
    for path in ["/me", "/admin"] {
        let answer = ask(path, None).await;
        assert_eq!(
            (answer.status, answer.json()["reason"].as_str()),
            (401, Some("token_missing"))
        );
        assert_leads(&answer, Some("mcp:tools mcp:read"));
    }
    let denied = ask(
        "/admin",
        Some(&tokens.bearer_with_scope("alice", "mcp:tools mcp:read")),
    )
    .await;
    denied.assert_refused(403, "insufficient_scope", "scope_missing");
    assert!(
        denied
            .challenge()
            .unwrap()
            .contains(&format!("resource_metadata=\"{METADATA}\"")),
        "{denied:?}"
    );
}

/// A client asks for what the challenge names: with `admin` alone its next token would be refused
/// by the layer.
#[tokio::test]
async fn a_scope_layer_within_names_what_every_request_needs_too() {
    let tokens = TestTokens::new();
    let service = layer(&tokens).layer(RequireLayer::scope("admin").layer(hello()));
    let request = with_authorization(&tokens.bearer_with_scope("alice", "mcp:tools mcp:read"));
    let denied = Received::of(service.oneshot(request).await.unwrap()).await;
    denied.assert_refused(403, "insufficient_scope", "scope_missing");
    let parameters = parameters(&denied);
    let (_, scope) = parameters
        .iter()
        .find(|(name, _)| name == "scope")
        .expect("a scope");
    assert_eq!(
        scope.split(' ').collect::<BTreeSet<_>>(),
        BTreeSet::from(["admin", "mcp:read", "mcp:tools"])
    );
}

#[tokio::test]
async fn no_header_of_a_request_says_where_the_metadata_is() {
    let tokens = TestTokens::new();
    for name in [
        "host",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-forwarded-prefix",
        "forwarded",
        "origin",
        "x-original-url",
    ] {
        for path in [
            "/mcp",
            ROOT,
            "https://evil.test/mcp",
            "http://evil.test/.well-known/oauth-protected-resource",
        ] {
            let mut request = without_token();
            *request.uri_mut() = path.parse().unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static("evil.test"));
            let answer = send(&layer(&tokens), request).await;
            assert!(!format!("{answer:?}").contains("evil"), "{answer:?}");
            let is_metadata = path.ends_with("oauth-protected-resource");
            assert_eq!(answer.status, if is_metadata { 200 } else { 401 });
            if !is_metadata {
                assert_leads(&answer, Some("mcp:tools mcp:read"));
            }
        }
    }
}

/// An address goes into quotes (RFC 9110 section 5.6.4): what ends them says something else than
/// was meant. `with_realm` refuses as much.
#[test]
fn an_address_that_would_break_the_challenge_is_refused() {
    let bad = ["/a\"b", "/a\\b", "/a\",error=\"x", "/caf\u{e9}"]
        .map(|path| format!("https://api.example.com{path}"));
    let taken: Vec<_> = bad
        .iter()
        .filter(|bad| ProtectedResource::new(bad, "https://id.example.com").is_ok())
        .collect();
    assert!(taken.is_empty(), "{taken:?}");
}
