//! Another user logs in while requests of the one before are under way.

use std::pin::pin;
use std::task::{Context, Waker};

use support::{Call, HOUR, MINUTE};
use tower::{Layer, ServiceExt};
use tower_bearer_client::{ClientError, ClientErrorKind, MemoryTokenStore};

use crate::shelf::{Access, Shelf};
use crate::world::{Fault, LOGIN, LOGOUT, REFRESH, World, me, request};

const INVALID: &str = "Bearer error=\"invalid_token\"";

#[track_caller]
fn assert_replaced(outcome: Result<u16, ClientError>) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::LoginReplaced);
    assert!(error.to_string().contains("send it again"), "{error}");
}

async fn session(world: &World) -> String {
    let alice = "alice".into();
    let sessions = world.server.sessions.list(&alice).await.unwrap();
    sessions[0].id().to_string()
}

/// A call waits for its refresh, and another login comes before the server has answered.
async fn call_across_a_login(world: &World) -> Result<u16, ClientError> {
    let pause = world.server.store.pause_at(Call::Find);
    let log_in = async {
        pause.reached().await;
        world.login.log_in("alice", "wonderland-7").await.unwrap();
        pause.go_on();
    };
    tokio::join!(world.me(), log_in).0
}

#[tokio::test]
async fn a_refusal_that_comes_after_a_new_login_does_not_end_it() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    world.end_sessions().await;
    assert_replaced(call_across_a_login(&world).await);
    assert_eq!(world.line.sent("/me").len(), 0);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!((world.refreshes_sent(), world.login.refreshes()), (1, 0));
}

#[tokio::test]
async fn tokens_that_come_after_a_new_login_do_not_take_its_place() {
    let world = World::new().await;
    let first = session(&world).await;
    world.pass(30 * MINUTE);
    assert_replaced(call_across_a_login(&world).await);
    assert_eq!(world.login.refreshes(), 0);
    assert_eq!(world.me().await.unwrap(), 200);
    let bearer = world.line.sent("/me").pop().unwrap().authorization.unwrap();
    let sid = &support::claims_of(&bearer)["sid"];
    assert_ne!(sid.as_str(), Some(&*first), "the session of the new login");
}

#[tokio::test]
async fn a_header_that_was_asked_for_before_a_new_login_does_not_have_its_token() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let pause = world.server.store.pause_at(Call::Find);
    let log_in = async {
        pause.reached().await;
        world.login.log_in("alice", "wonderland-7").await.unwrap();
        pause.go_on();
    };
    let (outcome, ()) = tokio::join!(world.login.authorization(), log_in);
    assert_replaced(outcome.map(|_| 200));
    world.login.authorization().await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_refused_after_a_new_login_is_not_repeated_with_its_token() {
    let world = World::new().await;
    world.line.faults("/me", [Fault::Challenge(INVALID)]);
    let mut call = pin!(world.client.clone().oneshot(request("/me")));
    let waits = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(waits.is_pending() && world.line.sent("/me").len() == 1);
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(call.await.unwrap().status(), 401);
    assert_eq!(world.line.sent("/me").len(), 1);
    assert_eq!(world.refreshes_sent(), 0);
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test]
async fn a_request_that_was_refused_is_not_repeated_with_a_login_that_comes_meanwhile() {
    let world = World::new().await;
    world.line.faults("/me", [Fault::Challenge(INVALID)]);
    assert_replaced(call_across_a_login(&world).await);
    assert_eq!(world.line.sent("/me").len(), 1);
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test]
async fn a_login_of_another_process_does_not_send_what_was_asked_before_it() {
    let store = MemoryTokenStore::default();
    let world = World::on(store.clone()).await;
    let other = world.another(|builder| builder.store(store)).await;
    let client = other.layer().layer(world.line.clone());
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    world.pass(30 * MINUTE);
    assert_replaced(me(client.clone()).await);
    assert_eq!(world.line.sent("/me").len(), 0);
    assert_eq!(me(client).await.unwrap(), 200);
}

async fn sessions(world: &World) -> usize {
    let alice = "alice".into();
    world.server.sessions.list(&alice).await.unwrap().len()
}

#[tokio::test]
async fn a_login_ends_the_session_that_it_replaces() {
    let world = World::new().await;
    let first = session(&world).await;
    // The access token has expired by then.
    world.pass(2 * HOUR);
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(sessions(&world).await, 1);
    assert_ne!(session(&world).await, first);
    assert_eq!(world.line.sent(LOGIN).pop().unwrap().authorization, None);
    assert_eq!(world.line.sent(LOGOUT).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_ends_the_session_that_it_replaces_also_where_a_refresh_was_lost() {
    let world = World::new().await;
    world.pass(30 * MINUTE);
    let lost = [Fault::AnswerLost, Fault::AnswerLost, Fault::AnswerLost];
    world.line.faults(REFRESH, lost);
    world.me().await.unwrap_err();
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(sessions(&world).await, 1);
}

#[tokio::test]
async fn a_login_counts_although_the_session_before_cannot_be_ended() {
    let world = World::new().await;
    world.line.faults(LOGOUT, [Fault::Respond(503, None, "")]);
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(
        (sessions(&world).await, world.me().await.unwrap()),
        (2, 200)
    );
    assert_eq!(world.line.sent(LOGOUT).len(), 1);
}

#[tokio::test]
async fn a_login_whose_answer_is_lost_leaves_the_one_before() {
    let world = World::new().await;
    world.line.faults(LOGIN, [Fault::AnswerLost]);
    let lost = world.login.log_in("alice", "wonderland-7").await;
    assert_eq!(lost.unwrap_err().kind(), ClientErrorKind::Unavailable);
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 1);
    assert_eq!(world.line.sent(LOGOUT).len(), 0);
}

#[tokio::test]
async fn a_caller_who_hangs_up_during_the_save_does_not_leave_the_old_session_alive() {
    let shelf = Shelf::default();
    let world = World::on(shelf.clone()).await;
    shelf.hang(Access::Save, 0);
    let login = world.login.clone();
    let call = tokio::spawn(async move { login.log_in("alice", "wonderland-7").await });
    shelf.reached().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(
        world.line.sent(LOGOUT).len(),
        0,
        "first the new tokens are stored"
    );
    shelf.open();
    let started = std::time::Instant::now();
    while sessions(&world).await > 1 {
        assert!(started.elapsed().as_secs() < 10, "the old session lives");
        tokio::task::yield_now().await;
    }
    assert!(world.login.is_saved());
}
