//! Users list their own sessions, end one, or end all.

use axum::body::Body;
use http::Request;
use http::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};
use support::{DAY, HOUR, Login, MINUTE, form, signed_in, with_header};
use tower_bearer::clock::Clock;

async fn list(login: &Login, access_token: &str) -> Vec<Value> {
    let answer = login
        .send(signed_in("GET", "/sessions", access_token))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["sessions"]
        .as_array()
        .expect("a list")
        .clone()
}

// requirement 73
#[tokio::test]
async fn the_list_says_what_a_user_needs_to_recognise_a_session() {
    let login = Login::new();
    // 00:00 on the clock; forty minutes on, so that hours do not come out by chance.
    login.clock.advance(40 * MINUTE);
    let created = login.clock.now();
    let parameters = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("device", "my phone"),
    ];
    let first = login.send(form("/login", &parameters)).await.tokens();
    login.clock.advance(2 * HOUR);
    let phone = login.refresh(&first.refresh).await.tokens();
    login.clock.advance(MINUTE);
    let laptop = login.log_in("alice").await;

    let hour = |ago| (created.as_secs() + ago) / 3600 * 3600;
    let of_phone = |current: bool| {
        json!({
            "id": phone.session_id().to_string(),
            "device": "my phone",
            "current": current,
            "created_at": created.as_secs(),
            "expires_at": (created + 90 * DAY).as_secs(),
            "last_used_at": hour(7200),
        })
    };
    let shown = list(&login, &phone.access).await;
    assert_eq!(shown.len(), 2);
    assert_eq!(
        (&shown[0]["id"], &shown[0]["device"], &shown[0]["current"]),
        (
            &json!(laptop.session_id().to_string()),
            &Value::Null,
            &json!(false)
        )
    );
    assert_eq!(
        shown[0]["created_at"],
        (created + 2 * HOUR + MINUTE).as_secs()
    );
    assert_eq!(shown[1], of_phone(true), "newest first");
    assert_eq!(list(&login, &laptop.access).await[1], of_phone(false));
}

// requirement 73
#[tokio::test]
async fn the_list_has_neither_ended_sessions_nor_those_of_others() {
    let login = Login::new();
    login.log_in("bob").await;
    let (over, idle) = (login.log_in("alice").await, login.log_in("alice").await);
    login.log_out(&over.refresh).await;
    login.clock.advance(6 * DAY);
    let mine = login.log_in("alice").await;
    assert_eq!(list(&login, &mine.access).await.len(), 2);
    login.clock.advance(DAY);
    let mine = login.refresh(&mine.refresh).await.tokens();
    // Unused for a week: over, though its row is there.
    let shown = list(&login, &mine.access).await;
    assert_eq!(shown.len(), 1);
    assert_ne!(shown[0]["id"], json!(idle.session_id().to_string()));
}

// requirements 53, 73
#[tokio::test]
async fn ending_one_session_leaves_the_others() {
    let login = Login::new();
    let (lost, mine) = (login.log_in("alice").await, login.log_in("alice").await);
    let answer = login
        .send(signed_in(
            "DELETE",
            &format!("/sessions/{}", lost.session_id()),
            &mine.access,
        ))
        .await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    answer.assert_not_stored();
    login
        .me(&lost.access)
        .await
        .assert_invalid_token("session_revoked");
    login
        .refresh(&lost.refresh)
        .await
        .assert_invalid_grant("session_revoked");
    assert_eq!(login.me(&mine.access).await.status, 200);
    assert_eq!(list(&login, &mine.access).await.len(), 1);
}

