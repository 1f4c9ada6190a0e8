//! `mcp_layer`: everything that an MCP client looks for, from the sessions' own names.

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::Request;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use support::{Received, Scripted, bearer, keys};
use tower::ServiceExt;
use tower_bearer::session::SessionsBuilder;
use tower_bearer::{Grant, Identity, MemoryStore, Secret, Sessions};

const ORIGIN: &str = "https://api.example.com";

fn sessions(scope: &'static str, settings: fn(SessionsBuilder) -> SessionsBuilder) -> Sessions {
    let users = Scripted::new();
    users.grant(Grant::new().with_scope(scope));
    let sessions = Sessions::builder(users, MemoryStore::new())
        .issuer(ORIGIN)
        .audience("https://api.example.com/mcp")
        .secret(Secret::random().unwrap());
    settings(sessions).build().unwrap()
}

fn app(sessions: &Sessions) -> Router {
    let endpoints = sessions.endpoints();
    Router::new()
        .route("/mcp", any(async || "called"))
        .layer(endpoints.mcp_layer("mcp:tools").unwrap())
        .nest_service("/auth", endpoints)
}

async fn get(app: &Router, path: &str, authorization: &str) -> Received {
    let mut request = Request::get(path);
    if !authorization.is_empty() {
        request = request.header(AUTHORIZATION, authorization);
    }
    let request = request.body(Body::empty()).unwrap();
    Received::read(app.clone().oneshot(request)).await
}

async fn document(app: &Router, path: &str) -> Value {
    let answer = get(app, path, "").await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    answer.json()
}

#[tokio::test]
async fn a_client_finds_its_way_from_the_challenge_to_the_token_endpoint() {
    let sessions = sessions("mcp:tools", |sessions| sessions);
    let app = app(&sessions);
    let refused = get(&app, "/mcp", "").await;
    assert_eq!(refused.status, 401);
    let challenge = refused.headers[WWW_AUTHENTICATE].to_str().unwrap();
    let resource = "/.well-known/oauth-protected-resource/mcp";
    assert_eq!(
        challenge,
        format!(r#"Bearer scope="mcp:tools", resource_metadata="{ORIGIN}{resource}""#)
    );

    for path in [resource, "/.well-known/oauth-protected-resource"] {
        let metadata = document(&app, path).await;
        assert_eq!(metadata["resource"], format!("{ORIGIN}/mcp"));
        assert_eq!(metadata["authorization_servers"], json!([ORIGIN]));
        assert_eq!(metadata["scopes_supported"], json!(["mcp:tools"]));
    }
    let metadata = document(&app, "/.well-known/oauth-authorization-server").await;
    assert_eq!(metadata["issuer"], ORIGIN);
    assert_eq!(metadata["token_endpoint"], format!("{ORIGIN}/auth/token"));
    assert_eq!(metadata["scopes_supported"], json!(["mcp:tools"]));
    // A shared secret has no public key.
    assert_eq!(metadata.get("jwks_uri"), None);
    assert_eq!(get(&app, "/.well-known/jwks.json", "").await.status, 401);
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/.well-known/oauth-authorization-server/mcp",
    ] {
        let answer = get(&app, path, "").await;
        assert_eq!((answer.status, &*answer.body), (404, ""), "{path}");
    }

    let credentials = "grant_type=password&username=alice&password=wonderland-7";
    let request = Request::post("/auth/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(credentials))
        .unwrap();
    let tokens = Received::read(app.clone().oneshot(request)).await.tokens();
    let called = get(&app, "/mcp", &bearer(&tokens.access)).await;
    assert_eq!((called.status, &*called.body), (200, "called"));
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused_and_told_which() {
    let sessions = sessions("mcp:read", |sessions| sessions);
    let tokens = sessions.start(Identity::new("alice")).await.unwrap();
    let refused = get(
        &app(&sessions),
        "/mcp",
        &bearer(tokens.access_token().secret()),
    )
    .await;
    refused.assert_refused(403, "insufficient_scope", "scope_missing");
    let challenge = refused.headers[WWW_AUTHENTICATE].to_str().unwrap();
    assert!(challenge.contains(r#"scope="mcp:tools""#), "{challenge}");
}

#[tokio::test]
async fn the_public_keys_are_published_where_there_are_some() {
    let sessions = sessions("mcp:tools", |sessions| {
        sessions.signing_key(keys::key(keys::ED25519))
    });
    let app = app(&sessions);
    let metadata = document(&app, "/.well-known/oauth-authorization-server").await;
    assert_eq!(
        metadata["jwks_uri"],
        format!("{ORIGIN}/.well-known/jwks.json")
    );
    let keys = document(&app, "/.well-known/jwks.json").await;
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert_eq!(keys["keys"][0].get("d"), None);
}

#[tokio::test]
async fn endpoints_elsewhere_are_found_there() {
    let sessions = sessions("mcp:tools", |sessions| sessions);
    let endpoints = sessions.endpoints().with_path("api/login");
    let app = Router::new().layer(endpoints.mcp_layer("mcp:tools").unwrap());
    let metadata = document(&app, "/.well-known/oauth-authorization-server").await;
    assert_eq!(
        metadata["token_endpoint"],
        format!("{ORIGIN}/api/login/token")
    );
}

#[test]
fn names_that_are_not_urls_are_an_error() {
    let names = [
        ("example", "https://api.example.com/mcp"),
        (ORIGIN, "example-api"),
    ];
    for (issuer, audience) in names {
        let sessions = Sessions::builder(Scripted::new(), MemoryStore::new())
            .issuer(issuer)
            .audience(audience)
            .secret(Secret::random().unwrap())
            .build()
            .unwrap();
        let error = sessions.endpoints().mcp_layer("mcp:tools").unwrap_err();
        let error = error.to_string();
        assert!(error.contains("`mcp_layer` needs URLs"), "{error}");
        assert!(error.contains("does not begin with https"), "{error}");
    }
}
