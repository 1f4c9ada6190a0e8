//! The responses of the endpoints that need an access token.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use serde_json::Value;
use support::{Login, MINUTE, StoreFault, bearer, claims_of, form, signed_in, with_header};

use super::{Checked, malformed};

#[tokio::test]
async fn every_answer_of_an_endpoint_for_those_who_are_signed_in_is_documented() {
    let login = Login::new();
    let mut checked = Checked::new(login.endpoints());
    let tokens = login.log_in("alice").await;
    let id = format!(
        "/sessions/{}",
        claims_of(&login.log_in("alice").await.access)["sid"]
            .as_str()
            .unwrap()
    );
    let requests = [
        ("GET", "/sessions"),
        ("DELETE", &*id),
        ("POST", "/logout-everywhere"),
    ];
    for (method, path) in requests {
        let nobody = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        checked
            .ask(nobody)
            .await
            .assert_error(401, "unauthorized", Some("token_missing"));
        checked
            .ask(signed_in(method, path, "no-token"))
            .await
            .assert_invalid_token("token_invalid");
        checked
            .ask(malformed(signed_in(method, path, &tokens.access)))
            .await;
        checked
            .ask(signed_in(
                method,
                &format!("{path}?access_token=b"),
                &tokens.access,
            ))
            .await
            .assert_error(400, "invalid_request", None);
    }
    for (method, path) in requests {
        login.store.set_fault(Some(StoreFault::All));
        checked
            .ask(signed_in(method, path, &tokens.access))
            .await
            .assert_unavailable();
        login.store.set_fault(None);
    }
    let listed = checked
        .ask(signed_in("GET", "/sessions", &tokens.access))
        .await
        .json();
    let list = &checked.document["components"]["schemas"]["SessionList"];
    let described = &list["properties"]["sessions"]["items"]["properties"];
    let names = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(names(&listed["sessions"][0]), names(described));
    checked.ask(signed_in("DELETE", &id, &tokens.access)).await;
    checked
        .ask(signed_in("DELETE", &id, &tokens.access))
        .await
        .assert_error(404, "invalid_request", None);
    checked
        .ask(signed_in("POST", "/logout-everywhere", &tokens.access))
        .await;
    checked
        .ask(signed_in("GET", "/sessions", &tokens.access))
        .await
        .assert_invalid_token("session_revoked");
    let expired = login.log_in("alice").await;
    login.clock.advance(100 * MINUTE);
    checked
        .ask(signed_in("GET", "/sessions", &expired.access))
        .await
        .assert_invalid_token("token_expired");
    for (template, method) in [
        ("/sessions", "get"),
        ("/sessions/{id}", "delete"),
        ("/logout-everywhere", "post"),
    ] {
        for status in checked.document["paths"][template][method]["responses"]
            .as_object()
            .unwrap()
            .keys()
        {
            assert!(
                checked
                    .seen
                    .contains(&(template.to_owned(), status.parse().unwrap())),
                "{template} has never answered {status}"
            );
        }
    }
}

#[tokio::test]
async fn every_answer_of_the_re_authentication_is_documented() {
    let login = Login::new();
    let mut checked = Checked::new(login.endpoints());
    let tokens = login.log_in("alice").await;
    let path = "/reauthenticate";
    let request = |access: &str, password: &str| {
        let request = form(path, &[("username", "alice"), ("password", password)]);
        with_header(request, "authorization", &bearer(access))
    };
    let right = login.accounts.password_of("alice");
    let answer = checked.ask(request(&tokens.access, &right)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let schema = &checked.document["components"]["schemas"]["AccessTokenResponse"];
    let required = schema["required"].as_array().unwrap();
    let body = answer.json();
    for name in required {
        assert!(body.get(name.as_str().unwrap()).is_some(), "{name}");
    }
    assert!(
        body.as_object()
            .unwrap()
            .keys()
            .all(|name| schema["properties"].get(name).is_some())
    );
    checked
        .ask(request(&tokens.access, "wrong"))
        .await
        .assert_error(400, "invalid_grant", Some("credentials_invalid"));
    checked
        .ask(request("no-token", &right))
        .await
        .assert_invalid_token("token_invalid");
    let typed = with_header(
        request(&tokens.access, &right),
        "content-type",
        "text/plain",
    );
    assert_eq!(checked.ask(typed).await.status, 415);
    let large = request(&tokens.access, &"x".repeat(9000));
    assert_eq!(checked.ask(large).await.status, 413);
    login.store.set_fault(Some(StoreFault::All));
    let answer = checked.ask(request(&tokens.access, &right)).await;
    answer.assert_unavailable();
}
