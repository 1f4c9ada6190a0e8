//! Several processes with one store, as the commands of one program.

use std::sync::atomic::Ordering;

use support::{Call, HOUR, MINUTE};
use tower::{Layer, ServiceExt};
use tower_bearer_client::{ClientErrorKind, Clock, MemoryTokenStore, TokenStore};

use crate::shelf::Shelf;
use crate::world::{Fault, LOGIN, LOGOUT, REFRESH, World, me, request};

async fn world(store: &MemoryTokenStore) -> World {
    World::on(store.clone()).await
}

#[tokio::test(start_paused = true)]
async fn a_process_that_was_ended_before_the_answer_came_is_not_logged_out() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    world.pass(30 * MINUTE);
    let lost = [Fault::AnswerLost, Fault::AnswerLost, Fault::AnswerLost];
    world.line.faults(REFRESH, lost);
    let failed = world.me().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
    // The server has seen an access token of the lost answer: only the key tells the client
    // from a thief.
    let alice = "alice".into();
    let session = world.server.sessions.list(&alice).await.unwrap().remove(0);
    let confirmed = world.server.store.inner().confirm(session.id(), 1).await;
    confirmed.unwrap();

    world.pass(HOUR);
    let next = world.another(|builder| builder.store(store.clone())).await;
    let client = next.layer().layer(world.line.clone());
    assert_eq!(me(client).await.unwrap(), 200);
    let sent = world.line.sent(REFRESH);
    assert!(sent.iter().all(|attempt| attempt.key == sent[0].key));
}

#[tokio::test]
async fn a_process_takes_the_tokens_that_another_has_stored() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    let client = other.layer().layer(world.line.clone());
    for round in 1..=3 {
        world.pass(30 * MINUTE);
        assert_eq!(world.me().await.unwrap(), 200);
        assert_eq!(me(client.clone()).await.unwrap(), 200);
        assert_eq!(world.refreshes_sent(), round);
    }
    assert_eq!((world.login.refreshes(), other.refreshes()), (3, 0));
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_make_a_process_present_a_token_of_the_past() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    let client = other.layer().layer(world.line.clone());
    world.clock.set(world.clock.now() - 24 * HOUR);
    for _ in 0..2 {
        assert_eq!(world.me().await.unwrap(), 200);
        world.pass(30 * MINUTE);
    }
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(me(client).await.unwrap(), 200);
    assert_eq!((world.refreshes_sent(), other.refreshes()), (3, 0));
}

#[tokio::test]
async fn a_process_that_is_logged_out_takes_the_login_of_another_when_it_is_told_to_look() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    world.end_sessions().await;
    world.me().await.unwrap_err();
    other.log_in("alice", "wonderland-7").await.unwrap();
    let refused = world.me().await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::NotLoggedIn);
    world.login.reload().await.unwrap();
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.line.sent(LOGIN).len(), 2);
}

#[tokio::test]
async fn to_save_what_is_saved_does_not_replace_what_another_process_has_stored() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    let stored = store.load().unwrap().unwrap().to_json();
    assert!(other.is_saved());
    other.save().await.unwrap();
    assert_eq!(*store.load().unwrap().unwrap().to_json(), *stored);
}

#[tokio::test]
async fn two_processes_that_refresh_at_once_send_the_same_key() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    let client = other.layer().layer(world.line.clone());
    for _ in 0..3 {
        world.pass(30 * MINUTE);
        let (one, two) = tokio::join!(world.me(), me(client.clone()));
        assert_eq!((one.unwrap(), two.unwrap()), (200, 200));
        world.pass(5 * MINUTE);
        assert_eq!(world.me().await.unwrap(), 200);
        assert_eq!(me(client.clone()).await.unwrap(), 200);
    }
}

#[tokio::test]
async fn a_refusal_does_not_delete_what_another_process_has_stored_meanwhile() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    world.pass(30 * MINUTE);
    let alice = "alice".into();
    let sessions = &world.server.sessions;
    sessions.log_out_everywhere(&alice).await.unwrap();
    let pause = world.server.store.pause_at(Call::Find);
    let refresh = tokio::spawn(world.client.clone().oneshot(request("/me")));
    pause.reached().await;
    other.log_in("alice", "wonderland-7").await.unwrap();
    pause.go_on();
    let replaced = refresh.await.unwrap().unwrap_err();
    assert_eq!(replaced.kind(), ClientErrorKind::LoginReplaced);
    assert_eq!(world.me().await.unwrap(), 200);
    let stored = store.load().unwrap().unwrap().to_json();
    assert!(stored.contains("rt1_"));
    assert_eq!(world.line.sent(LOGIN).len(), 2);
}

