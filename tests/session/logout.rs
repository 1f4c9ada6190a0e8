//! `POST /auth/logout` (RFC 7009), and what it does to access tokens.

use serde_json::json;
use support::{DAY, HOUR, Login, MINUTE, bearer, form, with_header};

/// Over for both tokens, from the very next request on.
async fn assert_over(login: &Login, tokens: &support::Tokens) {
    login
        .me(&tokens.access)
        .await
        .assert_invalid_token("session_revoked");
    login
        .refresh(&tokens.refresh)
        .await
        .assert_invalid_grant("session_revoked");
}

// requirements 53, 55, 57
#[tokio::test]
async fn a_logout_by_refresh_token_is_felt_by_the_very_next_request() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    assert_eq!(login.me(&tokens.access).await.status, 200);
    login.log_out(&tokens.refresh).await;
    assert_over(&login, &tokens).await;
}

// requirements 53, 55
#[tokio::test]
async fn a_logout_by_access_token_ends_the_whole_session() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    assert_eq!(login.me(&tokens.access).await.status, 200);
    login.log_out(&tokens.access).await;
    assert_over(&login, &tokens).await;
}

// requirement 59
#[tokio::test]
async fn a_logout_by_an_access_token_that_has_expired_works() {
    let login = Login::new();
    let first = login.log_in("alice").await;
    login.clock.advance(2 * HOUR);
    let second = login.refresh(&first.refresh).await.tokens();
    login
        .me(&first.access)
        .await
        .assert_invalid_token("token_expired");
    login.log_out(&first.access).await;
    assert_over(&login, &second).await;
}

// requirement 59
#[tokio::test]
async fn a_logout_by_a_refresh_token_of_any_generation_works() {
    for generation in 0..3 {
        let login = Login::new();
        let mut all = vec![login.log_in("alice").await];
        for _ in 0..2 {
            login.clock.advance(MINUTE);
            all.push(login.refresh(&all[all.len() - 1].refresh).await.tokens());
        }
        login.log_out(&all[generation].refresh).await;
        assert_over(&login, &all[2]).await;
    }
}

// requirement 59
#[tokio::test]
async fn a_logout_by_the_authorization_header_works() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let answer = login
        .send(with_header(
            form("/logout", &[]),
            "authorization",
            &bearer(&tokens.access),
        ))
        .await;
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    assert_over(&login, &tokens).await;

    // Without a body, and so without a media type.
    let tokens = login.log_in("alice").await;
    let answer = login
        .send(support::signed_in("POST", "/logout", &tokens.access))
        .await;
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    assert_over(&login, &tokens).await;
}

// requirement 55
#[tokio::test]
async fn the_parameter_wins_over_the_header() {
    let login = Login::new();
    let (one, other) = (login.log_in("alice").await, login.log_in("alice").await);
    let request = form("/logout", &[("token", &one.refresh)]);
    assert_eq!(
        login
            .send(with_header(
                request,
                "authorization",
                &bearer(&other.access)
            ))
            .await
            .status,
        200
    );
    assert_over(&login, &one).await;
    assert_eq!(login.me(&other.access).await.status, 200);

    let request = form("/logout", &[("token", &other.refresh)]);
    assert_eq!(
        login
            .send(with_header(request, "authorization", "Basic YTpi"))
            .await
            .status,
        200
    );
    assert_over(&login, &other).await;
}

// requirement 55
#[tokio::test]
async fn a_wrong_hint_does_not_matter() {
    let login = Login::new();
    for hint in ["access_token", "refresh_token", "no_such_type", ""] {
        for by_access_token in [true, false] {
            let tokens = login.log_in("alice").await;
            let token = if by_access_token {
                &tokens.access
            } else {
                &tokens.refresh
            };
            assert_eq!(
                login
                    .post("/logout", &[("token", token), ("token_type_hint", hint)])
                    .await
                    .status,
                200
            );
            assert_over(&login, &tokens).await;
        }
    }
}

// requirement 56
#[tokio::test]
async fn a_token_that_is_not_known_is_logged_out_already() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let strangers = Login::new().log_in("alice").await;
    for token in [
        "x",
        "rt1_",
        "a.b.c",
        "\u{1f512}",
        "\0",
        &strangers.refresh,
        &strangers.access,
    ] {
        login.log_out(token).await;
    }
    assert_eq!(login.me(&tokens.access).await.status, 200);
    login.refresh(&tokens.refresh).await.tokens();

    // One of ours, whose row is long gone.
    login.clock.advance(200 * DAY);
    login.sessions.delete_expired().await.unwrap();
    login.log_out(&tokens.refresh).await;
}

// requirements 56, 59
#[tokio::test]
async fn a_second_logout_is_a_logout() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    for token in [&tokens.refresh, &tokens.refresh, &tokens.access] {
        login.log_out(token).await;
    }
    assert_over(&login, &tokens).await;
}

// requirement 55
#[tokio::test]
async fn a_logout_of_nothing_is_refused() {
    let login = Login::new();
    login
        .post("/logout", &[])
        .await
        .assert_error(400, "invalid_request", None);
    login
        .post("/logout", &[("token", "")])
        .await
        .assert_error(400, "invalid_request", None);
    login
        .send(support::json_request("/logout", &json!({})))
        .await
        .assert_error(400, "invalid_request", None);
    let basic = with_header(form("/logout", &[]), "authorization", "Basic YTpi");
    login
        .send(basic)
        .await
        .assert_error(400, "invalid_request", None);
}

// requirement 42
#[tokio::test]
async fn a_malformed_header_is_refused_in_the_words_of_rfc_6750() {
    let login = Login::new();
    for value in ["Bearer", "Bearer ", "Bearer a b"] {
        let answer = login
            .send(with_header(form("/logout", &[]), "authorization", value))
            .await;
        answer.assert_error(400, "invalid_request", Some("token_malformed"));
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.starts_with("Bearer error=\"invalid_request\""),
            "{challenge}"
        );
    }
    let tokens = login.log_in("alice").await;
    let twice = with_header(
        form("/logout", &[]),
        "authorization",
        &bearer(&tokens.access),
    );
    let answer = login
        .send(with_header(twice, "authorization", &bearer(&tokens.access)))
        .await;
    answer.assert_error(400, "invalid_request", Some("token_malformed"));
    assert_eq!(login.me(&tokens.access).await.status, 200);
}

#[tokio::test]
async fn a_logout_ends_no_other_session() {
    let login = Login::new();
    let (mine, phone, bobs) = (
        login.log_in("alice").await,
        login.log_in("alice").await,
        login.log_in("bob").await,
    );
    login.log_out(&mine.refresh).await;
    for tokens in [phone, bobs] {
        assert_eq!(login.me(&tokens.access).await.status, 200);
        login.refresh(&tokens.refresh).await.tokens();
    }
}

#[tokio::test]
async fn a_logout_by_json_works() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let body = json!({ "token": tokens.access, "token_type_hint": "access_token", "more": [1] });
    assert_eq!(
        login
            .send(support::json_request("/logout", &body))
            .await
            .json(),
        json!({})
    );
    assert_over(&login, &tokens).await;
}
