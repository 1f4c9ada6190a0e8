//! One process learns from another via the store that both share, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use support::{
    Call, FailingStore, MILLISECOND, StoreFault, ask, assert_ended, bearer_of, process, sessions_in,
};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::store::SessionStore;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, MemoryStore, Secret, Sessions, TokenResponse};

// requirement 53
#[tokio::test(start_paused = true)]
async fn a_logout_on_one_process_is_felt_on_another_within_a_second() {
    let (tokens, secret, store) = (
        TestTokens::new(),
        Secret::random().unwrap(),
        Arc::new(MemoryStore::new()),
    );
    let process = || process(&tokens, &secret, Arc::clone(&store));
    let (here, there) = (process(), process());
    let pair = here.start(Identity::new("alice")).await.unwrap();
    let layer = there.layer();
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");

    here.log_out(pair.access_token().secret()).await.unwrap();
    // The clock of the runtime is paused: this takes no time.
    tokio::time::sleep(Duration::from_millis(1010)).await;
    ask(&layer, &bearer_of(&pair))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

/// A session that has ended at one process, of which the other one has not heard. A failover may
/// have left nothing of the logout but the row.
struct Unheard {
    there: Sessions,
    store: FailingStore,
    pair: TokenResponse,
}

impl Unheard {
    async fn new() -> Self {
        let (tokens, secret, shared) = (
            TestTokens::new(),
            Secret::random().unwrap(),
            Arc::new(MemoryStore::new()),
        );
        let store = FailingStore::new(Arc::clone(&shared));
        let here = process(&tokens, &secret, shared);
        let there = process(&tokens, &secret, store.clone());
        let pair = here.start(Identity::new("alice")).await.unwrap();
        let layer = there.layer();
        ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
        here.log_out(pair.access_token().secret()).await.unwrap();
        ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
        Self { there, store, pair }
    }

    /// Refreshes in vain, and returns why. The access token is refused from then on.
    async fn refused(&self) -> SessionErrorKind {
        let refresh_token = self.pair.refresh_token().unwrap().clone();
        let refused = self.there.refresh(refresh_token).await.unwrap_err();
        assert_ended(&self.there.layer(), &self.pair).await;
        refused.kind()
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_refuses_a_refresh_refuses_the_access_tokens_too() {
    let unheard = Unheard::new().await;
    for _ in 0..3 {
        assert_eq!(unheard.refused().await, SessionErrorKind::SessionRevoked);
    }
    let said = unheard.store.calls_of(Call::Revoke);
    assert_eq!(said, 1, "each process says it once");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_refuses_a_new_stamp_refuses_the_access_tokens_too() {
    let Unheard { there, pair, .. } = Unheard::new().await;
    let claims = there.verifier().verify(pair.access_token().secret());
    let refused = there.set_stamp(&claims.unwrap(), 2_i64).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::SessionRevoked);
    assert_ended(&there.layer(), &pair).await;
}

#[tokio::test(start_paused = true)]
async fn a_process_that_cannot_tell_of_an_end_refuses_the_access_tokens_all_the_same() {
    let unheard = Unheard::new().await;
    let fault = StoreFault::Of(Call::Revoke);
    unheard.store.set_fault(Some(fault));
    assert_eq!(unheard.refused().await, SessionErrorKind::Unavailable);

    unheard.store.set_fault(None);
    for _ in 0..2 {
        assert_eq!(unheard.refused().await, SessionErrorKind::SessionRevoked);
    }
    let said = unheard.store.calls_of(Call::Revoke);
    assert_eq!(said, 2, "it is tried again until it is told");
}

#[test]
fn the_background_task_starts_again_on_a_new_runtime() {
    let (tokens, store) = (TestTokens::new(), Arc::new(MemoryStore::new()));
    let sessions = sessions_in(&tokens, Arc::clone(&store));
    let layer = sessions.layer();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };

    let pair = runtime().block_on(async {
        let pair = sessions.start(Identity::new("alice")).await.unwrap();
        ask(&layer, "Basic YTpi").await;
        let other = sessions.start(Identity::new("bob")).await.unwrap();
        ask(&layer, &bearer_of(&other)).await.assert_passed("bob");
        pair
    });
    // That runtime has ended, with all its tasks.
    runtime().block_on(async {
        ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
        let id = *pair.session_id();
        tokio::time::sleep(MILLISECOND).await;
        assert!(
            store.find(&id).await.unwrap().unwrap().parts().confirmed,
            "the receipt was written"
        );
    });
}

#[tokio::test(start_paused = true)]
async fn receipts_that_cannot_be_written_keep_no_logout_waiting() {
    let (tokens, secret, shared) = (
        TestTokens::new(),
        Secret::random().unwrap(),
        Arc::new(MemoryStore::new()),
    );
    let here = process(&tokens, &secret, Arc::clone(&shared));
    let slow = FailingStore::new(Arc::clone(&shared));
    let there = process(&tokens, &secret, slow.clone());
    let (layer, pair) = (
        there.layer(),
        here.start(Identity::new("alice")).await.unwrap(),
    );

    let hangs = slow.pause_at(Call::Confirm);
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
    hangs.reached().await;
    here.log_out(pair.access_token().secret()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1010)).await;
    ask(&layer, &bearer_of(&pair))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

#[tokio::test(start_paused = true)]
async fn a_receipt_that_hangs_is_given_up_and_comes_again() {
    let (tokens, shared) = (TestTokens::new(), Arc::new(MemoryStore::new()));
    let slow = FailingStore::new(Arc::clone(&shared));
    let sessions = sessions_in(&tokens, slow.clone());
    let (layer, pair) = (
        sessions.layer(),
        sessions.start(Identity::new("alice")).await.unwrap(),
    );
    let id = *pair.session_id();

    let hangs = slow.pause_at(Call::Confirm);
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
    hangs.reached().await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert!(!shared.find(&id).await.unwrap().unwrap().parts().confirmed);
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
    sessions.flush().await.unwrap();
    assert!(shared.find(&id).await.unwrap().unwrap().parts().confirmed);
}

#[tokio::test]
async fn of_many_first_requests_one_asks_the_store() {
    let tokens = TestTokens::new();
    let store = FailingStore::new(MemoryStore::new());
    let sessions = sessions_in(&tokens, store.clone());
    let (layer, pair) = (
        sessions.layer(),
        sessions.start(Identity::new("alice")).await.unwrap(),
    );
    let pause = store.pause_at(Call::RevokedSince);
    let requests: Vec<_> = (0..50)
        .map(|_| {
            let (layer, bearer) = (layer.clone(), bearer_of(&pair));
            tokio::spawn(async move { ask(&layer, &bearer).await.assert_passed("alice") })
        })
        .collect();
    pause.reached().await;
    pause.go_on();
    for request in requests {
        request.await.unwrap();
    }
    // The background asks too, for itself.
    assert!(store.calls_of(Call::RevokedSince) <= 2);
}

#[tokio::test(start_paused = true)]
async fn after_a_panic_of_the_store_the_next_request_starts_the_pulling_again() {
    let (tokens, secret, shared) = (
        TestTokens::new(),
        Secret::random().unwrap(),
        Arc::new(MemoryStore::new()),
    );
    let here = process(&tokens, &secret, Arc::clone(&shared));
    let store = FailingStore::new(shared);
    let there = process(&tokens, &secret, store.clone());
    let layer = there.layer();
    let (first, second) = (
        here.start(Identity::new("alice")).await.unwrap(),
        here.start(Identity::new("bob")).await.unwrap(),
    );
    ask(&layer, &bearer_of(&first)).await.assert_passed("alice");

    store.set_fault(Some(StoreFault::Panic(Call::RevokedSince)));
    tokio::time::sleep(Duration::from_millis(1010)).await;
    store.set_fault(None);
    here.log_out(second.access_token().secret()).await.unwrap();
    ask(&layer, &bearer_of(&first)).await.assert_passed("alice");
    tokio::time::sleep(Duration::from_millis(1010)).await;
    ask(&layer, &bearer_of(&second))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

#[tokio::test(start_paused = true)]
async fn receipts_that_make_the_store_panic_keep_no_logout_waiting() {
    let (tokens, secret, shared) = (
        TestTokens::new(),
        Secret::random().unwrap(),
        Arc::new(MemoryStore::new()),
    );
    let here = process(&tokens, &secret, Arc::clone(&shared));
    let broken = FailingStore::new(shared);
    let there = process(&tokens, &secret, broken.clone());
    let (layer, ended) = (
        there.layer(),
        here.start(Identity::new("alice")).await.unwrap(),
    );
    ask(&layer, &bearer_of(&ended)).await.assert_passed("alice");

    broken.set_fault(Some(StoreFault::Panic(Call::Confirm)));
    here.log_out(ended.access_token().secret()).await.unwrap();
    for _ in 0..4 {
        let other = here.start(Identity::new("bob")).await.unwrap();
        ask(&layer, &bearer_of(&other)).await.assert_passed("bob");
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    ask(&layer, &bearer_of(&ended))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_keeps_nobody_waiting_for_ever() {
    let minute = Duration::from_secs(60);
    let tokens = TestTokens::new();
    let store = FailingStore::new(MemoryStore::new());
    let sessions = sessions_in(&tokens, store.clone());
    let pair = sessions.start(Identity::new("alice")).await.unwrap();

    // The first request hangs in the store, and a second behind it.
    let hangs = store.pause_at(Call::RevokedSince);
    let layer = sessions.layer();
    let requests: Vec<_> = (0..2)
        .map(|_| {
            let (layer, bearer) = (layer.clone(), bearer_of(&pair));
            tokio::spawn(async move { ask(&layer, &bearer).await })
        })
        .collect();
    hangs.reached().await;
    for request in requests {
        let _ = tokio::time::timeout(minute, request)
            .await
            .expect("an answer within a minute")
            .unwrap();
    }
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");

    // A login whose insert hangs, and whose end does too.
    let (insert, login) = (store.pause_at(Call::Insert), sessions.clone());
    let login = tokio::spawn(async move { login.start(Identity::new("alice")).await.map(drop) });
    insert.reached().await;
    let _revoke = store.pause_at(Call::Revoke);
    assert!(
        tokio::time::timeout(minute, login)
            .await
            .expect("an answer within a minute")
            .unwrap()
            .is_err()
    );
}

/// The steps of docs/running.md: every process knows the new secret before one makes tokens with
/// it.
#[tokio::test]
async fn a_secret_that_changes_in_two_steps_logs_nobody_out() {
    let (tokens, store) = (TestTokens::new(), Arc::new(MemoryStore::new()));
    let (old, new) = (Secret::random().unwrap(), Secret::random().unwrap());
    let process = |secret: &Secret| process(&tokens, secret, Arc::clone(&store));
    let before = process(&old);
    let first = process(&old.clone().with_previous(new.clone()));
    let second = process(&new.clone().with_previous(old));
    let after = process(&new);
    for (here, there) in [(&before, &first), (&first, &second), (&second, &after)] {
        for (here, there) in [(here, there), (there, here)] {
            let pair = here.start(Identity::new("alice")).await.unwrap();
            let layer = there.layer();
            ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
            let token = pair.refresh_token().unwrap().clone();
            there.refresh(token).await.unwrap();
        }
    }
    // In one step it does.
    let pair = second.start(Identity::new("alice")).await.unwrap();
    let refused = before.refresh(pair.refresh_token().unwrap().clone()).await;
    assert_eq!(refused.unwrap_err().kind(), SessionErrorKind::InvalidToken);
}