#[tokio::test]
async fn a_logout_ends_the_login_that_another_process_has_stored() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    other.log_in("alice", "wonderland-7").await.unwrap();
    world.login.log_out().await.unwrap();
    let alice = "alice".into();
    assert!(world.server.sessions.list(&alice).await.unwrap().is_empty());
    assert!(!store.load().unwrap().unwrap().to_json().contains("rt1_"));
}

#[tokio::test]
async fn a_logout_ends_its_own_session_too_where_another_process_has_replaced_the_login() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    store.clear().unwrap();
    let other = world.another(|builder| builder.store(store.clone())).await;
    other.log_in("alice", "wonderland-7").await.unwrap();
    let (alice, sessions) = ("alice".into(), &world.server.sessions);
    assert_eq!(sessions.list(&alice).await.unwrap().len(), 2);
    world.login.log_out().await.unwrap();
    assert!(sessions.list(&alice).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_logout_ends_its_own_session_also_where_the_store_was_emptied_meanwhile() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    store.clear().unwrap();
    world.login.log_out().await.unwrap();
    let (alice, sessions) = ("alice".into(), &world.server.sessions);
    assert!(sessions.list(&alice).await.unwrap().is_empty());

    world.login.log_in("alice", "wonderland-7").await.unwrap();
    store.clear().unwrap();
    world
        .line
        .faults(LOGOUT, [Fault::Respond(503, Some("1"), "")]);
    let failed = world.login.log_out().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
}

#[tokio::test]
async fn a_logout_ends_its_own_session_although_that_of_the_store_cannot_be_ended() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    store.clear().unwrap();
    let other = world.another(|builder| builder.store(store.clone())).await;
    other.log_in("alice", "wonderland-7").await.unwrap();
    let busy = || Fault::Respond(503, None, "");
    world.line.faults(LOGOUT, [busy(), busy()]);
    let failed = world.login.log_out().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
    let sent = world.line.sent(LOGOUT);
    assert_ne!(sent[0].body, sent[1].body, "both sessions");
    // The tokens of the other stay, to try again with.
    world.login.log_out().await.unwrap();
    let (alice, sessions) = ("alice".into(), &world.server.sessions);
    assert_eq!(sessions.list(&alice).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_logout_of_a_login_that_is_not_saved_ends_the_session_of_the_store_too() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    let other = world.another(|builder| builder.store(shelf.clone())).await;
    let (alice, sessions) = ("alice".into(), &world.server.sessions);
    shelf.is_full.store(true, Ordering::SeqCst);
    let failed = world.login.log_in("alice", "wonderland-7").await;
    assert_eq!(failed.unwrap_err().kind(), ClientErrorKind::Storage);
    shelf.is_full.store(false, Ordering::SeqCst);
    other.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(sessions.list(&alice).await.unwrap().len(), 2);
    world.login.log_out().await.unwrap();
    assert!(sessions.list(&alice).await.unwrap().is_empty());
    assert!(!shelf.text().contains("rt1_"));
}

#[tokio::test]
async fn a_logout_forgets_the_newer_tokens_that_another_process_stores_meanwhile() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    world.pass(30 * MINUTE);
    let pause = world.server.store.pause_at(Call::Find);
    let meanwhile = async {
        pause.reached().await;
        assert_eq!(
            me(other.layer().layer(world.line.clone())).await.unwrap(),
            200
        );
        world.login.reload().await.unwrap();
        pause.go_on();
    };
    let (outcome, ()) = tokio::join!(world.login.log_out(), meanwhile);
    outcome.unwrap();
    assert!(!world.login.is_logged_in());
    assert!(!store.load().unwrap().unwrap().to_json().contains("rt1_"));
}

#[tokio::test]
async fn a_logout_forgets_tokens_whose_session_has_ended_already() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let ended = r#"{"error":"invalid_grant","reason":"session_expired"}"#;
    let answer = Fault::Respond(400, None, ended);
    world.line.faults(LOGOUT, [answer]);
    world.login.log_out().await.unwrap();
    assert!(!world.login.is_logged_in());
    assert!(!store.load().unwrap().unwrap().to_json().contains("rt1_"));
}

#[tokio::test]
async fn what_one_process_has_ended_is_ended_for_the_other() {
    let store = MemoryTokenStore::default();
    let world = world(&store).await;
    let other = world.another(|builder| builder.store(store.clone())).await;
    world.login.log_out().await.unwrap();
    let client = other.layer().layer(world.line.clone());
    let refused = me(client).await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::NotLoggedIn);
    assert!(!other.is_logged_in());
}
