//! `POST /auth/token`: login and refresh at one address, as stock OAuth clients want it (RFC 6749
//! section 3.2).

mod grant_type;
mod refusals;

use axum::Router;
use http::header::WWW_AUTHENTICATE;
use serde_json::json;
use support::{Login, MINUTE, Received, bearer, claims_of, form, json_request, with_header};
use tower::ServiceExt;

const PASSWORD: [(&str, &str); 3] = [
    ("grant_type", "password"),
    ("username", "alice"),
    ("password", "wonderland-7"),
];

fn refresh(token: &str) -> [(&'static str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

#[track_caller]
fn assert_refused(answer: &Received, status: u16, error: &str, reason: Option<&str>) {
    answer.assert_error(status, error, reason);
    assert!(!answer.headers.contains_key(WWW_AUTHENTICATE), "{answer:?}");
    answer.assert_not_stored();
}

#[tokio::test]
async fn a_password_and_a_refresh_token_are_the_two_grants() {
    let login = Login::new();
    login
        .accounts
        .change("alice", |account| account.scope = "read write");
    let first = login.post("/token", &PASSWORD).await.tokens();
    let names: Vec<_> = first
        .body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        [
            "access_token",
            "authorization_expires_in",
            "device_mark",
            "expires_in",
            "refresh_token",
            "refresh_token_expires_in",
            "refresh_token_timeout",
            "scope",
            "token_type"
        ]
    );
    assert_eq!(
        (&first.body["token_type"], &claims_of(&first.access)["sub"]),
        (&json!("Bearer"), &json!("alice"))
    );
    login.clock.advance(MINUTE);
    let second = login
        .post("/token", &refresh(&first.refresh))
        .await
        .tokens();
    assert_ne!(
        (&first.access, &first.refresh),
        (&second.access, &second.refresh)
    );
    assert_eq!(login.me(&second.access).await.status, 200);
    // Each endpoint takes the tokens of the other.
    login.clock.advance(MINUTE);
    let third = login.refresh(&second.refresh).await.tokens();
    login.clock.advance(MINUTE);
    login
        .post("/token", &refresh(&third.refresh))
        .await
        .tokens();
}

#[tokio::test]
async fn json_does_as_well() {
    let login = Login::new();
    let body = json!({ "grant_type": "password", "username": "alice", "password": "wonderland-7" });
    let tokens = login.send(json_request("/token", &body)).await.tokens();
    let body = json!({ "grant_type": "refresh_token", "refresh_token": tokens.refresh });
    login.send(json_request("/token", &body)).await.tokens();
}

/// Stock clients send these parameters in any case. There is no client registry here, so they are
/// not read.
#[tokio::test]
async fn what_else_a_client_says_is_ignored() {
    let login = Login::new();
    let more = [
        ("client_id", "an-app"),
        ("client_secret", "s3cret"),
        ("resource", "https://elsewhere.example.com"),
        ("audience", "elsewhere"),
        ("redirect_uri", "https://evil.test"),
        ("scope", ""),
        ("code_verifier", "x"),
    ];
    let plain = claims_of(&login.post("/token", &PASSWORD).await.tokens().access);
    let by_password = with_header(
        form("/token", &[&PASSWORD[..], &more].concat()),
        "authorization",
        "Basic YW4tYXBwOg==",
    );
    let first = login.send(by_password).await.tokens();
    login.clock.advance(MINUTE);
    let by_refresh = with_header(
        form("/token", &[&refresh(&first.refresh)[..], &more].concat()),
        "authorization",
        "Basic YW4tYXBwOg==",
    );
    let second = login.send(by_refresh).await.tokens();
    for tokens in [first, second] {
        let claims = claims_of(&tokens.access);
        assert_eq!(
            (&claims["aud"], &claims["sub"]),
            (&plain["aud"], &plain["sub"])
        );
        assert!(
            claims.get("client_id").is_none() && claims.get("scope").is_none(),
            "{claims}"
        );
    }
}

#[tokio::test]
async fn each_grant_ignores_the_parameters_of_the_other() {
    let login = Login::new();
    let alices = login
        .post(
            "/token",
            &[&PASSWORD[..], &[("refresh_token", "rt1_abc")]].concat(),
        )
        .await
        .tokens();
    login.clock.advance(MINUTE);
    let bob = [("username", "bob"), ("password", "builder-8")];
    let renewed = login
        .post("/token", &[&refresh(&alices.refresh)[..], &bob].concat())
        .await
        .tokens();
    assert_eq!(claims_of(&renewed.access)["sub"], "alice");
}

#[tokio::test]
async fn a_login_and_a_refresh_grant_what_there_is_of_the_scope_that_is_asked_for() {
    let login = Login::new();
    login
        .accounts
        .change("alice", |account| account.scope = "read write");
    let first = login.post("/token", &PASSWORD).await.tokens();
    let refresh = refresh(&first.refresh);
    for (path, grant) in [
        ("/token", &PASSWORD[..]),
        ("/login", &PASSWORD[1..]),
        ("/token", &refresh[..]),
        ("/refresh", &refresh[1..]),
    ] {
        for (asked, granted) in [
            ("read", "read"),
            ("read write", "read write"),
            ("write read", "write read"),
            ("read admin", "read"),
            ("openid profile write offline_access", "write"),
            // Nothing of it is granted, so the token allows nothing, and the response says so.
            ("openid", ""),
            ("READ rea", ""),
            ("", "read write"),
            (" ", "read write"),
        ] {
            let request = [grant, &[("scope", asked)]].concat();
            let tokens = login.post(path, &request).await.tokens();
            assert_eq!(tokens.body["scope"], granted, "{path} {asked:?}");
            let claim = claims_of(&tokens.access).get("scope").cloned();
            let expected = Some(json!(granted)).filter(|_| !granted.is_empty());
            assert_eq!(claim, expected, "{path} {asked:?}");
        }
        for malformed in ["re\"ad", "caf\u{e9}", "a\\b", "a\tb"] {
            let request = [grant, &[("scope", malformed)]].concat();
            let answer = login.post(path, &request).await;
            assert_refused(&answer, 400, "invalid_scope", None);
        }
        let mut body: serde_json::Map<_, _> = grant
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        // It is not a scope, but may be a field of the application's credentials.
        body.insert("scope".to_owned(), json!(["read"]));
        login.send(json_request(path, &body.into())).await.tokens();
    }
}

#[tokio::test]
async fn a_scope_in_json_is_a_text_or_a_list_of_words() {
    let login = Login::new();
    login
        .accounts
        .change("alice", |account| account.scope = "read write");
    let first = login.post("/token", &PASSWORD).await.tokens();
    let refresh = refresh(&first.refresh);
    for (path, grant) in [
        ("/token", &PASSWORD[..]),
        ("/login", &PASSWORD[1..]),
        ("/token", &refresh[..]),
        ("/refresh", &refresh[1..]),
    ] {
        let send = async |scope: &serde_json::Value| {
            let mut body: serde_json::Map<_, _> = grant
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)))
                .collect();
            body.insert("scope".to_owned(), scope.clone());
            login.send(json_request(path, &body.into())).await
        };
        for (scope, granted) in [
            (json!("read"), "read"),
            (json!(["read"]), "read"),
            (json!(["write", "read"]), "write read"),
            (json!(["read", "admin"]), "read"),
            (json!(["read write"]), "read write"),
            (json!(["openid"]), ""),
            // An empty scope asks for everything.
            (json!([]), "read write"),
            (json!([""]), "read write"),
            (json!(null), "read write"),
        ] {
            let tokens = send(&scope).await.tokens();
            assert_eq!(tokens.body["scope"], granted, "{path} {scope}");
        }
        for malformed in [json!(["re\"ad"]), json!(["read", "caf\u{e9}"])] {
            assert_refused(&send(&malformed).await, 400, "invalid_scope", None);
        }
        for other in [
            json!(1),
            json!(true),
            json!(false),
            json!({}),
            json!({ "read": true }),
            json!([1]),
            json!(["read", 1]),
            json!(["read", null]),
            json!([["read"]]),
        ] {
            let answer = send(&other).await;
            if path == "/login" {
                // It may be a field of the application's credentials.
                assert_eq!(answer.tokens().body["scope"], "read write", "{other}");
            } else {
                assert_refused(&answer, 400, "invalid_scope", None);
            }
        }
    }
}

