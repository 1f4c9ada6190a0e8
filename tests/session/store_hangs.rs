//! A store that takes a question and never answers: in virtual time.

use std::time::Duration;

use support::{Accounts, FailingStore};
use tokio::time::{Instant, timeout};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Grant, MemoryStore, Secret, SessionErrorKind, Sessions};

#[tokio::test(start_paused = true)]
async fn a_store_that_never_answers_is_unavailable_after_thirty_seconds() {
    let (tokens, store) = (TestTokens::new(), FailingStore::new(MemoryStore::new()));
    let sessions = Sessions::new(Accounts::everybody(), store.clone(), tokens.signer(), &Secret::random().unwrap());
    let pair = sessions.start(Grant::new("alice"), None).await.unwrap();
    let id = *sessions.verifier().verify(pair.access_token().secret()).unwrap().session_id().unwrap();
    let alice = "alice".into();

    for method in ["insert", "find", "replace", "revoke", "find of an own session", "revoke_all", "list"] {
        let _hangs = store.pause_at(method.split(' ').next().unwrap());
        let call = async {
            match method {
                "insert" => sessions.start(Grant::new("alice"), None).await.map(drop),
                "find" | "replace" => sessions.refresh(pair.refresh_token().clone()).await.map(drop),
                "revoke" => sessions.log_out(pair.refresh_token().secret()).await,
                "find of an own session" => sessions.revoke(&alice, &id).await.map(drop),
                "revoke_all" => sessions.log_out_everywhere(&alice).await.map(drop),
                _ => sessions.list(&alice).await.map(drop),
            }
        };
        let asked = Instant::now();
        let outcome = timeout(Duration::from_secs(3600), call).await.unwrap_or_else(|_| panic!("{method} hangs for ever"));
        assert_eq!(outcome.unwrap_err().kind(), SessionErrorKind::Unavailable, "{method}");
        assert!(asked.elapsed() <= Duration::from_secs(36), "{method}: {:?}", asked.elapsed());
    }
    sessions.refresh(pair.refresh_token().clone()).await.unwrap();
}
