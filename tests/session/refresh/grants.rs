//! The application is asked for its grant at every refresh; a client may ask for less.

use serde_json::json;
use support::{Login, MINUTE, Tokens, claims_of};
use tower_bearer::test_util::ManualClock;
use tower_bearer::{MemoryStore, Secret, Sessions};

async fn ask(login: &Login, tokens: &Tokens, scope: &str) -> support::Received {
    login
        .post(
            "/refresh",
            &[("refresh_token", &tokens.refresh), ("scope", scope)],
        )
        .await
}

async fn logged_in(scope: &'static str) -> (Login, Tokens) {
    let login = Login::new();
    login
        .accounts
        .change("alice", |account| account.scope = scope);
    let tokens = login.log_in("alice").await;
    (login, tokens)
}

// requirements 8, 22
#[tokio::test]
async fn a_client_may_ask_for_less_and_later_for_all_again() {
    let (login, first) = logged_in("orders:read orders:write admin").await;
    let less = ask(&login, &first, "orders:read").await.tokens();
    assert_eq!(less.body["scope"], "orders:read");
    assert_eq!(claims_of(&less.access)["scope"], "orders:read");

    login.clock.advance(MINUTE);
    // The refresh token itself has lost nothing (RFC 6749 section 6).
    let all = login.refresh(&less.refresh).await.tokens();
    assert_eq!(all.body["scope"], "orders:read orders:write admin");
    login.clock.advance(MINUTE);
    assert_eq!(
        ask(&login, &all, "admin orders:write").await.tokens().body["scope"],
        "admin orders:write"
    );
}

// requirements 8, 22
#[tokio::test]
async fn asking_for_more_than_is_granted_gets_what_is_granted_of_it() {
    let (login, first) = logged_in("orders:read").await;
    for (more, granted) in [
        ("admin", ""),
        ("orders:read admin", "orders:read"),
        ("orders:rea", ""),
        ("ORDERS:READ", ""),
    ] {
        let tokens = ask(&login, &first, more).await.tokens();
        assert_eq!(tokens.body["scope"], granted, "{more}");
        let claim = claims_of(&tokens.access).get("scope").cloned();
        assert_eq!(claim, Some(json!(granted)).filter(|_| !granted.is_empty()));
    }
    assert_eq!(login.me(&first.access).await.status, 200);
    // The refresh token itself has neither gained nor lost anything.
    let all = login.refresh(&first.refresh).await.tokens();
    assert_eq!(all.body["scope"], "orders:read");
}

// requirement 5
#[tokio::test]
async fn a_malformed_scope_is_refused_and_harms_nothing() {
    let (login, first) = logged_in("orders:read").await;
    for malformed in [
        "orders\"",
        "a\\b",
        "caf\u{e9}",
        "a\tb",
        "a\0",
        "orders:read,admin\n",
    ] {
        ask(&login, &first, malformed)
            .await
            .assert_error(400, "invalid_scope", None);
    }
    login.refresh(&first.refresh).await.tokens();
}

// requirement 2
#[tokio::test]
async fn an_empty_scope_counts_as_absent() {
    for empty in ["", " ", "  "] {
        let (login, first) = logged_in("orders:read").await;
        assert_eq!(
            ask(&login, &first, empty).await.tokens().body["scope"],
            "orders:read"
        );
    }
}

// requirement 8
#[tokio::test]
async fn what_the_application_grants_now_stands_in_the_next_access_token() {
    let (login, first) = logged_in("orders:read admin").await;
    login
        .accounts
        .change("alice", |account| account.scope = "orders:read");
    let second = login.refresh(&first.refresh).await.tokens();
    assert_eq!(claims_of(&second.access)["scope"], "orders:read");
    login.clock.advance(MINUTE);
    assert_eq!(
        ask(&login, &second, "admin").await.tokens().body["scope"],
        ""
    );
    login.accounts.change("alice", |account| account.scope = "");
    let third = login.refresh(&second.refresh).await.tokens();
    assert_eq!(
        (
            third.body.get("scope"),
            claims_of(&third.access).get("scope")
        ),
        (None, None)
    );
}

