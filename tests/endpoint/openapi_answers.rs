//! Whatever the endpoints and the layer answer is in the document: status, media type, headers, and
//! the words of an error.

mod layer;
mod signed_in;

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use support::{Login, MINUTE, Received, StoreFault, form, json_request, signed_in, with_header};
use tower::ServiceExt;
use tower_bearer::{AuthEndpoints, CookieDelivery};

const PASSWORD: [(&str, &str); 2] = [("username", "alice"), ("password", "wonderland-7")];

fn document(endpoints: &AuthEndpoints) -> Value {
    serde_json::to_value(endpoints.openapi()).unwrap()
}

#[track_caller]
fn assert_documented(operation: &Value, answer: &Received) {
    let documented = &operation["responses"][answer.status.to_string()];
    assert!(
        documented.is_object(),
        "{} is not documented: {answer:?}",
        answer.status
    );
    let media_type = answer
        .headers
        .get(CONTENT_TYPE)
        .map(|value| value.to_str().unwrap());
    let types = documented["content"]
        .as_object()
        .map(|content| content.keys().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(
        types.unwrap_or_default(),
        media_type.into_iter().collect::<Vec<_>>(),
        "{answer:?}"
    );
    for header in [
        "Cache-Control",
        "WWW-Authenticate",
        "Retry-After",
        "Set-Cookie",
    ] {
        let is_documented = documented["headers"].get(header).is_some();
        assert!(
            is_documented || !answer.headers.contains_key(header),
            "{header}: {answer:?}"
        );
    }
    if answer.status >= 400 {
        let (body, description) = (answer.json(), documented["description"].as_str().unwrap());
        for word in [Some(&body["error"]), body.get("reason")]
            .into_iter()
            .flatten()
        {
            assert!(
                description.contains(&format!("`{}`", word.as_str().unwrap())),
                "{word} is not in {description:?}"
            );
        }
    }
}

/// Sends requests, and looks every answer up.
struct Checked {
    endpoints: AuthEndpoints,
    document: Value,
    seen: BTreeSet<(String, u16)>,
}

impl Checked {
    fn new(endpoints: AuthEndpoints) -> Self {
        let document = document(&endpoints);
        Self {
            endpoints,
            document,
            seen: BTreeSet::new(),
        }
    }

    #[track_caller]
    fn look_up(&mut self, (method, path): (&str, &str), answer: &Received) {
        let template = if path.starts_with("/sessions/") {
            "/sessions/{id}"
        } else {
            path
        };
        assert_documented(
            &self.document["paths"][template][method.to_ascii_lowercase()],
            answer,
        );
        self.seen.insert((template.to_owned(), answer.status));
    }

    async fn ask(&mut self, request: Request<Body>) -> Received {
        let (method, path) = (
            request.method().to_string(),
            request.uri().path().to_owned(),
        );
        let answer = Received::read(self.endpoints.clone().oneshot(request)).await;
        self.look_up((&method, &path), &answer);
        answer
    }
}

fn malformed(request: Request<Body>) -> Request<Body> {
    with_header(request, "authorization", "Bearer")
}

#[tokio::test]
async fn every_answer_of_an_endpoint_with_a_body_is_documented() {
    let login = Login::new();
    let mut checked = Checked::new(login.endpoints());
    let first = checked.ask(form("/login", &PASSWORD)).await.tokens();
    checked
        .ask(json_request(
            "/token",
            &json!({ "grant_type": "password", "username": "bob", "password": "builder-8" }),
        ))
        .await;
    checked
        .ask(form(
            "/login",
            &[("username", "alice"), ("password", "wrong")],
        ))
        .await
        .assert_invalid_grant("credentials_invalid");
    checked
        .ask(form(
            "/token",
            &[("grant_type", "password"), PASSWORD[0], ("password", "x")],
        ))
        .await;
    checked
        .ask(malformed(form("/login", &PASSWORD)))
        .await
        .tokens();
    checked
        .ask(malformed(form(
            "/token",
            &[("grant_type", "password"), PASSWORD[0], PASSWORD[1]],
        )))
        .await;
    checked
        .ask(malformed(form("/logout", &[])))
        .await
        .assert_error(400, "invalid_request", Some("token_malformed"));

    login.clock.advance(MINUTE);
    let second = checked
        .ask(form("/refresh", &[("refresh_token", &first.refresh)]))
        .await
        .tokens();
    checked
        .ask(form(
            "/token",
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", &second.refresh),
            ],
        ))
        .await
        .tokens();
    checked
        .ask(form("/refresh", &[("refresh_token", "rt1_none")]))
        .await
        .assert_invalid_grant("token_invalid");
    checked
        .ask(form(
            "/refresh",
            &[("refresh_token", &second.refresh), ("scope", "\u{e9}")],
        ))
        .await;
    for path in ["/refresh", "/token"] {
        let probe = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &*second.refresh),
            ("dry_run", "true"),
        ];
        assert_eq!(checked.ask(form(path, &probe)).await.status, 204);
    }
    checked
        .ask(form("/refresh", &[("grant_type", "password")]))
        .await
        .assert_error(400, "unsupported_grant_type", None);
    checked
        .ask(form("/token", &[("grant_type", "implicit")]))
        .await
        .assert_error(400, "unsupported_grant_type", None);
    checked
        .ask(form("/logout", &[("token", &second.refresh)]))
        .await;
    checked
        .ask(form("/refresh", &[("refresh_token", &second.refresh)]))
        .await
        .assert_invalid_grant("session_revoked");

    for path in ["/login", "/refresh", "/token", "/logout"] {
        checked
            .ask(form(path, &[]))
            .await
            .assert_error(400, "invalid_request", None);
        checked
            .ask(form(path, &[("device", &"x".repeat(9000))]))
            .await
            .assert_error(413, "invalid_request", None);
        let plain = Request::post(path)
            .header(CONTENT_TYPE, "text/plain")
            .body(Body::from("x"))
            .unwrap();
        checked
            .ask(plain)
            .await
            .assert_error(415, "invalid_request", None);
    }
    let other = checked.ask(form("/login", &PASSWORD)).await.tokens();
    for path in ["/login", "/token"] {
        let guess = || {
            form(
                path,
                &[
                    ("grant_type", "password"),
                    ("username", path),
                    ("password", "x"),
                ],
            )
        };
        while checked.ask(guess()).await.status != 429 {}
    }
    login.store.set_fault(Some(StoreFault::All));
    let of_a_refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*other.refresh),
    ];
    let down = [
        form("/login", &PASSWORD),
        form("/refresh", &of_a_refresh),
        form("/token", &of_a_refresh),
        form("/logout", &[("token", &other.refresh)]),
    ];
    for request in down {
        checked.ask(request).await.assert_unavailable();
    }
    // All documented responses were seen, except 500.
    for path in ["/login", "/refresh", "/token", "/logout"] {
        let documented = checked.document["paths"][path]["post"]["responses"]
            .as_object()
            .unwrap();
        for status in documented.keys().filter(|&status| status != "500") {
            assert!(
                checked
                    .seen
                    .contains(&(path.to_owned(), status.parse().unwrap())),
                "{path} has never answered {status}"
            );
        }
    }
}

