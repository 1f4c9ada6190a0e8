//! The endpoints where applications mount them, and the public keys.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use http::header::CACHE_CONTROL;
use serde_json::{Value, json};
use support::keys::{ED25519, P256};
use support::{Log, Login, Received, bearer, claims_of, form, signed_in};
use tower::{Service, ServiceExt};
use tower_bearer::endpoint::JwksEndpoint;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{AccessTokenVerifier, CurrentUser, Grant, Identity, KeySet, Secret, SigningKey};

const CREDENTIALS: [(&str, &str); 2] = [("username", "alice"), ("password", "wonderland-7")];

async fn ask<S, B>(service: &S, request: Request<Body>) -> Received
where
    S: Service<Request<Body>, Response = http::Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = bytes::Bytes, Error: std::fmt::Debug>,
{
    Received::read(service.clone().oneshot(request)).await
}

/// Logs in, refreshes, lists, ends one session, logs out, and logs out everywhere, below `path`.
async fn everything_works_below<S, B>(path: &str, service: &S)
where
    S: Service<Request<Body>, Response = http::Response<B>, Error = Infallible> + Clone,
    B: http_body::Body<Data = bytes::Bytes, Error: std::fmt::Debug>,
{
    let at = |rest: &str| format!("{path}{rest}");
    let other = ask(service, form(&at("/login"), &CREDENTIALS))
        .await
        .tokens();
    let first = ask(service, form(&at("/login"), &CREDENTIALS))
        .await
        .tokens();
    let second = ask(
        service,
        form(&at("/refresh"), &[("refresh_token", &first.refresh)]),
    )
    .await
    .tokens();
    let listed = ask(service, signed_in("GET", &at("/sessions"), &second.access))
        .await
        .json();
    assert_eq!(listed["sessions"].as_array().map(Vec::len), Some(2));
    let id = claims_of(&other.access)["sid"]
        .as_str()
        .expect("a session")
        .to_owned();
    assert_eq!(
        ask(
            service,
            signed_in("DELETE", &at(&format!("/sessions/{id}")), &second.access)
        )
        .await
        .status,
        204
    );
    assert_eq!(
        ask(
            service,
            signed_in("POST", &at("/logout-everywhere"), &second.access)
        )
        .await
        .status,
        200
    );
    assert_eq!(
        ask(service, form(&at("/logout"), &[("token", &second.refresh)]))
            .await
            .status,
        200
    );
    ask(service, signed_in("GET", &at("/sessions"), &second.access))
        .await
        .assert_invalid_token("session_revoked");
}

#[tokio::test]
async fn all_endpoints_are_nested_in_an_axum_router() {
    let login = Login::new();
    let app: Router = Router::new().nest_service("/auth", login.endpoints());
    everything_works_below("/auth", &app).await;
    // Saying where it is mounted does no harm.
    let app: Router =
        Router::new().nest_service("/api/auth", login.endpoints().with_path("/api/auth/"));
    everything_works_below("/api/auth", &app).await;
    ask(&app, form("/api/auth/nowhere", &[]))
        .await
        .assert_error(404, "invalid_request", None);
}

#[tokio::test]
async fn without_a_router_the_endpoints_take_the_prefix_off_themselves() {
    let login = Login::new();
    everything_works_below("/auth", &login.endpoints().with_path("/auth")).await;
    let service = login.endpoints().with_path("/auth");
    for path in ["/auth", "/authlogin", "/auth/auth/login", "/other/login"] {
        ask(&service, form(path, &CREDENTIALS))
            .await
            .assert_error(404, "invalid_request", None);
    }
    everything_works_below("", &login.endpoints()).await;
}

#[tokio::test]
async fn a_path_needs_no_slash_in_front_and_may_have_one_at_the_end() {
    let login = Login::new();
    for path in ["auth", "/auth", "auth/", "/auth/"] {
        let service = login.endpoints().with_path(path);
        everything_works_below("/auth", &service).await;
        ask(&service, form("/authlogin", &CREDENTIALS))
            .await
            .assert_error(404, "invalid_request", None);
        let app: Router = Router::new().nest_service("/auth", service);
        everything_works_below("/auth", &app).await;
    }
    everything_works_below("/a/b", &login.endpoints().with_path("a/b/")).await;
    for root in ["", "/"] {
        everything_works_below("", &login.endpoints().with_path(root)).await;
    }
}

#[tokio::test]
async fn an_unknown_path_is_one_warning_with_the_path_and_the_cure() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let service = login.endpoints();
    log.take();
    ask(&service, form("/mounted/elsewhere/login", &CREDENTIALS))
        .await
        .assert_error(404, "invalid_request", None);
    let first = log.take_warnings();
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(
        first[0].contains("/mounted/elsewhere/login") && first[0].contains("with_path"),
        "{first:?}"
    );
    for path in ["/mounted/elsewhere/login", "/another", "/"] {
        ask(&service, form(path, &CREDENTIALS))
            .await
            .assert_error(404, "invalid_request", None);
    }
    assert_eq!(log.take_warnings(), Vec::<String>::new());
    // A request to a known path is not logged.
    ask(&service, form("/login", &CREDENTIALS)).await.tokens();
    assert_eq!(log.take_warnings(), Vec::<String>::new());
}