// requirement 11
#[tokio::test]
async fn the_grant_type_may_be_absent_and_is_else_refresh_token() {
    let (login, first) = logged_in("").await;
    let with = |grant_type| json!({ "refresh_token": first.refresh, "grant_type": grant_type });
    for other in ["password", "authorization_code", "Refresh_Token"] {
        login
            .send(support::json_request("/refresh", &with(other)))
            .await
            .assert_error(400, "unsupported_grant_type", None);
    }
    login
        .send(support::json_request("/refresh", &with("refresh_token")))
        .await
        .tokens();
}

// requirement 2
#[tokio::test]
async fn what_a_refresh_does_not_know_is_ignored() {
    let (login, first) = logged_in("").await;
    let body = json!({
        "refresh_token": first.refresh,
        "client_id": "web",
        "client_secret": [1],
        "scope": null,
    });
    let mut request = support::json_request("/refresh", &body);
    // Stock clients send all kinds of it: none of it counts here.
    for value in ["Basic YTpi", "Bearer", "Bearer expired"] {
        request = support::with_header(request, "authorization", value);
    }
    login.send(request).await.tokens();
}

// requirements 7, 73
#[tokio::test]
async fn a_user_who_is_gone_is_refused_and_the_session_is_over() {
    let (login, first) = logged_in("").await;
    login
        .accounts
        .change("alice", |account| account.enabled = false);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("user_gone");
    // Over for good, though the account comes back.
    login
        .accounts
        .change("alice", |account| account.enabled = true);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("session_revoked");
    login
        .me(&first.access)
        .await
        .assert_invalid_token("session_revoked");
}

// requirement 25
#[tokio::test]
async fn a_session_from_before_the_password_changed_is_over() {
    let (login, first) = logged_in("").await;
    login.accounts.change("alice", |account| account.stamp = 2);
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("user_gone");
    login
        .me(&first.access)
        .await
        .assert_invalid_token("session_revoked");
    let second = login.log_in("alice").await;
    login.refresh(&second.refresh).await.tokens();
}

#[tokio::test]
async fn a_dead_token_asks_the_application_nothing() {
    let (login, first) = logged_in("").await;
    login.log_out(&first.refresh).await;
    let before = login.accounts.renewals();
    login
        .refresh(&first.refresh)
        .await
        .assert_invalid_grant("session_revoked");
    assert_eq!(login.accounts.renewals(), before);
}

#[tokio::test]
async fn changing_the_secret_logs_nobody_out() {
    let (login, clock) = (Login::new(), ManualClock::new());
    let store = std::sync::Arc::new(MemoryStore::new());
    let server = |secret: &Secret| {
        Sessions::builder(login.accounts.clone(), std::sync::Arc::clone(&store))
            .issuer("https://issuer.test")
            .audience("test")
            .secret(secret.clone())
            .clock(std::sync::Arc::new(clock.clone()))
            .build()
            .unwrap()
    };
    let old = Secret::random().unwrap();
    let new = Secret::random().unwrap();
    let first = server(&old)
        .start(tower_bearer::Identity::new("alice").with_stamp("1"))
        .await
        .unwrap();

    let after = server(&new.clone().with_previous(old));
    after
        .verifier()
        .verify(first.access_token().secret())
        .unwrap();
    let second = after
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap();

    // Sessions that were made since do not need the old secret; earlier sessions do.
    clock.advance(MINUTE);
    let later = server(&new);
    later
        .refresh(second.refresh_token().unwrap().clone())
        .await
        .unwrap();
    let error = later
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap_err();
    assert_eq!(error.reason(), Some("token_invalid"));
    assert!(
        later
            .verifier()
            .verify(first.access_token().secret())
            .is_err()
    );
}
