//! `mcp_layer`: everything that an MCP client looks for, from the sessions' own names.

use axum::Router;
use axum::body::Body;
use axum::routing::any;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request};
use serde_json::{Value, json};
use support::{Received, Scripted, bearer, keys};
use tower::ServiceExt;
use tower_bearer::endpoint::cors;
use tower_bearer::session::SessionsBuilder;
use tower_bearer::{Grant, Identity, MemoryStore, Secret, Sessions};
use tower_http::cors::CorsLayer;

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
    // There is no login page, and clients that look for it are told so.
    for endpoint in ["authorization_endpoint", "registration_endpoint"] {
        let page = format!("{ORIGIN}/.well-known/no-login-page");
        assert_eq!(metadata[endpoint], page);
    }
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
        assert_eq!(send(&app, "HEAD", path, &[]).await.status, 404, "{path}");
        // Other methods are those of the routes behind the layer.
        let refused = send(&app, "POST", path, &[]).await;
        let reason = refused.json()["reason"].clone();
        assert_eq!(
            (refused.status, reason.as_str()),
            (401, Some("token_missing"))
        );
        assert!(refused.challenge().is_some());
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

async fn send(app: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Received {
    let mut request = Request::builder().method(method).uri(path);
    for &(name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Body::empty()).unwrap();
    Received::read(app.clone().oneshot(request)).await
}

/// The layer in front of `/mcp` alone, and the metadata beside it.
fn mounted(sessions: &Sessions) -> Router {
    let endpoints = sessions.endpoints();
    let mcp = Router::new()
        .route("/mcp", any(async || "called"))
        .route_layer(endpoints.mcp_layer("mcp:tools").unwrap());
    let metadata = endpoints.mcp_metadata("mcp:tools").unwrap();
    let mut app = Router::new().merge(mcp);
    for path in metadata.paths() {
        app = app.route_service(path, metadata.clone());
    }
    app.nest_service("/auth", endpoints)
}

#[tokio::test]
async fn the_mounted_metadata_answers_as_the_layer_does() {
    let sessions = sessions("mcp:tools", |sessions| {
        sessions.signing_key(keys::key(keys::ED25519))
    });
    let (layer, mounted) = (app(&sessions), mounted(&sessions));
    let paths = [
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/.well-known/jwks.json",
        "/.well-known/no-login-page",
    ];
    for path in paths {
        for method in ["GET", "HEAD", "OPTIONS"] {
            let (one, other) = (
                send(&layer, method, path, &[]).await,
                send(&mounted, method, path, &[]).await,
            );
            assert_eq!(one, other, "{method} {path}");
        }
    }
    assert_eq!(get(&mounted, "/mcp", "").await.status, 401);
    assert_eq!(get(&mounted, "/elsewhere", "").await.status, 404);
    let refused = send(&mounted, "PUT", paths[0], &[]).await;
    refused.assert_error(405, "invalid_request", None);
    assert_eq!(refused.headers["allow"], "GET, HEAD, OPTIONS");
}

/// Where issuer and audience are one URL, two documents have one path.
#[test]
fn no_path_of_the_metadata_is_repeated() {
    let sessions = Sessions::builder(Scripted::new(), MemoryStore::new())
        .issuer(ORIGIN)
        .audience(ORIGIN)
        .secret(Secret::random().unwrap())
        .build()
        .unwrap();
    let app = mounted(&sessions);
    drop(app);
}

#[tokio::test]
async fn the_metadata_has_a_head_and_is_for_pages_of_every_origin() {
    let sessions = sessions("mcp:tools", |sessions| sessions);
    for app in [app(&sessions), mounted(&sessions)] {
        for path in [
            "/.well-known/oauth-protected-resource/mcp",
            "/.well-known/oauth-authorization-server",
        ] {
            let origin = [("origin", "https://inspector.example.com")];
            let full = send(&app, "GET", path, &origin).await;
            let head = send(&app, "HEAD", path, &origin).await;
            assert_eq!((full.status, head.status, &*head.body), (200, 200, ""));
            for answer in [&full, &head] {
                assert_eq!(answer.headers["access-control-allow-origin"], "*");
                assert_eq!(answer.headers["cache-control"], "public, max-age=300");
                assert_eq!(answer.headers["content-type"], "application/json");
            }
            assert_eq!(head.headers["content-length"], full.body.len().to_string());
            let preflight = [
                ("origin", "https://inspector.example.com"),
                ("access-control-request-method", "GET"),
                ("access-control-request-headers", "mcp-protocol-version"),
            ];
            let answer = send(&app, "OPTIONS", path, &preflight).await;
            assert_eq!((answer.status, &*answer.body), (204, ""));
            for (name, value) in [
                ("access-control-allow-origin", "*"),
                ("access-control-allow-headers", "*"),
                ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
                ("allow", "GET, HEAD, OPTIONS"),
            ] {
                assert_eq!(answer.headers[name], value);
            }
        }
        // A page learns of a 404 too.
        let absent = get(&app, "/.well-known/openid-configuration", "").await;
        assert_eq!(absent.headers["access-control-allow-origin"], "*");
    }
}

#[tokio::test]
async fn a_client_that_wants_to_log_in_by_itself_is_told_that_it_cannot() {
    let sessions = sessions("mcp:tools", |sessions| sessions);
    let app = app(&sessions);
    let sentence = "this server has no login page for MCP clients: configure the client to send \
                    an access token in the Authorization header";
    let path = "/.well-known/no-login-page";
    let registration = send(&app, "POST", path, &[]).await;
    registration.assert_error(400, "invalid_client_metadata", None);
    assert_eq!(registration.json()["error_description"], sentence);
    let page = send(&app, "GET", &format!("{path}?response_type=code"), &[]).await;
    assert_eq!((page.status, &*page.body), (404, sentence));
    assert_eq!(page.headers["content-type"], "text/plain; charset=utf-8");
    for answer in [&registration, &page] {
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["access-control-allow-origin"], "*");
    }
    let preflight = send(&app, "OPTIONS", path, &[]).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.headers["access-control-allow-methods"],
        "GET, POST"
    );
}

