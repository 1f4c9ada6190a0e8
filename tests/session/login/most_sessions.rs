//! A user has a number of sessions at most.

use std::time::Duration;

use support::{Accounts, HOUR, MINUTE, ask, bearer_of, process};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::store::{RevocationReason, SessionStore};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Identity, MemoryStore, Secret, SessionPolicy, Sessions, Subject, TokenResponse,
};

const SECOND: Duration = Duration::from_secs(1);

fn sessions(tokens: &TestTokens, store: &MemoryStore, policy: SessionPolicy) -> Sessions {
    let sessions = tokens.sessions(Accounts::everybody(), store.clone());
    sessions.policy(policy).build().unwrap()
}

fn three() -> SessionPolicy {
    SessionPolicy::default().with_max_sessions(3)
}

async fn begun(sessions: &Sessions, user: &str, tokens: &TestTokens) -> TokenResponse {
    tokens.clock().advance(SECOND);
    sessions.start(Identity::new(user)).await.unwrap()
}

async fn reason(store: &MemoryStore, pair: &TokenResponse) -> Option<RevocationReason> {
    let row = store.find(pair.session_id()).await.unwrap().unwrap();
    row.revoked().map(|record| record.reason)
}

#[tokio::test]
async fn a_login_above_the_number_ends_the_oldest_session_as_replaced() {
    let (tokens, store) = (TestTokens::new(), MemoryStore::new());
    let sessions = sessions(&tokens, &store, three());
    let other = begun(&sessions, "bob", &tokens).await;
    let mut alices = Vec::new();
    for _ in 0..5 {
        alices.push(begun(&sessions, "alice", &tokens).await);
    }
    let layer = sessions.layer();
    for ended in &alices[..2] {
        assert_eq!(
            reason(&store, ended).await,
            Some(RevocationReason::Replaced)
        );
        ask(&layer, &bearer_of(ended)).await.assert_refused(
            401,
            "invalid_token",
            "session_revoked",
        );
        let refreshed = sessions
            .refresh(ended.refresh_token().unwrap().clone())
            .await;
        assert_eq!(
            refreshed.unwrap_err().kind(),
            SessionErrorKind::SessionRevoked
        );
    }
    for lives in &alices[2..] {
        ask(&layer, &bearer_of(lives)).await.assert_passed("alice");
    }
    ask(&layer, &bearer_of(&other)).await.assert_passed("bob");
    let listed = sessions.list(&Subject::from("alice")).await.unwrap();
    assert_eq!(listed.len(), 3);
}

#[tokio::test]
async fn a_user_has_a_hundred_sessions_by_default() {
    let (tokens, store) = (TestTokens::new(), MemoryStore::new());
    let sessions = sessions(&tokens, &store, SessionPolicy::default());
    let first = begun(&sessions, "alice", &tokens).await;
    for _ in 0..99 {
        begun(&sessions, "alice", &tokens).await;
    }
    assert_eq!(reason(&store, &first).await, None);
    begun(&sessions, "alice", &tokens).await;
    assert_eq!(
        reason(&store, &first).await,
        Some(RevocationReason::Replaced)
    );
    let listed = sessions.list(&Subject::from("alice")).await.unwrap();
    assert_eq!(listed.len(), 100);
}

#[tokio::test]
async fn a_session_whose_idle_timeout_is_over_ends_before_an_older_one_that_is_used() {
    let (tokens, store) = (TestTokens::new(), MemoryStore::new());
    let policy = three().with_idle_timeout(HOUR);
    let sessions = sessions(&tokens, &store, policy);
    let used = begun(&sessions, "alice", &tokens).await;
    let idle = begun(&sessions, "alice", &tokens).await;
    tokens.clock().advance(50 * MINUTE);
    let token = used.refresh_token().unwrap().clone();
    sessions.refresh(token).await.unwrap();
    tokens.clock().advance(30 * MINUTE);
    begun(&sessions, "alice", &tokens).await;
    assert_eq!(reason(&store, &idle).await, None);
    begun(&sessions, "alice", &tokens).await;
    assert_eq!(reason(&store, &used).await, None);
    assert_eq!(
        reason(&store, &idle).await,
        Some(RevocationReason::Replaced)
    );
}

#[tokio::test]
async fn a_login_that_replaces_a_session_ends_no_other() {
    let (tokens, store) = (TestTokens::new(), MemoryStore::new());
    let sessions = sessions(&tokens, &store, three());
    let first = begun(&sessions, "alice", &tokens).await;
    begun(&sessions, "alice", &tokens).await;
    let replaced = begun(&sessions, "alice", &tokens).await;
    let token = replaced.refresh_token().unwrap().secret();
    let identity = Identity::new("alice").replacing(token);
    sessions.start(identity).await.unwrap();
    assert_eq!(reason(&store, &first).await, None);
    assert_eq!(
        reason(&store, &replaced).await,
        Some(RevocationReason::Replaced)
    );
}

#[tokio::test(start_paused = true)]
async fn other_processes_hear_of_it_as_of_a_logout() {
    let (tokens, store) = (TestTokens::new(), MemoryStore::new());
    let secret = Secret::random().unwrap();
    let there = process(&tokens, &secret, store.clone());
    let here = tokens.sessions(Accounts::everybody(), store.clone());
    let here = here.secret(secret).policy(three()).build().unwrap();
    let first = begun(&here, "alice", &tokens).await;
    let layer = there.layer();
    ask(&layer, &bearer_of(&first)).await.assert_passed("alice");
    for _ in 0..3 {
        begun(&here, "alice", &tokens).await;
    }
    tokio::time::sleep(2 * SECOND).await;
    ask(&layer, &bearer_of(&first))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

#[test]
fn a_number_that_no_store_can_list_is_refused() {
    let built = |number| {
        let sessions = TestTokens::new().sessions(Accounts::everybody(), MemoryStore::new());
        sessions
            .policy(SessionPolicy::default().with_max_sessions(number))
            .build()
    };
    for number in [0, 901, usize::MAX] {
        let sentence = built(number).unwrap_err().to_string();
        assert_eq!(sentence, "a user has from 1 to 900 sessions", "{number}");
    }
    for number in [1, 900] {
        built(number).unwrap();
    }
}
