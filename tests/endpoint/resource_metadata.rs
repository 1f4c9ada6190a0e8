//! The metadata of a resource, for clients without a token (RFC 9728): the document, its
//! address, and its configuration.

use axum::Router;
use axum::body::Body;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{Method, Request};
use serde_json::{Value, json};
use support::Received;
use tower::{Layer, ServiceExt};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::ProtectedResource;
use tower_bearer::endpoint::ResourceMetadataEndpoint;
use tower_bearer::test_util::TestTokens;

const ISSUER: &str = "https://id.example.com";

fn resource(address: &str) -> ProtectedResource {
    ProtectedResource::new(address, ISSUER).expect("a good address")
}

async fn ask(resource: &ProtectedResource, method: Method) -> Received {
    let request = Request::builder()
        .method(method)
        .uri("/anywhere")
        .header("host", "evil.test")
        .body(Body::empty())
        .unwrap();
    Received::of(
        ResourceMetadataEndpoint::new(resource)
            .oneshot(request)
            .await
            .unwrap(),
    )
    .await
}

/// The document, as the endpoint publishes it.
async fn document(resource: &ProtectedResource) -> Value {
    let answer = ask(resource, Method::GET).await;
    assert_eq!(
        (answer.status, answer.challenge()),
        (200, None),
        "{answer:?}"
    );
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
    answer.json()
}

#[tokio::test]
async fn the_least_that_a_resource_says_is_its_name_and_who_issues_tokens() {
    assert_eq!(
        document(&resource("https://api.example.com")).await,
        json!({
            "resource": "https://api.example.com",
            "authorization_servers": ["https://id.example.com"],
            "bearer_methods_supported": ["header"],
        })
    );
}

#[tokio::test]
async fn each_setting_is_its_member_and_no_other() {
    let resource = resource("https://api.example.com/mcp")
        .with_issuer("https://login.example.org/tenant")
        .unwrap()
        .with_scope("mcp:tools")
        .with_supported_scope("mcp:admin mcp:tools")
        .with_scope("profile")
        .with_name("The \"Example\" API, caf\u{e9}")
        .with_documentation("https://docs.example.com/mcp")
        .unwrap();
    let mut document = document(&resource).await;
    let mut scopes: Vec<String> =
        serde_json::from_value(document["scopes_supported"].take()).unwrap();
    scopes.sort_unstable();
    assert_eq!(scopes, ["mcp:admin", "mcp:tools", "profile"]);
    assert_eq!(
        document,
        json!({
            "resource": "https://api.example.com/mcp",
            "authorization_servers": ["https://id.example.com", "https://login.example.org/tenant"],
            "bearer_methods_supported": ["header"],
            "scopes_supported": null,
            "resource_name": "The \"Example\" API, caf\u{e9}",
            "resource_documentation": "https://docs.example.com/mcp",
        })
    );
}

/// RFC 9728 section 3.3: a client compares it with what it asked for, letter by letter.
#[tokio::test]
async fn the_name_of_the_resource_stands_as_it_was_written() {
    for address in [
        "https://api.example.com",
        "https://api.example.com/",
        "https://API.example.com:8443/a/B",
        "http://localhost:3000/mcp",
        "http://127.0.0.1:3000",
        "http://[::1]:3000/x",
    ] {
        assert_eq!(document(&resource(address)).await["resource"], address);
    }
}

#[test]
fn the_well_known_path_goes_between_host_and_path() {
    let at = |address: &str| {
        (
            resource(address).metadata_url(),
            resource(address).paths().collect::<Vec<_>>(),
        )
    };
    let root = "/.well-known/oauth-protected-resource".to_owned();
    for bare in ["https://api.example.com", "https://api.example.com/"] {
        assert_eq!(
            at(bare),
            (format!("https://api.example.com{root}"), vec![root.clone()])
        );
    }
    let (address, mut paths) = at("https://api.example.com:8443/v1/mcp");
    assert_eq!(
        address,
        format!("https://api.example.com:8443{root}/v1/mcp")
    );
    paths.sort_unstable();
    assert_eq!(paths, [root.clone(), format!("{root}/v1/mcp")]);
    let (address, paths) = at("http://localhost:3000/mcp");
    assert_eq!(address, format!("http://localhost:3000{root}/mcp"));
    assert!(paths.contains(&format!("{root}/mcp")));
}

#[test]
fn what_is_no_address_of_a_resource_is_refused() {
    for bad in [
        "",
        "api.example.com",
        "api.example.com/mcp",
        "//api.example.com",
        "/mcp",
        "https://",
        "https:///mcp",
        "https:api.example.com",
        "http://api.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0",
        "ftp://api.example.com",
        "urn:example:api",
        "https://api.example.com?a=b",
        "https://api.example.com/?",
        "https://api.example.com/mcp?a",
        "https://api.example.com#a",
        "https://api.example.com/mcp#",
        "https://user@api.example.com",
        "https://user:password@api.example.com",
        "https://api example.com",
        "https://api.example.com/a b",
        "https://api.example.com/\r\nx: y",
        " https://api.example.com",
        "https://api.example.com ",
        "*",
    ] {
        assert!(ProtectedResource::new(bad, ISSUER).is_err(), "{bad:?}");
        assert!(
            ProtectedResource::new("https://api.example.com", bad).is_err(),
            "{bad:?}"
        );
        assert!(
            resource("https://api.example.com")
                .with_issuer(bad)
                .is_err(),
            "{bad:?}"
        );
        assert!(
            resource("https://api.example.com")
                .with_documentation(bad)
                .is_err(),
            "{bad:?}"
        );
    }
}

