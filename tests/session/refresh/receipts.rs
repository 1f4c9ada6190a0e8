//! Receipts, and the `Idempotency-Key`: what tells a client that lost an answer from a thief.

use http::StatusCode;
use support::{Call, HOUR, Login, claims_of, form, with_header};

use super::rotated;

async fn refresh_with_key(login: &Login, token: &str, key: &str) -> support::Received {
    login
        .send(with_header(
            form("/refresh", &[("refresh_token", token)]),
            "idempotency-key",
            key,
        ))
        .await
}

// requirement 19
#[tokio::test]
async fn an_access_token_that_was_used_confirms_that_the_answer_arrived() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    assert!(!login.row(&second).await.parts().confirmed);
    assert_eq!(
        login
            .me_answered(&second.access, StatusCode::NOT_FOUND)
            .await
            .status,
        404
    );
    login.sessions.flush().await.unwrap();
    assert!(login.row(&second).await.parts().confirmed);

    login.clock.advance(HOUR);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
}

#[tokio::test]
async fn an_access_token_that_a_server_error_answered_confirms_nothing() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    for status in [
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
    ] {
        assert_eq!(
            login.me_answered(&second.access, status).await.status,
            status
        );
    }
    login.sessions.flush().await.unwrap();
    assert!(!login.row(&second).await.parts().confirmed);
    login.clock.advance(HOUR);
    assert_eq!(
        login.refresh(&first.refresh).await.tokens().refresh,
        second.refresh
    );
}

#[tokio::test]
async fn the_access_token_of_the_generation_before_confirms_nothing() {
    let login = Login::new();
    let (first, second) = rotated(&login).await;
    login.confirm(&first).await;
    assert!(!login.row(&second).await.parts().confirmed);
    login.clock.advance(HOUR);
    assert_eq!(
        login.refresh(&first.refresh).await.tokens().refresh,
        second.refresh
    );
}

#[tokio::test]
async fn a_generation_is_confirmed_once() {
    let login = Login::new();
    let (_, second) = rotated(&login).await;
    login.store.take_calls();
    for _ in 0..5 {
        login.confirm(&second).await;
    }
    assert_eq!(
        login
            .store
            .take_calls()
            .iter()
            .filter(|&&call| call == Call::Confirm)
            .count(),
        1
    );
}

#[tokio::test]
async fn a_session_without_receipts_is_never_confirmed() {
    let login = Login::new();
    login
        .accounts
        .change("alice", |account| account.receipts = false);
    let (first, second) = rotated(&login).await;
    for tokens in [&first, &second] {
        assert_eq!(claims_of(&tokens.access).get("gen"), None);
        assert!(claims_of(&tokens.access)["sid"].is_string());
    }
    login.confirm(&second).await;
    assert!(!login.row(&second).await.parts().confirmed);
    login.clock.advance(HOUR);
    assert_eq!(
        login.refresh(&first.refresh).await.tokens().refresh,
        second.refresh
    );
}

#[tokio::test]
async fn whether_a_session_has_receipts_is_settled_at_its_beginning() {
    let login = Login::new();
    login
        .accounts
        .change("alice", |account| account.receipts = false);
    let first = login.log_in("alice").await;
    login
        .accounts
        .change("alice", |account| account.receipts = true);
    let second = login.refresh(&first.refresh).await.tokens();
    assert_eq!(claims_of(&second.access).get("gen"), None);
}

#[tokio::test]
async fn the_same_idempotency_key_recovers_what_was_confirmed() {
    let login = Login::new();
    let first = login.log_in("alice").await;
    let second = refresh_with_key(&login, &first.refresh, "7d1f")
        .await
        .tokens();
    login.confirm(&second).await;
    login.clock.advance(HOUR);
    assert_eq!(
        refresh_with_key(&login, &first.refresh, "7d1f")
            .await
            .tokens()
            .refresh,
        second.refresh
    );
}

// requirement 19
#[tokio::test]
async fn another_idempotency_key_or_none_recovers_nothing() {
    for key in [Some("7d1e"), Some("7d1f "), Some("7D1F"), None] {
        let login = Login::new();
        let first = login.log_in("alice").await;
        let second = refresh_with_key(&login, &first.refresh, "7d1f")
            .await
            .tokens();
        login.confirm(&second).await;
        login.clock.advance(HOUR);
        let answer = match key {
            Some(key) => refresh_with_key(&login, &first.refresh, key).await,
            None => login.refresh(&first.refresh).await,
        };
        answer.assert_invalid_grant("refresh_reused");
    }
}

#[tokio::test]
async fn an_idempotency_key_is_one_header_of_at_most_255_bytes() {
    let login = Login::new();
    let first = login.log_in("alice").await;
    refresh_with_key(&login, &first.refresh, &"k".repeat(256))
        .await
        .assert_error(400, "invalid_request", None);
    refresh_with_key(&login, &first.refresh, "")
        .await
        .assert_error(400, "invalid_request", None);
    let twice = with_header(
        form("/refresh", &[("refresh_token", &first.refresh)]),
        "idempotency-key",
        "a",
    );
    login
        .send(with_header(twice, "idempotency-key", "a"))
        .await
        .assert_error(400, "invalid_request", None);
    // None of this used the token up.
    assert_eq!(login.row(&first).await.parts().generation, 0);
    refresh_with_key(&login, &first.refresh, &"k".repeat(255))
        .await
        .tokens();
}