/// A page of another origin, with the CORS layer of the docs.
#[tokio::test]
async fn an_mcp_client_in_a_browser_gets_from_the_preflight_to_its_session() {
    let sessions = sessions("mcp:tools", |sessions| sessions);
    let endpoints = sessions.endpoints();
    let origin = "https://inspector.example.com";
    let app = Router::new()
        .route("/mcp", any(async || [("mcp-session-id", "s-1")]))
        .layer(endpoints.mcp_layer("mcp:tools").unwrap())
        .nest_service("/auth", endpoints)
        .layer(
            CorsLayer::new()
                .allow_origin([HeaderValue::from_static("https://inspector.example.com")])
                .allow_methods(cors::methods())
                .allow_headers(cors::mcp_request_headers())
                .expose_headers(cors::mcp_response_headers()),
        );
    let names = "authorization,content-type,last-event-id,mcp-protocol-version,mcp-session-id";
    for method in ["POST", "GET", "DELETE"] {
        let preflight = [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", names),
        ];
        let answer = send(&app, "OPTIONS", "/mcp", &preflight).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        let allowed = answer.headers["access-control-allow-headers"]
            .to_str()
            .unwrap();
        assert!(
            names.split(',').all(|name| allowed.contains(name)),
            "{allowed}"
        );
        let methods = &answer.headers["access-control-allow-methods"];
        assert!(methods.to_str().unwrap().contains(method));
    }
    let exposed = |answer: &Received, name: &str| {
        assert_eq!(answer.headers["access-control-allow-origin"], origin);
        let exposed = answer.headers["access-control-expose-headers"].to_str();
        assert!(exposed.unwrap().split(',').any(|known| known == name));
        assert!(answer.headers.contains_key(name), "{answer:?}");
    };
    let refused = send(&app, "POST", "/mcp", &[("origin", origin)]).await;
    assert_eq!(refused.status, 401);
    exposed(&refused, "www-authenticate");
    // The origin of the CORS layer replaces that of the document.
    let path = "/.well-known/oauth-protected-resource/mcp";
    let metadata = send(&app, "GET", path, &[("origin", origin)]).await;
    let origins = metadata.headers.get_all("access-control-allow-origin");
    assert_eq!(origins.iter().collect::<Vec<_>>(), [origin]);

    let tokens = sessions.start(Identity::new("alice")).await.unwrap();
    let token = bearer(tokens.access_token().secret());
    let headers = [("origin", origin), ("authorization", &*token)];
    let answer = send(&app, "POST", "/mcp", &headers).await;
    assert_eq!(answer.status, 200);
    exposed(&answer, "mcp-session-id");
}

/// Binding the sessions is the default of `mcp_layer`.
#[tokio::test]
async fn a_session_of_the_server_belongs_to_the_login() {
    let sessions = sessions("mcp:tools", |sessions| sessions);
    let endpoints = sessions.endpoints();
    let app = Router::new()
        .route("/mcp", any(async || [("mcp-session-id", "s-1")]))
        .layer(endpoints.mcp_layer("mcp:tools").unwrap());
    let log_in = async |user: &str| {
        let tokens = sessions.start(Identity::new(user)).await.unwrap();
        bearer(tokens.access_token().secret())
    };
    let (alice, bob) = (log_in("alice").await, log_in("bob").await);
    let started = get(&app, "/mcp", &alice).await;
    let session = started.headers["mcp-session-id"].to_str().unwrap();
    let ask = async |token: &str| {
        let headers = [("authorization", token), ("mcp-session-id", session)];
        send(&app, "POST", "/mcp", &headers).await
    };
    assert_eq!(ask(&alice).await.status, 200);
    let refused = ask(&bob).await;
    assert_eq!((refused.status, refused.challenge()), (404, None));
    assert_eq!(refused.json()["reason"], "mcp_session_unknown");
}
