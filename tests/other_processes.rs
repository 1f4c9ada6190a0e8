//! What one process learns from another, by the store that both have: in virtual time.

#[path = "support/request.rs"]
mod support;

use std::sync::Arc;
use std::time::Duration;

use support::{Accounts, ask};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Grant, MemoryStore, Secret, SessionStore, Sessions, TokenResponse};

fn bearer(tokens: &TokenResponse) -> String {
    format!("Bearer {}", tokens.access_token().secret())
}

// checklist 53
#[tokio::test(start_paused = true)]
async fn a_logout_on_one_process_is_felt_on_another_within_a_second() {
    let (tokens, secret, store) = (TestTokens::new(), Secret::random().unwrap(), Arc::new(MemoryStore::new()));
    let process = || Sessions::new(Accounts, Arc::clone(&store), tokens.signer(), &secret);
    let (here, there) = (process(), process());
    let pair = here.start(Grant::new("alice"), None).await.unwrap();
    let layer = there.layer();
    ask(&layer, &bearer(&pair)).await.assert_passed("alice");

    here.log_out(pair.access_token().secret()).await.unwrap();
    // The clock of the runtime is paused: this takes no time.
    tokio::time::sleep(Duration::from_millis(1010)).await;
    ask(&layer, &bearer(&pair)).await.assert_refused(401, "invalid_token", "session_revoked");
}

#[test]
fn the_background_task_starts_again_on_a_new_runtime() {
    let (tokens, store) = (TestTokens::new(), Arc::new(MemoryStore::new()));
    let sessions = Sessions::new(Accounts, Arc::clone(&store), tokens.signer(), &Secret::random().unwrap());
    let layer = sessions.layer();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();

    let pair = runtime().block_on(async {
        let pair = sessions.start(Grant::new("alice"), None).await.unwrap();
        ask(&layer, "Basic YTpi").await;
        let other = sessions.start(Grant::new("bob"), None).await.unwrap();
        ask(&layer, &bearer(&other)).await.assert_passed("bob");
        pair
    });
    // That runtime is gone, and its tasks with it.
    runtime().block_on(async {
        ask(&layer, &bearer(&pair)).await.assert_passed("alice");
        let id = *sessions.verifier().verify(pair.access_token().secret()).unwrap().session_id().unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(store.find(&id).await.unwrap().unwrap().parts().confirmed, "the receipt was written");
    });
}
