//! A user is deleted: nothing of theirs is left in the store, and their tokens stay refused.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use support::{
    App, Call, DAY, FailingStore, Log, MINUTE, StoreFault, ask, assert_ended, bearer_of, log_in,
    process,
};
use tower_bearer::clock::Clock;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::store::{REVOCATION_RETENTION, Session, SessionKind, SessionStore};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, MemoryStore, Secret, Subject, TokenResponse};

fn alice() -> Subject {
    "alice".into()
}

async fn is_gone(app: &App, tokens: &TokenResponse) -> bool {
    let found = app.store.inner().find(tokens.session_id()).await.unwrap();
    found.is_none()
}

/// Neither of its tokens works.
async fn assert_over(app: &App, tokens: &TokenResponse) {
    app.me(tokens.access_token().secret())
        .await
        .assert_invalid_token("session_revoked");
    app.refresh(tokens.refresh_token().unwrap().secret())
        .await
        .assert_invalid_grant("session_expired");
}

// requirements 53, 73
#[tokio::test]
async fn nothing_of_an_erased_user_is_left_in_the_store_and_no_token_works() {
    let app = App::new();
    let phone = Identity::new("alice").with_device("a phone");
    let mut all = vec![app.sessions.start(phone).await.unwrap()];
    for _ in 0..2 {
        all.push(log_in(&app.sessions, "alice").await);
    }
    let bobs = log_in(&app.sessions, "bob").await;
    // One has ended already: its row is there for another day.
    let ended = all[2].access_token().secret();
    assert!(app.sessions.log_out(ended).await.unwrap().any());

    let receipt = app.sessions.erase(&alice()).await.unwrap();
    assert_eq!(receipt.sessions(), 3);
    for tokens in &all {
        assert!(is_gone(&app, tokens).await);
        assert_over(&app, tokens).await;
    }
    assert_eq!(app.live().await, []);
    app.me(bobs.access_token().secret())
        .await
        .assert_passed("bob");
    let bobs = bobs.refresh_token().unwrap().clone();
    app.sessions.refresh(bobs).await.unwrap();
}

#[tokio::test]
async fn the_receipt_says_how_much_and_when_and_does_not_name_the_user() {
    let app = App::new();
    log_in(&app.sessions, "alice").await;
    let now = app.clock.now();
    let (log, _guard) = Log::capture();
    let receipt = app.sessions.erase(&alice()).await.unwrap();
    assert_eq!(receipt.erased_at(), now);
    assert_eq!(receipt.ids_kept_until(), now + REVOCATION_RETENTION);
    assert_eq!(
        serde_json::to_value(&receipt).unwrap(),
        json!({
            "sessions": 1,
            "erased_at": now.as_secs(),
            "ids_kept_until": (now + REVOCATION_RETENTION).as_secs(),
        })
    );
    let said = format!("{receipt:?} {}", log.text());
    assert!(said.contains("erased"), "{said}");
    assert!(!said.contains("alice"), "{said}");
}

#[tokio::test]
async fn an_erased_user_may_log_in_and_be_erased_again() {
    let app = App::new();
    for sessions in [0, 1, 2] {
        let mut all = Vec::new();
        for _ in 0..sessions {
            all.push(log_in(&app.sessions, "alice").await);
        }
        assert_eq!(app.live().await.len(), sessions);
        for tokens in &all {
            app.me(tokens.access_token().secret())
                .await
                .assert_passed("alice");
        }
        for expected in [sessions as u64, 0] {
            let receipt = app.sessions.erase(&alice()).await.unwrap();
            assert_eq!(receipt.sessions(), expected);
        }
        for tokens in &all {
            assert_over(&app, tokens).await;
        }
    }
}

/// Whatever fails, the call is an error until all is done, and can be repeated.
#[tokio::test]
async fn an_erasure_that_failed_midway_is_completed_by_the_next_one() {
    let faults = [
        StoreFault::All,
        StoreFault::Of(Call::RevokeAll),
        StoreFault::AnswerOf(Call::RevokeAll),
        StoreFault::Of(Call::RevokedSince),
        StoreFault::Of(Call::Erase),
        StoreFault::AnswerOf(Call::Erase),
    ];
    for fault in faults {
        let app = App::new();
        let all = [
            log_in(&app.sessions, "alice").await,
            log_in(&app.sessions, "alice").await,
        ];
        app.store.set_fault(Some(fault));
        let failed = app.sessions.erase(&alice()).await.unwrap_err();
        assert_eq!(failed.kind(), SessionErrorKind::Unavailable, "{fault:?}");
        app.store.set_fault(None);
        let left = app.sessions.erase(&alice()).await.unwrap().sessions();
        let was_done = matches!(fault, StoreFault::AnswerOf(Call::Erase));
        assert_eq!(left, if was_done { 0 } else { 2 }, "{fault:?}");
        for tokens in &all {
            assert!(is_gone(&app, tokens).await, "{fault:?}");
            assert_over(&app, tokens).await;
        }
    }
}

