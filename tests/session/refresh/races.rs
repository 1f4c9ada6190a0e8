//! Many refreshes at once, on several threads: one rotation, one successor, and no error.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Waker};

use support::{Call, Login, claims_of};
use tokio::sync::Barrier;
use tower_bearer::keys::RefreshToken;
use tower_bearer::store::SessionStore;
use tower_bearer::{MemoryStore, SessionPolicy, SqliteStore};

/// Fifty tabs, and two processes that answer them.
async fn fifty_refreshes_are_one_rotation(store: impl SessionStore) {
    const TABS: usize = 50;
    let login = Arc::new(Login::over(store, SessionPolicy::default()));
    let other = Arc::new(login.restarted());
    let first = login.log_in("alice").await;
    // All of them read before the first one writes.
    login.store.yield_everywhere();
    login.accounts.yield_everywhere();
    let start = Arc::new(Barrier::new(TABS));
    let tabs: Vec<_> = (0..TABS)
        .map(|tab| {
            let process = Arc::clone(if tab % 2 == 0 { &login } else { &other });
            let (start, token) = (Arc::clone(&start), first.refresh.clone());
            tokio::spawn(async move {
                start.wait().await;
                process.refresh(&token).await.tokens()
            })
        })
        .collect();
    let (mut successors, mut access_tokens) = (HashSet::new(), HashSet::new());
    for tab in tabs {
        let tokens = tab.await.expect("no tab is refused");
        successors.insert(tokens.refresh);
        access_tokens.insert(tokens.access);
    }
    assert_eq!((successors.len(), access_tokens.len()), (1, TABS));
    assert!(!successors.contains(&first.refresh));
    let row = login.row(&first).await.into_parts();
    assert_eq!((row.generation, row.revision, row.revoked), (1, 1, None));
    assert_eq!(login.store.swaps(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_tabs_that_refresh_at_once_are_one_rotation_in_memory() {
    for _ in 0..5 {
        fifty_refreshes_are_one_rotation(MemoryStore::new()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_tabs_that_refresh_at_once_are_one_rotation_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    fifty_refreshes_are_one_rotation(
        SqliteStore::open(folder.path().join("app.db"))
            .await
            .unwrap(),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logins_at_once_are_sessions_of_their_own() {
    let login = Arc::new(Login::new());
    let logins: Vec<_> = (0..20)
        .map(|_| {
            let login = Arc::clone(&login);
            tokio::spawn(async move { login.log_in("alice").await })
        })
        .collect();
    let mut ids = HashSet::new();
    for task in logins {
        let tokens = task.await.unwrap();
        ids.insert(claims_of(&tokens.access)["sid"].to_string());
        login.refresh(&tokens.refresh).await.tokens();
    }
    assert_eq!(ids.len(), 20);
    assert_eq!(
        login.sessions.list(&"alice".into()).await.unwrap().len(),
        20
    );
}

// requirements 25, 53
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_logout_has_returned_nothing_refreshes() {
    for _ in 0..100 {
        let login = Arc::new(Login::new());
        let first = login.log_in("alice").await;
        let start = Arc::new(Barrier::new(2));
        let refresh = {
            let (login, start, token) = (
                Arc::clone(&login),
                Arc::clone(&start),
                first.refresh.clone(),
            );
            tokio::spawn(async move {
                start.wait().await;
                login.refresh(&token).await
            })
        };
        start.wait().await;
        login.log_out(&first.refresh).await;
        login
            .refresh(&first.refresh)
            .await
            .assert_invalid_grant("session_revoked");
        login
            .me(&first.access)
            .await
            .assert_invalid_token("session_revoked");

        // The one that ran beside it may have been answered. What it was given is worth nothing.
        let raced = refresh.await.unwrap();
        if raced.status == 200 {
            let tokens = raced.tokens();
            login
                .refresh(&tokens.refresh)
                .await
                .assert_invalid_grant("session_revoked");
            login
                .me(&tokens.access)
                .await
                .assert_invalid_token("session_revoked");
        } else {
            raced.assert_invalid_grant("session_revoked");
        }
    }
}

// requirements 25, 53
#[tokio::test]
async fn a_logout_between_reading_and_writing_wins() {
    let login = Arc::new(Login::new());
    let first = login.log_in("alice").await;
    let pause = login.store.pause_at(Call::Replace);
    let refresh = {
        let (login, token) = (Arc::clone(&login), first.refresh.clone());
        tokio::spawn(async move { login.refresh(&token).await })
    };
    pause.reached().await;
    login.log_out(&first.access).await;
    pause.go_on();
    refresh
        .await
        .unwrap()
        .assert_invalid_grant("session_revoked");
}

// requirement 25
#[tokio::test]
async fn a_logout_while_the_users_are_being_asked_wins() {
    let login = Login::new();
    let first = login.log_in("alice").await;
    // The second refresh writes nothing: only the set of revocations can stop it.
    let second = login.refresh(&first.refresh).await.tokens();
    login.accounts.yield_everywhere();
    let before = login.accounts.renewals();
    let mut refresh = Box::pin(login.refresh(&second.refresh));
    while login.accounts.renewals() == before {
        assert!(
            refresh
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    }
    login.log_out(&first.access).await;
    refresh.await.assert_invalid_grant("session_revoked");
}

#[tokio::test]
async fn whoever_lost_the_race_gets_what_the_winner_got() {
    let login = Arc::new(Login::new());
    let first = login.log_in("alice").await;
    let pause = login.store.pause_at(Call::Replace);
    let slow = {
        let (login, token) = (Arc::clone(&login), first.refresh.clone());
        tokio::spawn(async move { login.refresh(&token).await })
    };
    pause.reached().await;
    let quick = login.refresh(&first.refresh).await.tokens();
    pause.go_on();
    assert_eq!(slow.await.unwrap().tokens().refresh, quick.refresh);
    assert_eq!(
        (
            login.row(&first).await.parts().revision,
            login.store.swaps()
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn four_lost_races_are_a_server_that_is_busy() {
    let login = Login::new();
    let first = login.log_in("alice").await;
    login.store.lose_races(true);
    login.store.take_calls();
    login.refresh(&first.refresh).await.assert_unavailable();
    assert_eq!(
        login
            .store
            .take_calls()
            .iter()
            .filter(|&&call| call == Call::Replace)
            .count(),
        4
    );
    login.store.lose_races(false);
    login
        .sessions
        .refresh(RefreshToken::new(first.refresh))
        .await
        .unwrap();
}
