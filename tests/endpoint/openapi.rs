//! The endpoints as an OpenAPI document: it merges into the application's own, and has the right
//! addresses.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::Login;
use tower_bearer::{AuthEndpoints, BearerError};
use utoipa::OpenApi;
use utoipa::openapi::{Components, ObjectBuilder};

#[utoipa::path(
    get,
    path = "/me",
    responses((status = 200, body = String), BearerError),
    security(("bearer" = []), ("password" = [])),
)]
#[allow(dead_code, reason = "it is documented, not called")]
fn me() {}

#[derive(OpenApi)]
#[openapi(info(title = "Application", version = "7"), paths(me))]
struct Api;

#[derive(OpenApi)]
#[openapi(paths(me), components(schemas(BearerError)))]
struct ChecksOnly;

fn value(document: &utoipa::openapi::OpenApi) -> Value {
    serde_json::to_value(document).unwrap()
}

fn document(endpoints: &AuthEndpoints) -> Value {
    value(&endpoints.openapi())
}

fn addresses(document: &Value) -> Vec<&str> {
    document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// Every operation.
fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values())
}

fn assert_references_lead_somewhere(document: &Value) {
    fn references<'d>(value: &'d Value, found: &mut BTreeSet<&'d str>) {
        match value {
            Value::Object(object) => {
                found.extend(object.get("$ref").and_then(Value::as_str));
                object.values().for_each(|value| references(value, found));
            }
            Value::Array(list) => list.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    references(document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        assert!(
            document
                .pointer(reference.strip_prefix('#').unwrap())
                .is_some(),
            "{reference}"
        );
    }
}

/// Whatever is referred to is there.
fn assert_complete(document: &Value) {
    assert_references_lead_somewhere(document);
    for requirement in operations(document)
        .filter_map(|operation| operation["security"].as_array())
        .flatten()
    {
        for scheme in requirement.as_object().unwrap().keys() {
            assert!(
                document["components"]["securitySchemes"]
                    .get(scheme)
                    .is_some(),
                "{scheme}"
            );
        }
    }
}

#[test]
fn it_merges_into_the_applications_document() {
    let merged =
        value(&Api::openapi().merge_from(Login::new().endpoints().with_path("/auth").openapi()));
    assert_eq!(merged["info"]["title"], "Application");
    assert_eq!(addresses(&merged).len(), 9);
    assert!(
        merged["paths"]["/me"]["get"].is_object()
            && merged["paths"]["/auth/login"]["post"].is_object()
    );
    assert_complete(&merged);
    let ids: BTreeSet<_> = operations(&merged)
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 9, "{ids:?}");
}

#[test]
fn what_the_application_has_already_stays() {
    let mut own = Api::openapi();
    let credentials = ObjectBuilder::new().property("pin", ObjectBuilder::new());
    own.components
        .get_or_insert(Components::new())
        .schemas
        .insert("LoginRequest".to_owned(), credentials.into());
    let merged = value(&own.merge_from(Login::new().endpoints().with_path("/auth").openapi()));
    assert!(merged["components"]["schemas"]["LoginRequest"]["properties"]["pin"].is_object());
    assert!(
        merged["components"]["schemas"]["LoginRequest"]["properties"]
            .get("password")
            .is_none()
    );
}

#[test]
fn an_application_that_only_checks_tokens_documents_its_refusals() {
    let document = value(&ChecksOnly::openapi());
    assert_eq!(
        document["components"]["schemas"]["AuthError"]["required"],
        json!(["error", "error_description"])
    );
    assert_references_lead_somewhere(&document);
}

#[test]
fn addresses_begin_with_the_path() {
    let login = Login::new();
    let below = |path: &str| {
        [
            "/login",
            "/logout",
            "/logout-everywhere",
            "/reauthenticate",
            "/refresh",
            "/sessions",
            "/sessions/{id}",
            "/token",
        ]
        .map(|endpoint| format!("{path}{endpoint}"))
    };
    for (named, path) in [
        ("/auth", "/auth"),
        ("/api/auth/", "/api/auth"),
        ("auth", "/auth"),
        ("", ""),
        ("/", ""),
    ] {
        let document = document(&login.endpoints().with_path(named));
        assert_eq!(addresses(&document), below(path), "{named}");
        let flow = &document["components"]["securitySchemes"]["password"]["flows"]["password"];
        assert_eq!(
            (&flow["tokenUrl"], &flow["refreshUrl"]),
            (
                &json!(format!("{path}/token")),
                &json!(format!("{path}/token"))
            )
        );
    }
    assert_eq!(addresses(&document(&login.endpoints())), below(""));
}

#[test]
fn the_endpoints_of_two_kinds_of_users_are_one_document() {
    let (users, staff) = (Login::new(), Login::new());
    let merged = users
        .endpoints()
        .with_path("/auth")
        .openapi()
        .merge_from(staff.endpoints().with_path("/staff/auth").openapi());
    let merged = value(&merged);
    let ids: BTreeSet<_> = operations(&merged)
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 16, "{ids:?}");
    assert!(
        ids.contains("auth_login") && ids.contains("staff_auth_login"),
        "{ids:?}"
    );
}

#[test]
fn both_media_types_have_the_same_schema() {
    let document = document(&Login::new().endpoints());
    for endpoint in ["/login", "/refresh", "/token", "/logout"] {
        let content = &document["paths"][endpoint]["post"]["requestBody"]["content"];
        assert_eq!(content.as_object().unwrap().len(), 2, "{endpoint}");
        assert_eq!(
            content["application/json"], content["application/x-www-form-urlencoded"],
            "{endpoint}"
        );
    }
}
