//! A store that does not answer: a keyring that asks the user, a network drive that is gone.

use support::{MINUTE, SECOND};
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};
use tower_bearer::SessionPolicy;
use tower_bearer_client::ClientErrorKind;

use crate::shelf::{Access, Shelf};
use crate::world::{World, me};

async fn world(shelf: &Shelf) -> World {
    let store = shelf.clone();
    World::with(SessionPolicy::default(), |builder| builder.store(store)).await
}

/// Lets time pass until the call has ended, and returns the seconds.
async fn seconds<T>(shelf: &Shelf, call: &JoinHandle<T>) -> u64 {
    shelf.reached().await;
    let started = Instant::now();
    for _ in 0..40 {
        if call.is_finished() {
            break;
        }
        advance(SECOND).await;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    if !call.is_finished() {
        shelf.open();
        panic!("it waits for ever");
    }
    started.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_holds_up_a_refresh_for_ten_seconds_an_access() {
    for (access, limit) in [(Access::Save, 10), (Access::Load, 20)] {
        let shelf = Shelf::default();
        let world = world(&shelf).await;
        world.pass(30 * MINUTE);
        shelf.hang(access, 0);
        let call = tokio::spawn(me(world.client.clone()));
        assert_eq!(seconds(&shelf, &call).await, limit, "{access:?}");
        assert_eq!(call.await.unwrap().unwrap(), 200);
        assert!(!world.login.is_saved());
        assert_eq!(world.me().await.unwrap(), 200);
        shelf.open();
        world.login.save().await.unwrap();
        assert!(world.login.is_saved());
        assert_eq!(world.refreshes_sent(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_does_not_hold_up_a_logout_for_ever() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    shelf.hang(Access::Load, 0);
    let login = world.login.clone();
    let call = tokio::spawn(async move { login.log_out().await });
    assert_eq!(seconds(&shelf, &call).await, 20);
    let failed = call.await.unwrap().unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    let alice = "alice".into();
    assert!(world.server.sessions.list(&alice).await.unwrap().is_empty());
    shelf.open();
    world.login.save().await.unwrap();
    assert!(!shelf.text().contains("rt1_"));
}
