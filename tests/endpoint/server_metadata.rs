//! The metadata of the login, for clients without a token (RFC 8414).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::header::{ALLOW, CACHE_CONTROL, WWW_AUTHENTICATE};
use http::{Method, Request};
use serde_json::{Value, json};
use support::{Login, Received, claims_of, form};
use tower::ServiceExt;
use tower_bearer::endpoint::{JwksEndpoint, ServerMetadataEndpoint};
use tower_bearer::{MemoryStore, Secret, Sessions};

const ROOT: &str = "/.well-known/oauth-authorization-server";

/// Sessions whose tokens have this issuer.
fn sessions(issuer: &str) -> Sessions {
    let login = Login::new();
    Sessions::builder(login.accounts.clone(), MemoryStore::new())
        .issuer(issuer)
        .audience("test")
        .secret(Secret::random().expect("randomness"))
        .clock(Arc::new(login.clock.clone()))
        .build()
        .unwrap()
}

async fn ask(metadata: &ServerMetadataEndpoint, method: Method) -> Received {
    let request = Request::builder()
        .method(method)
        .uri("/anywhere")
        .header("host", "evil.test");
    let request = request
        .header("x-forwarded-host", "evil.test")
        .body(Body::empty())
        .expect("a request");
    Received::read(metadata.clone().oneshot(request)).await
}

async fn document(metadata: &ServerMetadataEndpoint) -> Value {
    let answer = ask(metadata, Method::GET).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(!answer.headers.contains_key(WWW_AUTHENTICATE));
    answer.json()
}

// requirement 61
#[tokio::test]
async fn the_least_is_what_this_login_can_do() {
    let metadata = ServerMetadataEndpoint::new(
        &sessions("https://api.example.com"),
        "https://api.example.com/auth",
    )
    .unwrap();
    assert_eq!(
        document(&metadata).await,
        json!({
            "issuer": "https://api.example.com",
            "token_endpoint": "https://api.example.com/auth/token",
            "token_endpoint_auth_methods_supported": ["none"],
            "grant_types_supported": ["password", "refresh_token"],
            "response_types_supported": [],
            "revocation_endpoint": "https://api.example.com/auth/logout",
            "revocation_endpoint_auth_methods_supported": ["none"],
            "refresh_token_expiration_types_supported": ["authorization", "credential"],
        })
    );
}

#[tokio::test]
async fn each_setting_is_its_member_and_no_other() {
    let metadata = ServerMetadataEndpoint::new(
        &sessions("https://api.example.com/"),
        "https://login.example.com:8443/a/b/",
    )
    .unwrap()
    .with_jwks("https://api.example.com/.well-known/jwks.json")
    .unwrap()
    .with_documentation("https://docs.example.com/login")
    .unwrap()
    .with_scope("orders:read")
    .with_scope("orders:write orders:read");
    let document = document(&metadata).await;
    assert_eq!(
        document,
        json!({
            // The same issuer as in the tokens, letter by letter (RFC 8414 section 3.3).
            "issuer": "https://api.example.com/",
            "token_endpoint": "https://login.example.com:8443/a/b/token",
            "token_endpoint_auth_methods_supported": ["none"],
            "grant_types_supported": ["password", "refresh_token"],
            "response_types_supported": [],
            "revocation_endpoint": "https://login.example.com:8443/a/b/logout",
            "revocation_endpoint_auth_methods_supported": ["none"],
            "refresh_token_expiration_types_supported": ["authorization", "credential"],
            "jwks_uri": "https://api.example.com/.well-known/jwks.json",
            "service_documentation": "https://docs.example.com/login",
            "scopes_supported": ["orders:read", "orders:write"],
        })
    );
    assert!(document.get("authorization_endpoint").is_none());
}

#[test]
fn the_well_known_path_goes_before_the_path_of_the_issuer() {
    let paths = |issuer: &str| {
        let metadata =
            ServerMetadataEndpoint::new(&sessions(issuer), "https://api.example.com/auth").unwrap();
        let mut paths: Vec<_> = metadata.paths().collect();
        paths.sort_unstable();
        paths
    };
    for bare in [
        "https://api.example.com",
        "https://api.example.com/",
        "http://localhost:3000",
    ] {
        assert_eq!(paths(bare), [ROOT]);
    }
    // RFC 8414 section 3.1: a slash at the end is dropped.
    for issuer in [
        "https://api.example.com/tenants/one",
        "https://api.example.com/tenants/one/",
    ] {
        assert_eq!(
            paths(issuer),
            [ROOT.to_owned(), format!("{ROOT}/tenants/one")]
        );
    }
}

