//! A store that takes a question and never answers: in virtual time.

use std::time::Duration;

use support::{Call, FailingStore, HOUR, sessions_in};
use tokio::time::{Instant, timeout};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, MemoryStore};

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_is_unavailable_after_thirty_seconds() {
    let (tokens, store) = (TestTokens::new(), FailingStore::new(MemoryStore::new()));
    let sessions = sessions_in(&tokens, store.clone());
    let pair = sessions.start(Identity::new("alice")).await.unwrap();
    let id = *pair.session_id();
    let alice = "alice".into();

    for (call, what) in [
        (Call::Insert, "login"),
        (Call::Count, "login"),
        (Call::Find, "refresh"),
        (Call::Replace, "refresh"),
        (Call::Revoke, "logout"),
        (Call::Find, "end of an own session"),
        (Call::RevokeAll, "logout everywhere"),
        (Call::List, "list"),
    ] {
        let _hangs = store.pause_at(call);
        let answer = async {
            match what {
                "login" => sessions.start(Identity::new("alice")).await.map(drop),
                "refresh" => sessions
                    .refresh(pair.refresh_token().unwrap().clone())
                    .await
                    .map(drop),
                "logout" => sessions
                    .log_out(pair.refresh_token().unwrap().secret())
                    .await
                    .map(drop),
                "end of an own session" => sessions.revoke(&alice, &id).await.map(drop),
                "logout everywhere" => sessions.log_out_everywhere(&alice).await.map(drop),
                _ => sessions.list(&alice).await.map(drop),
            }
        };
        let asked = Instant::now();
        let outcome = timeout(HOUR, answer).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("{call:?} of a {what} hangs for ever"));
        assert_eq!(
            outcome.unwrap_err().kind(),
            SessionErrorKind::Unavailable,
            "{call:?} of a {what}"
        );
        assert!(
            asked.elapsed() <= Duration::from_secs(36),
            "{call:?} of a {what}: {:?}",
            asked.elapsed()
        );
    }
    sessions
        .refresh(pair.refresh_token().unwrap().clone())
        .await
        .unwrap();
}