#[tokio::test]
async fn a_copy_that_comes_back_ends_the_session_here_too() {
    let login = Login::new();
    let first = login.post("/token", &PASSWORD).await.tokens();
    login.clock.advance(MINUTE);
    let second = login
        .post("/token", &refresh(&first.refresh))
        .await
        .tokens();
    login.clock.advance(MINUTE);
    let third = login
        .post("/token", &refresh(&second.refresh))
        .await
        .tokens();
    login.confirm(&third).await;
    login
        .post("/token", &refresh(&first.refresh))
        .await
        .assert_invalid_grant("refresh_reused");
    login
        .me(&third.access)
        .await
        .assert_invalid_token("session_revoked");
}

#[tokio::test]
async fn an_idempotency_key_counts_here_too() {
    let login = Login::new();
    let first = login.post("/token", &PASSWORD).await.tokens();
    login.clock.advance(MINUTE);
    let ask = || {
        with_header(
            form("/token", &refresh(&first.refresh)),
            "idempotency-key",
            "one",
        )
    };
    let tokens = login.send(ask()).await.tokens();
    login.clock.advance(MINUTE);
    assert_eq!(login.send(ask()).await.tokens().refresh, tokens.refresh);
    let twice = with_header(ask(), "idempotency-key", "one");
    assert_refused(&login.send(twice).await, 400, "invalid_request", None);
}