const BAD: [&str; 12] = [
    "",
    "api.example.com",
    "/auth",
    "http://api.example.com/auth",
    "http://localhost.example.com",
    "ftp://api.example.com",
    "https://api.example.com?a=b",
    "https://api.example.com/auth?",
    "https://api.example.com/auth#a",
    "https://user@api.example.com",
    "https://api.example.com/a b",
    "urn:example",
];

#[test]
fn what_is_no_address_is_refused() {
    let good = || sessions("https://api.example.com");
    for bad in BAD {
        assert!(
            ServerMetadataEndpoint::new(&good(), bad).is_err(),
            "{bad:?}"
        );
        let metadata =
            || ServerMetadataEndpoint::new(&good(), "https://api.example.com/auth").unwrap();
        assert!(metadata().with_jwks(bad).is_err(), "{bad:?}");
        assert!(metadata().with_documentation(bad).is_err(), "{bad:?}");
        // A signer takes any name for an issuer; to publish it, it has to be a URL.
        if !bad.is_empty() {
            assert!(
                ServerMetadataEndpoint::new(&sessions(bad), "https://api.example.com/auth")
                    .is_err(),
                "{bad:?}"
            );
        }
    }
    assert!(
        ServerMetadataEndpoint::new(
            &sessions("http://127.0.0.1:3000"),
            "http://localhost:3000/auth"
        )
        .is_ok()
    );
}

#[test]
fn what_is_no_scope_is_found_at_start_up() {
    for scope in ["a\"b", "a\\b", "caf\u{e9}"] {
        let metadata =
            ServerMetadataEndpoint::new(&sessions("https://a.test"), "https://a.test/auth")
                .unwrap();
        assert!(
            std::panic::catch_unwind(|| metadata.with_scope(scope)).is_err(),
            "{scope}"
        );
    }
}

#[tokio::test]
async fn it_is_only_read_and_may_be_kept() {
    let metadata = ServerMetadataEndpoint::new(
        &sessions("https://api.example.com"),
        "https://api.example.com/auth",
    )
    .unwrap();
    for method in [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::TRACE,
    ] {
        let answer = ask(&metadata, method).await;
        answer.assert_error(405, "invalid_request", None);
        answer.assert_not_stored();
        assert!(answer.headers[ALLOW].to_str().unwrap().contains("GET"));
        assert!(!answer.headers.contains_key(WWW_AUTHENTICATE));
    }
    let answer = ask(&metadata, Method::GET).await;
    assert_eq!(answer.headers[CACHE_CONTROL], "public, max-age=300");
    assert!(!format!("{answer:?}").contains("evil"), "{answer:?}");
    let head = ask(&metadata, Method::HEAD).await;
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(ask(&metadata, Method::OPTIONS).await.status, 204);
}

/// A stock client: it knows the issuer and nothing else.
#[tokio::test]
async fn a_client_finds_everything_by_the_document() {
    let sessions = sessions("https://api.example.com/tenant");
    let metadata = ServerMetadataEndpoint::new(&sessions, "https://api.example.com/auth")
        .unwrap()
        .with_jwks("https://api.example.com/.well-known/jwks.json")
        .unwrap();
    let jwks = JwksEndpoint::new(sessions.keys());
    let mut app: Router = Router::new()
        .nest_service("/auth", sessions.endpoints())
        .route_service("/.well-known/jwks.json", jwks);
    for path in metadata.paths() {
        app = app.route_service(&path, metadata.clone());
    }
    let ask = async |request: Request<Body>| Received::read(app.clone().oneshot(request)).await;
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let found = ask(get(&format!("{ROOT}/tenant"))).await.json();
    assert_eq!(found, ask(get(ROOT)).await.json());
    let path_of = |name: &str| {
        found[name]
            .as_str()
            .unwrap()
            .strip_prefix("https://api.example.com")
            .unwrap()
            .to_owned()
    };

    let token = path_of("token_endpoint");
    let password = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "wonderland-7"),
    ];
    let first = ask(form(&token, &password)).await.tokens();
    assert_eq!(claims_of(&first.access)["iss"], found["issuer"]);
    let second = ask(form(
        &token,
        &[
            ("grant_type", "refresh_token"),
            ("refresh_token", &first.refresh),
        ],
    ))
    .await
    .tokens();
    let hint = [
        ("token", &*second.refresh),
        ("token_type_hint", "refresh_token"),
    ];
    assert_eq!(
        ask(form(&path_of("revocation_endpoint"), &hint))
            .await
            .status,
        200
    );
    let again = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &second.refresh),
    ];
    assert_eq!(
        ask(form(&token, &again)).await.json()["error"],
        "invalid_grant"
    );
    assert_eq!(
        ask(get(&path_of("jwks_uri"))).await.json(),
        json!({ "keys": [] })
    );
}
