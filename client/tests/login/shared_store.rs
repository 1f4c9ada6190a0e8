//! What a process writes does not replace what another one has stored later.

use std::sync::atomic::Ordering;

use support::MINUTE;
use tower::{Layer, ServiceExt};
use tower_bearer_client::{BearerClient, ClientErrorKind, Login, StoredLogin, TokenStore};

use crate::shelf::{Access, Shelf};
use crate::world::{Fault, Line, REFRESH, World, marks, me, request};

/// Two processes.
async fn two() -> (Shelf, World, Login, BearerClient<Line>) {
    let shelf = Shelf::default();
    let (one, two) = (shelf.clone(), shelf.clone());
    let world = World::on(one).await;
    let other = world.another(|builder| builder.store(two)).await;
    let client = other.layer().layer(world.line.clone());
    (shelf, world, other, client)
}

/// The member of the stored JSON.
fn member(text: &str, name: &str) -> String {
    let (_, rest) = text.split_once(&format!("\"{name}\":\"")).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn assert_both_live(world: &World, other: &BearerClient<Line>) {
    for _ in 0..2 {
        world.pass(30 * MINUTE);
        assert_eq!(me(other.clone()).await.unwrap(), 200);
        assert_eq!(world.me().await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_late_save_does_not_replace_newer_tokens_of_another_process() {
    let (shelf, world, _other, client) = two().await;
    shelf.is_full.store(true, Ordering::SeqCst);
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    assert!(!world.login.is_saved());
    shelf.is_full.store(false, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(me(client.clone()).await.unwrap(), 200);
        world.pass(30 * MINUTE);
    }
    let stored = shelf.text();
    world.login.save().await.unwrap();
    assert!(world.login.is_saved());
    assert_eq!(shelf.text(), stored);
    assert_both_live(&world, &client).await;
}

#[tokio::test]
async fn a_refresh_that_was_suspended_before_its_save_does_not_replace_newer_tokens() {
    let (shelf, world, _other, client) = two().await;
    world.pass(30 * MINUTE);
    // The first looks for newer tokens.
    shelf.hang(Access::Load, 1);
    let call = tokio::spawn(world.client.clone().oneshot(request("/me")));
    shelf.reached().await;
    for _ in 0..3 {
        assert_eq!(me(client.clone()).await.unwrap(), 200);
        world.pass(30 * MINUTE);
    }
    let stored = shelf.text();
    shelf.open();
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    assert_ne!(shelf.text(), stored, "it has refreshed the newer tokens");
    assert_both_live(&world, &client).await;
}

#[tokio::test]
async fn a_backup_that_was_put_back_is_not_newer() {
    let (shelf, world, _other, client) = two().await;
    let backup = shelf.store.load().unwrap().unwrap();
    for _ in 0..2 {
        world.pass(30 * MINUTE);
        assert_eq!(world.me().await.unwrap(), 200);
        assert_eq!(me(client.clone()).await.unwrap(), 200);
    }
    shelf.store.save(&backup).unwrap();
    assert_both_live(&world, &client).await;
}

#[tokio::test]
async fn a_login_that_could_not_be_saved_is_kept_although_another_process_ends_the_one_before() {
    let (shelf, world, _other, client) = two().await;
    shelf.is_full.store(true, Ordering::SeqCst);
    let failed = world.login.log_in("alice", "wonderland-7").await;
    assert_eq!(failed.unwrap_err().kind(), ClientErrorKind::Storage);
    shelf.is_full.store(false, Ordering::SeqCst);
    world.pass(30 * MINUTE);
    let ended = me(client.clone()).await.unwrap_err();
    assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn);
    let (before, mark) = (shelf.text(), marks(&world));
    assert_eq!(world.me().await.unwrap(), 200);
    assert!(world.login.is_saved());
    let after = shelf.text();
    assert_ne!(
        member(&before, "device_mark"),
        member(&after, "device_mark")
    );
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(
        marks(&world).pop().unwrap().unwrap(),
        member(&after, "device_mark")
    );
    assert_eq!(marks(&world).len(), mark.len() + 1);
}

#[tokio::test]
async fn the_device_mark_of_another_process_is_taken_with_its_tokens() {
    let (shelf, world, other, _client) = two().await;
    other.log_in("alice", "wonderland-7").await.unwrap();
    let mark = member(&shelf.text(), "device_mark");
    world.pass(30 * MINUTE);
    let replaced = world.me().await.unwrap_err();
    assert_eq!(replaced.kind(), ClientErrorKind::LoginReplaced);
    assert_eq!(member(&shelf.text(), "device_mark"), mark);
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(marks(&world).pop().unwrap().unwrap(), mark);
}

#[tokio::test]
async fn a_login_takes_the_device_mark_that_another_process_has_stored() {
    let (shelf, world, other, _client) = two().await;
    other.log_in("alice", "wonderland-7").await.unwrap();
    let mark = member(&shelf.text(), "device_mark");
    // This process has not looked into the store since.
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(marks(&world).pop().unwrap().unwrap(), mark);
}

#[tokio::test]
async fn what_one_process_has_forgotten_the_other_does_not_write_back() {
    let (shelf, world, other, client) = two().await;
    world.login.log_out().await.unwrap();
    world.login.forget().await.unwrap();
    world.pass(30 * MINUTE);
    let ended = me(client).await.unwrap_err();
    assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn);
    assert!(other.is_saved());
    assert_eq!(shelf.text(), "");
    other.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(marks(&world).pop().unwrap(), None);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_not_overwritten_by_the_end_of_a_login() {
    let (shelf, world, other, _client) = two().await;
    let alice = "alice".into();
    let sessions = &world.server.sessions;
    sessions.log_out_everywhere(&alice).await.unwrap();
    other.log_in("alice", "wonderland-7").await.unwrap();
    let stored = shelf.text();
    shelf.is_locked.store(true, Ordering::SeqCst);
    let refused = world.me().await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Storage);
    assert_eq!(shelf.text(), stored);
    shelf.is_locked.store(false, Ordering::SeqCst);
    world.login.save().await.unwrap();
    assert_eq!(shelf.text(), stored);

    // A logout is the same. A login replaces what cannot be read.
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    shelf.is_locked.store(true, Ordering::SeqCst);
    let stored = shelf.text();
    let failed = world.login.log_out().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    assert_eq!(shelf.text(), stored);
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_ne!(shelf.text(), stored);
}

#[tokio::test]
async fn a_refused_token_stays_refused_when_another_process_has_the_same() {
    let (shelf, world, _other, _client) = two().await;
    let stored = shelf.text();
    let key = member(&stored, "idempotency_key");
    let other = stored.replace(&key, "00000000000000000000000000000001");
    let other = StoredLogin::from_json(other.as_bytes()).unwrap();
    shelf.store.save(&other).unwrap();
    let refused = Fault::Challenge("Bearer error=\"invalid_token\"");
    world.line.faults("/me", [refused]);
    assert_eq!(world.me().await.unwrap(), 200);
    let sent = world.line.sent("/me");
    assert_ne!(sent[0].authorization, sent[1].authorization);
    assert_eq!(world.refreshes_sent(), 1);
}

#[tokio::test]
async fn new_tokens_are_stored_before_a_call_uses_them() {
    let (shelf, world, _other, _client) = two().await;
    world.pass(30 * MINUTE);
    shelf.hang(Access::Save, 0);
    let calls = [(); 2].map(|()| tokio::spawn(world.client.clone().oneshot(request("/me"))));
    shelf.reached().await;
    let third = tokio::spawn(world.client.clone().oneshot(request("/me")));
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.line.sent("/me").len(), 0);
    shelf.open();
    for call in calls.into_iter().chain([third]) {
        assert_eq!(call.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(world.refreshes_sent(), 1);
}

#[tokio::test]
async fn two_processes_that_write_at_once_go_on_with_what_was_written_last() {
    let (shelf, world, _other, client) = two().await;
    world.pass(30 * MINUTE);
    // It has looked at what is stored, and is about to write.
    shelf.hang(Access::Save, 0);
    let call = tokio::spawn(world.client.clone().oneshot(request("/me")));
    shelf.reached().await;
    assert_eq!(me(client.clone()).await.unwrap(), 200);
    shelf.open();
    assert_eq!(call.await.unwrap().unwrap().status(), 200);
    world.pass(30 * MINUTE);
    let (one, two) = tokio::join!(world.me(), me(client.clone()));
    assert_eq!((one.unwrap(), two.unwrap()), (200, 200));
    let keys: Vec<_> = world
        .line
        .sent(REFRESH)
        .into_iter()
        .map(|sent| sent.key)
        .collect();
    let (first, second) = keys.split_at(2);
    assert!(first[0] == first[1], "{keys:?}");
    // One that comes late finds the tokens of the other, and sends nothing.
    assert!(matches!(second.len(), 1 | 2), "{keys:?}");
    assert!(second.iter().all(|key| *key == second[0]), "{keys:?}");
    assert_both_live(&world, &client).await;
}

#[tokio::test]
async fn the_key_that_is_stored_counts_for_all_also_while_nothing_can_be_saved() {
    let (shelf, world, other, client) = two().await;
    let full = |is_full| shelf.is_full.store(is_full, Ordering::SeqCst);
    full(true);
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(me(client.clone()).await.unwrap(), 200);
    full(false);
    other.save().await.unwrap();
    full(true);
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    world.pass(MINUTE);
    // The refresh token was replaced, and the new one used: only the key tells them from a thief.
    assert_eq!(me(client.clone()).await.unwrap(), 200);
    full(false);
    world.login.save().await.unwrap();
    assert_both_live(&world, &client).await;
}

#[tokio::test]
async fn a_login_in_a_store_that_was_emptied_is_newer_than_what_was_there() {
    let (shelf, world, other, client) = two().await;
    for _ in 0..3 {
        world.pass(30 * MINUTE);
        assert_eq!(me(client.clone()).await.unwrap(), 200);
        assert_eq!(world.me().await.unwrap(), 200);
    }
    other.log_out().await.unwrap();
    other.forget().await.unwrap();
    world.pass(MINUTE);
    let store = shelf.clone();
    let third = world.another(|builder| builder.store(store)).await;
    third.log_in("alice", "wonderland-7").await.unwrap();
    world.pass(30 * MINUTE);
    let replaced = world.me().await.unwrap_err();
    assert_eq!(replaced.kind(), ClientErrorKind::LoginReplaced);
    let third = third.layer().layer(world.line.clone());
    assert_both_live(&world, &third).await;
}
