//! `POST /auth/login`: credentials become tokens.

use serde_json::json;
use support::{Login, bearer, claims_of, form, names, with_header};

// requirements 3, 26
#[tokio::test]
async fn a_login_by_form_answers_the_members_of_rfc_6749_the_end_and_the_mark() {
    let login = Login::new();
    let body = login.log_in("alice").await.body;
    // In the order of the alphabet, as the reader keeps them.
    assert_eq!(
        names(&body),
        [
            "access_token",
            "authorization_expires_in",
            "device_mark",
            "expires_in",
            "refresh_token",
            "refresh_token_expires_in",
            "refresh_token_timeout",
            "token_type"
        ]
    );
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 1800);
    assert_eq!(body["refresh_token_expires_in"], 604_800);
    assert_eq!(body["refresh_token_timeout"], 604_800);
    assert_eq!(body["authorization_expires_in"], 90 * 86_400);

    login
        .accounts
        .change("alice", |account| account.scope = "orders:read admin");
    let body = login.log_in("alice").await.body;
    assert_eq!(names(&body).len(), 9);
    assert_eq!(body["scope"], "orders:read admin");
}

#[tokio::test]
async fn a_login_by_json_answers_the_same() {
    let login = Login::new();
    let by_json = json!({ "username": "alice", "password": "wonderland-7" });
    let tokens = login
        .send(support::json_request("/login", &by_json))
        .await
        .tokens();
    assert_eq!(
        names(&tokens.body),
        names(&login.log_in("alice").await.body)
    );
    assert_eq!(claims_of(&tokens.access)["sub"], "alice");
}

// requirement 4
#[tokio::test]
async fn no_answer_of_a_login_may_be_stored() {
    let login = Login::new();
    let credentials = [("username", "alice"), ("password", "wonderland-7")];
    for answer in [
        login.post("/login", &credentials).await,
        login.post("/login", &credentials[..1]).await,
    ] {
        answer.assert_not_stored();
    }
}

// requirement 11
#[tokio::test]
async fn the_grant_type_may_be_absent_and_is_else_password() {
    let login = Login::new();
    let credentials = |grant_type| {
        [
            ("username", "alice"),
            ("password", "wonderland-7"),
            ("grant_type", grant_type),
        ]
    };
    for grant_type in ["password", ""] {
        login
            .post("/login", &credentials(grant_type))
            .await
            .tokens();
    }
    for other in [
        "refresh_token",
        "client_credentials",
        "Password",
        "password ",
    ] {
        login
            .post("/login", &credentials(other))
            .await
            .assert_error(400, "unsupported_grant_type", None);
    }
}

// requirements 5, 70
#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let login = Login::new();
    let wrong = login
        .post(
            "/login",
            &[("username", "alice"), ("password", "builder-8")],
        )
        .await;
    wrong.assert_invalid_grant("credentials_invalid");
    let unknown = login
        .post(
            "/login",
            &[("username", "mallory"), ("password", "builder-8")],
        )
        .await;
    assert_eq!(wrong, unknown);
}

#[tokio::test]
async fn user_name_and_password_are_compared_as_they_were_received() {
    let login = Login::new();
    for (name, password) in [
        ("Alice", "wonderland-7"),
        (" alice", "wonderland-7"),
        ("alice", "wonderland-7 "),
    ] {
        let answer = login
            .post("/login", &[("username", name), ("password", password)])
            .await;
        answer.assert_invalid_grant("credentials_invalid");
    }
    // `+` and `%` are the form's own, and stand for themselves when they are encoded.
    login.accounts.change("alice", |account| {
        account.password = " p+%\u{fc}&=\u{1f512}".to_owned();
    });
    login.log_in("alice").await;
}

#[tokio::test]
async fn the_authorization_of_another_scheme_is_ignored() {
    let login = Login::new();
    let request = form(
        "/login",
        &[("username", "alice"), ("password", "wonderland-7")],
    );
    login
        .send(with_header(
            request,
            "authorization",
            "Basic Y2xpZW50OnNlY3JldA==",
        ))
        .await
        .tokens();
}

// requirement 2
#[tokio::test]
async fn parameters_that_are_not_known_are_ignored() {
    let login = Login::new();
    let known = [("username", "alice"), ("password", "wonderland-7")];
    let unknown = [
        ("client_id", "web"),
        ("client_secret", "x"),
        ("scope", "admin"),
        ("utf8", "\u{2713}"),
    ];
    let tokens = login
        .post("/login", &[&known[..], &unknown].concat())
        .await
        .tokens();
    // A requested scope that was not granted is not in the token.
    assert_eq!(claims_of(&tokens.access).get("scope"), None);

    let nested = json!({
        "username": "alice",
        "password": "wonderland-7",
        "extra": { "a": [1, null] },
        "scope": 5,
    });
    login
        .send(support::json_request("/login", &nested))
        .await
        .tokens();
}

// requirement 2
#[tokio::test]
async fn an_empty_parameter_counts_as_absent() {
    let login = Login::new();
    login
        .post("/login", &[("username", ""), ("password", "x")])
        .await
        .assert_error(400, "invalid_request", None);
    login
        .post("/login", &[("username", "alice"), ("password", "")])
        .await
        .assert_error(400, "invalid_request", None);
}

// requirement 67
#[tokio::test]
async fn every_login_is_a_session_of_its_own() {
    let login = Login::new();
    let (first, second) = (login.log_in("alice").await, login.log_in("alice").await);
    assert_ne!(
        claims_of(&first.access)["sid"],
        claims_of(&second.access)["sid"]
    );
    assert_ne!(first.refresh, second.refresh);
    // Another device is not logged out.
    login.refresh(&first.refresh).await.tokens();
}

// requirement 67
#[tokio::test]
async fn a_login_that_bears_an_access_token_ends_the_session_of_that_token() {
    let login = Login::new();
    let before = login.log_in("alice").await;
    let request = form(
        "/login",
        &[("username", "alice"), ("password", "wonderland-7")],
    );
    let after = login
        .send(with_header(
            request,
            "authorization",
            &bearer(&before.access),
        ))
        .await
        .tokens();
    assert_ne!(
        claims_of(&before.access)["sid"],
        claims_of(&after.access)["sid"]
    );

    login
        .me(&before.access)
        .await
        .assert_invalid_token("session_revoked");
    login
        .refresh(&before.refresh)
        .await
        .assert_invalid_grant("session_revoked");
    assert_eq!(login.me(&after.access).await.status, 200);

    // One that has expired says just as well which session it was.
    login.clock.advance(2 * support::HOUR);
    let request = form(
        "/login",
        &[("username", "alice"), ("password", "wonderland-7")],
    );
    login
        .send(with_header(
            request,
            "authorization",
            &bearer(&after.access),
        ))
        .await
        .tokens();
    login
        .refresh(&after.refresh)
        .await
        .assert_invalid_grant("session_revoked");
}

// requirement 67
#[tokio::test]
async fn a_login_that_fails_ends_nothing() {
    let login = Login::new();
    let before = login.log_in("alice").await;
    let request = form("/login", &[("username", "alice"), ("password", "wrong")]);
    let refused = login
        .send(with_header(
            request,
            "authorization",
            &bearer(&before.access),
        ))
        .await;
    refused.assert_invalid_grant("credentials_invalid");
    assert_eq!(login.me(&before.access).await.status, 200);
}
