//! A store that one process cannot read, while another one refreshes.

use std::sync::atomic::Ordering;

use support::{MINUTE, SECOND};
use tower::Layer;
use tower_bearer_client::ClientErrorKind;

use crate::shelf::Shelf;
use crate::world::{World, me};

#[tokio::test]
async fn a_process_that_cannot_read_the_store_presents_no_token_that_may_be_old() {
    let shelf = Shelf::default();
    let shared = shelf.store.clone();
    let world = World::on(shelf.clone()).await;
    let other = world.another(|builder| builder.store(shared)).await;
    let other = other.layer().layer(world.line.clone());
    shelf.is_locked.store(true, Ordering::SeqCst);
    for refreshes in 1..=2 {
        world.pass(30 * MINUTE);
        assert_eq!(me(other.clone()).await.unwrap(), 200);
        world.login.retry_now();
        let failed = world.me().await.unwrap_err();
        assert_eq!(failed.kind(), ClientErrorKind::Storage);
        assert_eq!(world.refreshes_sent(), refreshes);
    }
    shelf.is_locked.store(false, Ordering::SeqCst);
    let rests = world.me().await.unwrap_err();
    assert_eq!(rests.kind(), ClientErrorKind::Storage);
    assert!(rests.retry_after().is_some());
    world.login.retry_now();
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(me(other).await.unwrap(), 200);
}

#[tokio::test]
async fn an_access_token_that_lives_serves_while_the_store_cannot_be_read() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    shelf.is_locked.store(true, Ordering::SeqCst);
    world.pass(30 * MINUTE - 30 * SECOND);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 0);
    world.pass(30 * SECOND);
    let failed = world.me().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    assert!(world.login.is_logged_in());
}

#[tokio::test]
async fn a_mark_that_is_not_saved_does_not_make_the_tokens_the_newest() {
    let shelf = Shelf::default();
    let shared = shelf.store.clone();
    let world = World::on(shelf.clone()).await;
    let other = world.another(|builder| builder.store(shared)).await;
    let other = other.layer().layer(world.line.clone());
    shelf.is_locked.store(true, Ordering::SeqCst);
    let failed = world.login.set_device_mark("dm1_mine").await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    for refreshes in 1..=2 {
        world.pass(30 * MINUTE);
        assert_eq!(me(other.clone()).await.unwrap(), 200);
        assert_eq!(world.refreshes_sent(), refreshes);
    }
    let failed = world.me().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    assert_eq!(me(other).await.unwrap(), 200);
}

#[tokio::test]
async fn tokens_that_could_not_be_saved_may_be_those_that_another_process_has_refreshed() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    shelf.is_full.store(true, Ordering::SeqCst);
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    shelf.is_locked.store(true, Ordering::SeqCst);
    world.pass(30 * MINUTE);
    let failed = world.me().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    assert_eq!(world.refreshes_sent(), 1);
}

#[tokio::test]
async fn a_login_that_was_never_stored_is_refreshed_without_the_store() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    shelf.is_full.store(true, Ordering::SeqCst);
    let failed = world.login.log_in("alice", "wonderland-7").await;
    assert_eq!(failed.unwrap_err().kind(), ClientErrorKind::Storage);
    shelf.is_locked.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        world.pass(30 * MINUTE);
        assert_eq!(world.me().await.unwrap(), 200);
    }
    assert_eq!((world.refreshes_sent(), world.login.is_saved()), (2, false));
}