#[tokio::test]
async fn each_endpoint_is_mounted_by_itself() {
    let login = Login::new();
    let sessions = || login.sessions.clone();
    let app: Router = Router::new()
        .route_service("/a/login", sessions().endpoints().login())
        .route_service("/a/refresh", sessions().endpoints().refresh())
        .route_service("/a/logout", sessions().endpoints().logout())
        .route_service(
            "/a/logout-everywhere",
            sessions().endpoints().logout_everywhere(),
        )
        .route_service("/a/sessions", sessions().endpoints().sessions())
        .route_service("/a/sessions/{id}", sessions().endpoints().sessions());
    everything_works_below("/a", &app).await;
}

// requirement 53
#[tokio::test]
async fn a_router_with_the_layer_and_the_endpoints_is_a_whole_application() {
    let login = Login::new();
    let me = get(async |CurrentUser(claims): CurrentUser| claims.subject().to_string());
    let app: Router = Router::new()
        .route("/me", me)
        .route_layer(login.sessions.layer())
        .nest_service("/auth", login.endpoints());
    let tokens = ask(&app, form("/auth/login", &CREDENTIALS)).await.tokens();
    let me = || {
        Request::get("/me")
            .header("authorization", bearer(&tokens.access))
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(ask(&app, me()).await.body, "alice");
    assert_eq!(
        ask(&app, form("/auth/logout", &[("token", &tokens.refresh)]))
            .await
            .status,
        200
    );
    ask(&app, me())
        .await
        .assert_invalid_token("session_revoked");
}

fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}

#[test]
fn endpoints_are_cloned_and_shared_between_threads() {
    let login = Login::new();
    is_shared(&login.endpoints());
    is_shared(&login.sessions.endpoints().login());
    is_shared(&login.sessions.endpoints().sessions());
    is_shared(&JwksEndpoint::new(login.sessions.keys()));
}

async fn published(keys: KeySet) -> Value {
    let app: Router =
        Router::new().route_service("/.well-known/jwks.json", JwksEndpoint::new(keys));
    let answer = ask(
        &app,
        Request::get("/.well-known/jwks.json")
            .body(Body::empty())
            .expect("a good address"),
    )
    .await;
    assert_eq!(answer.status, 200);
    answer.json()
}

// requirement 34
#[tokio::test]
async fn a_secret_key_is_never_published() {
    let key = SigningKey::hs256(&Secret::random().unwrap()).unwrap();
    assert_eq!(published(key.key_set()).await, json!({ "keys": [] }));
}

// requirement 34
#[tokio::test]
async fn of_a_key_pair_the_public_part_is_published_and_checks_our_tokens() {
    let pems = [P256.0, ED25519.0];
    for (pem, kind, algorithm) in [(pems[0], "EC", "ES256"), (pems[1], "OKP", "EdDSA")] {
        let key = SigningKey::from_pem(pem).unwrap();
        let jwks = published(key.key_set()).await;
        let jwk = jwks["keys"][0].as_object().unwrap();
        assert_eq!(
            (
                jwks["keys"].as_array().map(Vec::len),
                &jwk["kty"],
                &jwk["alg"]
            ),
            (Some(1), &json!(kind), &json!(algorithm))
        );
        assert!(jwk.contains_key("kid") && jwk.contains_key("x"));
        for private in ["d", "k", "p", "q"] {
            assert!(!jwk.contains_key(private), "{jwk:?}");
        }
        // Another service, which knows nothing but what is published.
        let signer = AccessTokenSigner::new("https://issuer.test", "test", key).unwrap();
        let token = signer
            .sign(&Identity::new("alice"), &Grant::new(), support::MINUTE)
            .unwrap();
        let theirs = AccessTokenVerifier::builder(KeySet::from_jwk_set(&jwks.to_string()).unwrap())
            .issuer("https://issuer.test")
            .audience("test")
            .build();
        assert_eq!(
            theirs
                .unwrap()
                .verify(token.secret())
                .unwrap()
                .subject()
                .as_str(),
            "alice"
        );
    }
}

// requirement 1
#[tokio::test]
async fn public_keys_are_only_read() {
    let service = JwksEndpoint::new(Login::new().sessions.keys());
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let request = Request::builder()
            .method(method)
            .uri("/jwks.json")
            .body(Body::empty())
            .unwrap();
        let answer = ask(&service, request).await;
        answer.assert_error(405, "invalid_request", None);
        answer.assert_not_stored();
        assert_eq!(answer.headers["allow"], "GET, HEAD, OPTIONS");
    }
    let answer = ask(
        &service,
        Request::get("/jwks.json").body(Body::empty()).unwrap(),
    )
    .await;
    assert_eq!(answer.headers[CACHE_CONTROL], "public, max-age=300");
}

#[tokio::test]
async fn a_store_may_be_chosen_at_run_time() {
    let store: Arc<dyn tower_bearer::store::SessionStore> =
        Arc::new(tower_bearer::MemoryStore::new());
    let login = Login::over(store, tower_bearer::SessionPolicy::default());
    everything_works_below("", &login.endpoints()).await;
}
