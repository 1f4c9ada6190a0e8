//! A store that is down lets no request pass that must not pass (OWASP ASVS 16.5.3).

use support::{
    FailingStore, SlowUsers, StoreFault, ask, assert_ended, bearer_of, log_in, process, send,
    sessions_in, without_token,
};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{MemoryStore, Secret};

// requirement 54
#[tokio::test]
async fn nobody_passes_before_the_revocations_are_known() {
    let tokens = TestTokens::new();
    let secret = Secret::random().unwrap();
    let store = FailingStore::new(MemoryStore::new());
    let process = || process(&tokens, &secret, store.clone());
    let before = process();
    let (living, ended) = (
        log_in(&before, "alice").await,
        log_in(&before, "alice").await,
    );
    before
        .log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();

    store.set_fault(Some(StoreFault::All));
    let sessions = process();
    for layer in [
        sessions.layer(),
        sessions.layer().optional(),
        sessions.layer().with_user_loader(SlowUsers),
    ] {
        for pair in [&living, &ended] {
            ask(&layer, &bearer_of(pair))
                .await
                .assert_failed(503, "temporarily_unavailable");
        }
        // A token that is bad in itself needs no store.
        ask(&layer, "Bearer abc")
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
    send(&sessions.layer(), without_token())
        .await
        .assert_token_missing();
    send(&sessions.layer().optional(), without_token())
        .await
        .assert_passed("nobody");

    store.set_fault(None);
    ask(&sessions.layer(), &bearer_of(&living))
        .await
        .assert_passed("alice");
    assert_ended(&sessions.layer(), &ended).await;
    // Known revocations are found in memory.
    store.set_fault(Some(StoreFault::All));
    ask(&sessions.layer(), &bearer_of(&living))
        .await
        .assert_passed("alice");
    assert_ended(&sessions.layer(), &ended).await;
}

// requirement 54
#[tokio::test]
async fn a_logout_that_the_store_did_not_hear_of_is_not_reported_as_done() {
    let tokens = TestTokens::new();
    let store = FailingStore::new(MemoryStore::new());
    let sessions = sessions_in(&tokens, store.clone());
    let pair = log_in(&sessions, "alice").await;
    store.set_fault(Some(StoreFault::All));
    let error = sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.reason()),
        (SessionErrorKind::Unavailable, None)
    );
    store.set_fault(None);
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_ended(&sessions.layer(), &pair).await;
}