/// The tokens are refused before the rows are gone.
#[tokio::test]
async fn tokens_are_refused_from_the_first_step_on() {
    let app = App::new();
    let tokens = log_in(&app.sessions, "alice").await;
    app.store.set_fault(Some(StoreFault::Of(Call::Erase)));
    app.sessions.erase(&alice()).await.unwrap_err();
    app.me(tokens.access_token().secret())
        .await
        .assert_invalid_token("session_revoked");
    app.refresh(tokens.refresh_token().unwrap().secret())
        .await
        .assert_invalid_grant("session_revoked");
    assert!(!is_gone(&app, &tokens).await);
}

// requirement 53
#[tokio::test(start_paused = true)]
async fn an_erasure_is_felt_on_other_processes_and_on_those_that_start_later() {
    let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
    let store = Arc::new(MemoryStore::new());
    let process = || process(&tokens, &secret, Arc::clone(&store));
    let (here, there) = (process(), process());
    let pair = log_in(&here, "alice").await;
    ask(&there.layer(), &bearer_of(&pair))
        .await
        .assert_passed("alice");
    here.erase(&alice()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1010)).await;
    assert_ended(&there.layer(), &pair).await;
    here.delete_expired().await.unwrap();
    assert_ended(&process().layer(), &pair).await;
}

/// A store that was restored has the row again, with the subject: it stays revoked, and is erased
/// again.
#[tokio::test]
async fn a_row_that_a_backup_brings_back_is_refused_and_erased_again() {
    let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
    let store = FailingStore::new(MemoryStore::new());
    let sessions = process(&tokens, &secret, store.clone());
    let pair = log_in(&sessions, "alice").await;
    let row = store.inner().find(pair.session_id()).await.unwrap();
    sessions.erase(&alice()).await.unwrap();

    let backup = MemoryStore::new();
    backup.insert(&row.unwrap()).await.unwrap();
    store.set_back_to(backup);
    let token = pair.refresh_token().unwrap().clone();
    let refused = sessions.refresh(token).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::SessionRevoked);
    assert_ended(&sessions.layer(), &pair).await;
    assert_eq!(sessions.erase(&alice()).await.unwrap().sessions(), 1);
    let found = store.inner().find(pair.session_id()).await.unwrap();
    assert!(found.is_none());
}

/// A login that was under way when the user was deleted: `authorize` ends it.
#[tokio::test]
async fn a_login_that_was_under_way_does_not_survive() {
    let app = App::new();
    let pause = app.store.pause_at(Call::Insert);
    let login = tokio::spawn({
        let sessions = app.sessions.clone();
        async move { sessions.start(Identity::new("alice")).await }
    });
    pause.reached().await;
    app.users
        .authorize_as(|_| Ok(tower_bearer::Authorization::gone()));
    assert_eq!(app.sessions.erase(&alice()).await.unwrap().sessions(), 0);
    pause.go_on();
    let refused = login.await.unwrap().unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::UserGone);
    assert_eq!(app.live().await, []);
    assert_eq!(app.sessions.erase(&alice()).await.unwrap().sessions(), 1);
}

/// What a later version of this crate keeps in the same rows is the user's too.
#[tokio::test]
async fn rows_of_kinds_that_this_version_does_not_know_are_erased() {
    let app = App::new();
    let tokens = log_in(&app.sessions, "alice").await;
    let mut parts = app.row(tokens.session_id()).await.into_parts();
    parts.id = tower_bearer::names::SessionId::from_bytes([7; 16]);
    parts.kind = SessionKind::from_number(9);
    let later = Session::from_parts(parts);
    app.store.inner().insert(&later).await.unwrap();
    assert_eq!(app.sessions.erase(&alice()).await.unwrap().sessions(), 2);
    let found = app.store.inner().find(later.id()).await.unwrap();
    assert!(found.is_none());
}

/// The id leaves the feed when the last access token has long expired.
#[tokio::test]
async fn the_ids_go_after_the_retention() {
    let app = App::new();
    let tokens = log_in(&app.sessions, "alice").await;
    let receipt = app.sessions.erase(&alice()).await.unwrap();
    let feed = async || app.store.inner().revoked_since(None).await.unwrap();
    assert!(feed().await.contains(tokens.session_id()));
    app.clock.advance(DAY + 7 * MINUTE);
    assert!(app.clock.now() > receipt.ids_kept_until());
    // The store has a clock of its own, and the later of the two counts.
    let long_after = tower_bearer::clock::SystemClock.now().max(app.clock.now()) + 2 * DAY;
    app.store.inner().delete_expired(long_after).await.unwrap();
    assert!(!feed().await.contains(tokens.session_id()));
}
