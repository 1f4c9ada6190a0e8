//! Parameters that are repeated, missing, of another type, or in the query string.

use axum::body::Body;
use http::Request;
use support::{Login, form, signed_in};

use super::{FORM, JSON, READ, post};

// requirement 2
#[tokio::test]
async fn a_repeated_parameter_is_refused() {
    let login = Login::new();
    for path in READ {
        for body in [
            "a=1&a=1",
            "username=alice&password=x&username=bob",
            "token=a&token=",
            "token=&token=",
            "a&a",
        ] {
            login
                .send(post(path, FORM, body))
                .await
                .assert_error(400, "invalid_request", None);
        }
        for body in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"token": "a", "to\u006ben": "a"}"#,
            r#"{"token": null, "token": "a"}"#,
            // Deep inside it counts too: an application may read what is there.
            r#"{"username": "alice", "password": "x", "more": {"a": 1, "a": 2}}"#,
            r#"{"username": "alice", "password": "x", "more": [[{"a": 1, "\u0061": 1}]]}"#,
        ] {
            login
                .send(post(path, JSON, body))
                .await
                .assert_error(400, "invalid_request", None);
        }
    }
}

/// PostgreSQL does not take it as text, so it would be an outage to the application.
#[tokio::test]
async fn credentials_with_u_0000_are_refused() {
    let login = Login::new();
    for (media_type, body) in [
        (FORM, "username=alice%00&password=wonderland-7"),
        (FORM, "username=%00&password=x"),
        (FORM, "username=alice&password=wonderland-7%00"),
        (FORM, "username=alice&password=wonderland-7&more=%00"),
        (FORM, "username=alice&password=wonderland-7&token=%00"),
        (JSON, r#"{"username": "alice\u0000", "password": "x"}"#),
        (
            JSON,
            r#"{"username": "a", "password": "x", "more": [{"a": "\u0000"}]}"#,
        ),
        (
            JSON,
            r#"{"username": "a", "password": "x", "more": {"\u0000": 1}}"#,
        ),
    ] {
        let answer = login.send(post("/login", media_type, body)).await;
        answer.assert_error(400, "invalid_request", None);
        let said = answer.json()["error_description"].clone();
        assert_eq!(said, "a parameter has the character U+0000", "{body}");
    }
}

// requirement 5
#[tokio::test]
async fn a_missing_parameter_is_refused() {
    let login = Login::new();
    for path in READ {
        for request in [
            form(path, &[]),
            post(path, JSON, "{}"),
            form(path, &[("username", "alice")]),
            form(path, &[("x", "y")]),
        ] {
            login
                .send(request)
                .await
                .assert_error(400, "invalid_request", None);
        }
        login
            .send(Request::post(path).body(Body::empty()).unwrap())
            .await
            .assert_error(400, "invalid_request", None);
    }
}

// requirement 5
#[tokio::test]
async fn json_that_is_no_object_of_texts_is_refused() {
    let login = Login::new();
    let deep = format!("{}{}", "[".repeat(4000), "]".repeat(4000));
    for path in READ {
        for body in [
            "[]",
            "1",
            "\"a\"",
            "null",
            "true",
            "",
            "{",
            "{}{}",
            "{\"token\": }",
            "\u{feff}{}",
            deep.as_str(),
        ] {
            login
                .send(post(path, JSON, body.to_owned()))
                .await
                .assert_error(400, "invalid_request", None);
        }
        for value in ["1", "1.5", "true", "[]", "[\"a\"]", "{}", "{\"a\": \"b\"}"] {
            let body = format!(
                r#"{{"username": {value}, "password": {value},
                     "refresh_token": {value}, "token": {value}}}"#
            );
            login
                .send(post(path, JSON, body))
                .await
                .assert_error(400, "invalid_request", None);
        }
    }
}

// requirement 5
#[tokio::test]
async fn parameters_in_the_query_are_refused() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let body = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("refresh_token", &tokens.refresh),
        ("token", &tokens.refresh),
    ];
    for path in READ {
        for query in [
            "username=alice&password=wonderland-7",
            "token",
            "refresh_token=x",
            "utm_source=mail&pass%77ord=x",
            "scope=read",
            "dry_run=true",
            "dry_run",
        ] {
            login
                .send(form(&format!("{path}?{query}"), &body))
                .await
                .assert_error(400, "invalid_request", None);
        }
    }
    login.refresh(&tokens.refresh).await.tokens();
}

#[tokio::test]
async fn parameters_in_the_query_are_refused_where_no_body_is_read_too() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    for (method, path) in [
        ("GET", "/sessions?access_token=x"),
        ("POST", "/logout-everywhere?access_token=x"),
    ] {
        login
            .send(signed_in(method, path, &tokens.access))
            .await
            .assert_error(400, "invalid_request", None);
    }
}
