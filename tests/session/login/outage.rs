//! A store that is down, or users that cannot be asked: 503, and never a word that makes a client
//! throw its token away.

use http::Request;
use support::{Call, HOUR, Login, Question, StoreFault, form, signed_in};

const OF_A_REFRESH: [Call; 3] = [Call::RevokedSince, Call::Find, Call::Replace];

// requirements 14, 58
#[tokio::test]
async fn a_refresh_without_a_store_is_unavailable_and_the_token_still_works_afterwards() {
    for call in OF_A_REFRESH {
        for fault in [StoreFault::Of(call), StoreFault::AnswerOf(call)] {
            let login = Login::new();
            let first = login.log_in("alice").await;
            login.store.set_fault(Some(fault));
            login.refresh(&first.refresh).await.assert_unavailable();
            login.store.set_fault(None);
            login.clock.advance(HOUR);
            let second = login.refresh(&first.refresh).await.tokens();
            assert_eq!(login.row(&second).await.parts().generation, 1, "{fault:?}");
        }
    }
}

// requirement 14
#[tokio::test]
async fn a_login_without_a_store_is_unavailable() {
    for fault in [
        StoreFault::All,
        StoreFault::Of(Call::Insert),
        StoreFault::AnswerOf(Call::Insert),
    ] {
        let login = Login::new();
        login.store.set_fault(Some(fault));
        let credentials = [("username", "alice"), ("password", "wonderland-7")];
        login
            .post("/login", &credentials)
            .await
            .assert_unavailable();
        login.store.set_fault(None);
        login.log_in("alice").await;
    }
}

// requirements 14, 58
#[tokio::test]
async fn a_logout_without_a_store_is_unavailable_and_can_be_repeated() {
    for fault in [
        StoreFault::Of(Call::Revoke),
        StoreFault::AnswerOf(Call::Revoke),
    ] {
        let login = Login::new();
        let tokens = login.log_in("alice").await;
        login.store.set_fault(Some(fault));
        login
            .post("/logout", &[("token", &tokens.refresh)])
            .await
            .assert_unavailable();
        login.store.set_fault(None);
        login.log_out(&tokens.refresh).await;
        login
            .refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("session_revoked");
        login
            .me(&tokens.access)
            .await
            .assert_invalid_token("session_revoked");
    }
}

// requirement 14
#[tokio::test]
async fn what_a_user_does_with_his_sessions_is_unavailable_without_a_store() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    let id = login.row(&tokens).await.id().to_string();
    let cases = [
        ("POST", "/logout-everywhere".to_owned(), Call::RevokeAll),
        ("POST", "/logout-everywhere".to_owned(), Call::RevokedSince),
        ("GET", "/sessions".to_owned(), Call::List),
        ("GET", "/sessions".to_owned(), Call::RevokedSince),
        ("DELETE", format!("/sessions/{id}"), Call::Find),
        ("DELETE", format!("/sessions/{id}"), Call::Revoke),
    ];
    for (method, path, call) in cases {
        let login = Login::new();
        let tokens = login.log_in("alice").await;
        let path = path.replace(&id, &login.row(&tokens).await.id().to_string());
        login.store.set_fault(Some(StoreFault::Of(call)));
        login
            .send(signed_in(method, &path, &tokens.access))
            .await
            .assert_unavailable();
        login.store.set_fault(None);
        let answer = login.send(signed_in(method, &path, &tokens.access)).await;
        assert!(
            (200..300).contains(&answer.status) || answer.status == 401,
            "{method} {path} {call:?}: {answer:?}"
        );
    }
}

// requirement 14
#[tokio::test]
async fn without_users_login_and_refresh_are_unavailable_and_the_token_still_works_afterwards() {
    let login = Login::new();
    let first = login.log_in("alice").await;
    let credentials = [("username", "alice"), ("password", "wonderland-7")];
    login.accounts.set_down(Some(Question::Authenticate));
    login
        .post("/login", &credentials)
        .await
        .assert_unavailable();
    login.accounts.set_down(Some(Question::Authorize));
    login
        .post("/login", &credentials)
        .await
        .assert_unavailable();
    login.refresh(&first.refresh).await.assert_unavailable();
    login.accounts.set_down(None);
    login.refresh(&first.refresh).await.tokens();
}

// requirements 14, 54
#[tokio::test]
async fn the_layer_lets_nobody_pass_before_it_knows_who_was_revoked() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login
        .store
        .set_fault(Some(StoreFault::Of(Call::RevokedSince)));
    login.me(&tokens.access).await.assert_unavailable();
    login.store.set_fault(None);
    assert_eq!(login.me(&tokens.access).await.status, 200);
    // Revocations that were read once are kept.
    login.store.set_fault(Some(StoreFault::All));
    assert_eq!(login.me(&tokens.access).await.status, 200);
}

// requirements 14, 19
#[tokio::test]
async fn reuse_is_not_forgotten_over_an_outage() {
    let login = Login::new();
    let first = login.log_in("alice").await;
    let second = login.refresh(&first.refresh).await.tokens();
    login.confirm(&second).await;
    login.clock.advance(HOUR);
    login.store.set_fault(Some(StoreFault::Of(Call::Revoke)));
    login.refresh(&first.refresh).await.assert_unavailable();
    login.store.set_fault(None);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("refresh_reused");
}

#[tokio::test]
async fn a_receipt_that_the_store_did_not_take_is_sent_with_the_next_request() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    assert_eq!(login.me(&tokens.access).await.status, 200);
    login.store.set_fault(Some(StoreFault::Of(Call::Confirm)));
    login.sessions.flush().await.unwrap_err();
    login.store.set_fault(None);
    login.confirm(&tokens).await;
    assert!(login.row(&tokens).await.parts().confirmed);
}

// requirement 14
#[tokio::test]
async fn no_answer_tells_what_is_down() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.store.set_fault(Some(StoreFault::All));
    let requests: [Request<axum::body::Body>; 3] = [
        form("/refresh", &[("refresh_token", &tokens.refresh)]),
        form(
            "/login",
            &[("username", "alice"), ("password", "wonderland-7")],
        ),
        form("/logout", &[("token", &tokens.access)]),
    ];
    for request in requests {
        let answer = login.send(request).await;
        answer.assert_unavailable();
        let body = answer.body;
        assert!(!body.contains("down") && !body.contains("store"), "{body}");
    }
}

#[tokio::test]
async fn a_login_that_fails_after_its_row_was_made_leaves_no_session_behind() {
    let login = Login::new();
    login.accounts.set_down(Some(Question::Authorize));
    login
        .post(
            "/login",
            &[("username", "alice"), ("password", "wonderland-7")],
        )
        .await
        .assert_unavailable();
    login.accounts.set_down(None);
    assert!(
        login
            .sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .is_empty()
    );
}