// requirement 73
#[tokio::test]
async fn a_session_of_somebody_else_an_unknown_and_a_malformed_one_are_not_found() {
    let login = Login::new();
    let (mine, bobs, over) = (
        login.log_in("alice").await,
        login.log_in("bob").await,
        login.log_in("alice").await,
    );
    login.log_out(&over.refresh).await;
    let unknown = tower_bearer::names::SessionId::from_bytes([7; 16]).to_string();
    let mut answers = Vec::new();
    for id in [
        bobs.session_id().to_string(),
        unknown,
        over.session_id().to_string(),
        "malformed".to_owned(),
        format!("{}A", mine.session_id()),
        "%00".to_owned(),
    ] {
        let answer = login
            .send(signed_in(
                "DELETE",
                &format!("/sessions/{id}"),
                &mine.access,
            ))
            .await;
        answer.assert_error(404, "invalid_request", None);
        answers.push(answer);
    }
    // The answers do not reveal that a session exists.
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(login.me(&bobs.access).await.status, 200);
    login.refresh(&bobs.refresh).await.tokens();
}

// requirements 25, 53, 73
#[tokio::test]
async fn logging_out_everywhere_ends_all_sessions_of_the_user_and_no_other() {
    let login = Login::new();
    let bobs = login.log_in("bob").await;
    let all = [
        login.log_in("alice").await,
        login.log_in("alice").await,
        login.log_in("alice").await,
    ];
    let answer = login
        .send(signed_in("POST", "/logout-everywhere", &all[1].access))
        .await;
    assert_eq!((answer.status, answer.json()), (200, json!({})));
    for tokens in &all {
        login
            .me(&tokens.access)
            .await
            .assert_invalid_token("session_revoked");
        login
            .refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("session_revoked");
    }
    assert_eq!(login.me(&bobs.access).await.status, 200);
    login.refresh(&bobs.refresh).await.tokens();
    // The door is not shut.
    login.log_in("alice").await;
}

// requirement 73
#[tokio::test]
async fn an_administrator_ends_one_or_all_sessions_of_anybody() {
    let login = Login::new();
    let (one, two, bobs) = (
        login.log_in("alice").await,
        login.log_in("alice").await,
        login.log_in("bob").await,
    );
    let id = *login.row(&one).await.id();
    assert!(
        !login
            .sessions
            .revoke(&"bob".into(), &id)
            .await
            .unwrap()
            .any()
    );
    assert!(
        login
            .sessions
            .revoke(&"alice".into(), &id)
            .await
            .unwrap()
            .any()
    );
    login
        .me(&one.access)
        .await
        .assert_invalid_token("session_revoked");
    assert_eq!(
        login
            .sessions
            .log_out_everywhere(&"alice".into())
            .await
            .unwrap()
            .count(),
        1
    );
    login
        .me(&two.access)
        .await
        .assert_invalid_token("session_revoked");
    assert_eq!(login.me(&bobs.access).await.status, 200);
}

// requirements 39, 53
#[tokio::test]
async fn all_of_it_demands_a_live_access_token() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let one = format!("/sessions/{}", tokens.session_id());
    let cases = [
        ("POST", "/logout-everywhere"),
        ("GET", "/sessions"),
        ("DELETE", one.as_str()),
    ];
    for (method, path) in cases {
        let request = || {
            Request::builder()
                .method(method)
                .uri(path)
                .body(Body::empty())
                .unwrap()
        };
        // Nothing, or another scheme: a challenge without an error.
        for request in [
            request(),
            with_header(request(), "authorization", "Basic YTpi"),
        ] {
            let answer = login.send(request).await;
            answer.assert_error(401, "unauthorized", Some("token_missing"));
            assert_eq!(answer.headers[WWW_AUTHENTICATE], "Bearer");
        }
        login
            .send(signed_in(method, path, &tokens.refresh))
            .await
            .assert_invalid_token("token_invalid");
        let answer = login
            .send(with_header(request(), "authorization", "Bearer"))
            .await;
        answer.assert_error(400, "invalid_request", Some("token_malformed"));
        assert!(answer.headers.contains_key(WWW_AUTHENTICATE));
    }
    login.clock.advance(HOUR);
    for (method, path) in cases {
        login
            .send(signed_in(method, path, &tokens.access))
            .await
            .assert_invalid_token("token_expired");
    }
    let tokens = login.refresh(&tokens.refresh).await.tokens();
    login.log_out(&tokens.refresh).await;
    for (method, path) in cases {
        login
            .send(signed_in(method, path, &tokens.access))
            .await
            .assert_invalid_token("session_revoked");
    }
}