#[test]
fn an_error_says_which_address_is_wrong() {
    let error = ProtectedResource::new("https://api.example.com", "http://id.example.com")
        .unwrap_err()
        .to_string();
    assert!(error.contains("http://id.example.com"), "{error}");
}

/// A port is a number, and a host is not empty (RFC 9110 section 4.2.2): no client could come to
/// any other.
#[test]
fn an_address_that_nobody_could_reach_is_refused() {
    let bad = [
        "https://api.example.com:port",
        "https://api.example.com:99999",
        "https://api.example.com:-1/mcp",
        "https://:443",
    ];
    let taken: Vec<_> = bad
        .iter()
        .filter(|bad| ProtectedResource::new(bad, ISSUER).is_ok())
        .collect();
    assert!(taken.is_empty(), "{taken:?}");
}

#[test]
fn what_is_no_scope_is_found_at_start_up() {
    for scope in ["a\"b", "a\\b", "caf\u{e9}"] {
        assert!(
            std::panic::catch_unwind(|| resource("https://api.example.com").with_scope(scope))
                .is_err(),
            "{scope}"
        );
        assert!(
            std::panic::catch_unwind(
                || resource("https://api.example.com").with_supported_scope(scope)
            )
            .is_err(),
            "{scope}"
        );
    }
}

#[tokio::test]
async fn the_endpoint_is_only_read() {
    let resource = resource("https://api.example.com/mcp");
    for method in [
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::TRACE,
    ] {
        let answer = ask(&resource, method).await;
        assert_eq!(
            (answer.status, answer.challenge()),
            (405, None),
            "{answer:?}"
        );
        assert!(answer.headers[ALLOW].to_str().unwrap().contains("GET"));
        assert_eq!(
            (&answer.json()["error"], &answer.headers[CACHE_CONTROL]),
            (&json!("invalid_request"), &"no-store".parse().unwrap())
        );
    }
    assert_eq!(
        ask(&resource, Method::GET).await.headers[CACHE_CONTROL],
        "public, max-age=300"
    );
    let head = ask(&resource, Method::HEAD).await;
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(ask(&resource, Method::OPTIONS).await.status, 204);
}

#[tokio::test]
async fn plain_http_to_another_machine_needs_a_dangerous_name() {
    let (api, issuer) = ("http://api:3000/mcp", "http://keycloak:8080/realms/main");
    let safe = ProtectedResource::new("https://api.example.com", "https://id.example.com").unwrap();
    for refused in [
        ProtectedResource::new(api, "https://id.example.com"),
        ProtectedResource::new("https://api.example.com", issuer),
        safe.clone().with_issuer(issuer),
        safe.clone().with_documentation(api),
    ] {
        let error = refused.unwrap_err().to_string();
        let cure = "with `ProtectedResource::dangerous_over_http`";
        assert!(error.contains(cure), "{error}");
    }
    // It does not help with other faults.
    let error = safe.with_issuer("http://a b").unwrap_err().to_string();
    assert!(!error.contains("dangerous"), "{error}");
    assert!(ProtectedResource::dangerous_over_http(api, "ftp://x").is_err());

    let resource = ProtectedResource::dangerous_over_http(api, issuer).unwrap();
    let resource = resource.with_issuer("http://other").unwrap();
    let document = document(&resource.with_documentation(api).unwrap()).await;
    assert_eq!(document["resource"], api);
    assert_eq!(
        document["authorization_servers"],
        json!([issuer, "http://other"])
    );
    assert_eq!(document["resource_documentation"], api);
}

#[tokio::test]
async fn two_resources_of_one_host_share_a_router() {
    let orders = resource("https://api.example.com/orders");
    let bills = resource("https://api.example.com/bills");
    let mut app: Router = Router::new();
    for path in orders.paths() {
        app = app.route_service(&path, ResourceMetadataEndpoint::new(&orders));
    }
    app = app.route_service(&bills.path(), ResourceMetadataEndpoint::new(&bills));
    for (path, name) in [("", "orders"), ("/orders", "orders"), ("/bills", "bills")] {
        let uri = format!("/.well-known/oauth-protected-resource{path}");
        let request = Request::get(uri).body(Body::empty()).unwrap();
        let answer = Received::of(app.clone().oneshot(request).await.unwrap()).await;
        let url = format!("https://api.example.com/{name}");
        assert_eq!(answer.json()["resource"], url);
    }
    let root = resource("https://api.example.com/");
    assert_eq!(root.paths().collect::<Vec<_>>(), [root.path()]);
}

/// The layer, where it sees the paths, and the endpoint, where it does not.
#[tokio::test]
async fn the_endpoint_and_the_layer_publish_the_same() {
    let resource = resource("https://api.example.com/mcp").with_scope("mcp:tools");
    let layer =
        BearerAuthLayer::new(TestTokens::new().verifier()).with_protected_resource(&resource);
    let mut app: Router = Router::new();
    for path in resource.paths() {
        app = app.route_service(&path, ResourceMetadataEndpoint::new(&resource));
    }
    for path in resource.paths() {
        let get = || {
            Request::get(&path)
                .header("host", "evil.test")
                .header("x-forwarded-host", "evil.test")
                .body(Body::empty())
        };
        let by_layer = Received::of(
            layer
                .layer(Router::new())
                .oneshot(get().unwrap())
                .await
                .unwrap(),
        )
        .await;
        let by_endpoint = Received::of(app.clone().oneshot(get().unwrap()).await.unwrap()).await;
        assert_eq!((by_layer.status, by_endpoint.status), (200, 200), "{path}");
        assert_eq!(by_layer.body, by_endpoint.body);
        for header in [CONTENT_TYPE, CACHE_CONTROL] {
            assert_eq!(by_layer.headers[&header], by_endpoint.headers[&header]);
        }
        assert!(!by_layer.body.contains("evil"));
    }
}