#[tokio::test]
async fn with_cookies_it_says_what_they_change() {
    let login = Login::new();
    let without = document(&login.endpoints());
    assert!(!without.to_string().contains("cookie"));
    let mut checked = Checked::new(login.endpoints().with_cookies(CookieDelivery::new()));
    let by_cookie = form(
        "/login",
        &[PASSWORD[0], PASSWORD[1], ("delivery", "cookie")],
    );
    checked
        .ask(by_cookie)
        .await
        .assert_error(403, "access_denied", Some("cross_site"));
    let own = |request| with_header(request, "sec-fetch-site", "same-origin");
    let answer = checked
        .ask(own(form(
            "/login",
            &[PASSWORD[0], PASSWORD[1], ("delivery", "cookie")],
        )))
        .await;
    assert!(
        answer.json().get("refresh_token").is_none() && answer.headers.contains_key("set-cookie")
    );
    let cookie = answer.headers["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let held = |path| with_header(form(path, &[]), "cookie", &cookie);
    for path in ["/refresh", "/logout"] {
        checked
            .ask(held(path))
            .await
            .assert_error(403, "access_denied", Some("cross_site"));
        assert_eq!(checked.ask(own(held(path))).await.status, 200, "{path}");
    }
    let tokens = checked.ask(form("/login", &PASSWORD)).await.tokens();
    checked
        .ask(own(signed_in("POST", "/logout-everywhere", &tokens.access)))
        .await;
    for (schema, name) in [
        ("RefreshRequest", "refresh_token"),
        ("TokenResponse", "refresh_token"),
    ] {
        let demands = |document: &Value| {
            let required = document["components"]["schemas"][schema]["required"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            required.contains(&json!(name))
        };
        assert!(demands(&without) && !demands(&checked.document), "{schema}");
    }
}