#[tokio::test]
async fn a_login_takes_the_place_of_the_session_that_it_bears() {
    let login = Login::new();
    let before = login.post("/token", &PASSWORD).await.tokens();
    let again = with_header(
        form("/token", &PASSWORD),
        "authorization",
        &bearer(&before.access),
    );
    let after = login.send(again).await.tokens();
    login
        .me(&before.access)
        .await
        .assert_invalid_token("session_revoked");
    assert_eq!(login.me(&after.access).await.status, 200);
    // A refresh does not look at the header, whatever it holds.
    login.clock.advance(MINUTE);
    let other = login.log_in("bob").await;
    let refreshed = with_header(
        form("/token", &refresh(&after.refresh)),
        "authorization",
        &bearer(&other.access),
    );
    let refreshed = login.send(refreshed).await.tokens();
    assert_eq!(login.me(&other.access).await.status, 200);
    login.clock.advance(MINUTE);
    login
        .send(with_header(
            form("/token", &refresh(&refreshed.refresh)),
            "authorization",
            "Bearer",
        ))
        .await
        .tokens();
}

#[tokio::test]
async fn it_is_mounted_by_itself_too() {
    let login = Login::new();
    let app: Router =
        Router::new().route_service("/oauth/token", login.sessions.endpoints().token());
    let ask = async |parameters: &[(&str, &str)]| {
        Received::read(app.clone().oneshot(form("/oauth/token", parameters))).await
    };
    let tokens = ask(&PASSWORD).await.tokens();
    ask(&refresh(&tokens.refresh)).await.tokens();
    assert_refused(&ask(&PASSWORD[1..]).await, 400, "invalid_request", None);
    // The response does not contain any value that was sent.
    let marked = ask(&[("grant_type", "xXmarkXx"), ("xXmarkXx", "xXmarkXx")]).await;
    assert_refused(&marked, 400, "unsupported_grant_type", None);
    assert!(!format!("{marked:?}").contains("xXmarkXx"));
}
