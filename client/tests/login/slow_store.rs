//! A store that does not answer: a keyring that asks the user, a network drive that is gone.

use support::{MINUTE, SECOND};
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance};
use tower_bearer_client::{
    BoxError, ClientErrorKind, Login, MemoryTokenStore, Server, StoredLogin, TokenStore,
};

use crate::shelf::{Access, Shelf};
use crate::world::{ORIGIN, World, me};

async fn world(shelf: &Shelf) -> World {
    let store = shelf.clone();
    World::on(store).await
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

/// Saves as soon as the store is back.
async fn save(login: &Login) {
    let started = std::time::Instant::now();
    while login.save().await.is_err() {
        assert!(started.elapsed().as_secs() < 10, "the store is not back");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_holds_up_one_refresh_for_ten_seconds() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    world.pass(30 * MINUTE);
    shelf.hang(Access::Save, 0);
    let call = tokio::spawn(me(world.client.clone()));
    assert_eq!(seconds(&shelf, &call).await, 10);
    assert_eq!(call.await.unwrap().unwrap(), 200);
    assert!(!world.login.is_saved());
    // It is left alone until it is back. Another process may have read the new tokens, and used
    // them.
    world.pass(30 * MINUTE);
    let started = Instant::now();
    let failed = world.me().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    assert_eq!(started.elapsed().as_secs(), 0);
    assert_eq!(world.refreshes_sent(), 1);
    let failed = world.login.save().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    shelf.open();
    save(&world.login).await;
    assert!(world.login.is_saved());
    world.login.retry_now();
    assert_eq!(world.me().await.unwrap(), 200);
    assert!(world.login.is_saved());
    assert_eq!(world.refreshes_sent(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_before_a_refresh_is_an_error_after_ten_seconds() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    world.pass(30 * MINUTE);
    shelf.hang(Access::Load, 0);
    let call = tokio::spawn(me(world.client.clone()));
    assert_eq!(seconds(&shelf, &call).await, 10);
    let failed = call.await.unwrap().unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    // It is left alone until it is back.
    world.login.retry_now();
    let started = Instant::now();
    let failed = world.me().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    assert_eq!(started.elapsed().as_secs(), 0);
    assert_eq!(world.refreshes_sent(), 0);
    shelf.open();
    let started = std::time::Instant::now();
    while world.me().await.is_err() {
        assert!(started.elapsed().as_secs() < 10, "the store is not back");
        world.login.retry_now();
        tokio::task::yield_now().await;
    }
    assert_eq!(world.refreshes_sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_asks_its_user_for_a_minute_is_waited_for_where_it_is_opened() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    shelf.hang(Access::Load, 0);
    let builder = Login::builder(Server::new(ORIGIN, "/auth").unwrap());
    let builder = builder.store(shelf.clone()).clock(world.clock.clone());
    let line = world.line.clone();
    let opening = tokio::spawn(async move { builder.open(line).await });
    shelf.reached().await;
    for _ in 0..60 {
        advance(SECOND).await;
        tokio::task::yield_now().await;
    }
    assert!(!opening.is_finished());
    shelf.open();
    let login = opening.await.unwrap().unwrap();
    assert!(login.is_logged_in());
    // It is as any other from then on.
    world.pass(30 * MINUTE);
    assert!(login.authorization().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_does_not_hold_up_a_logout_for_ever() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    shelf.hang(Access::Load, 0);
    let login = world.login.clone();
    let call = tokio::spawn(async move { login.log_out().await });
    assert_eq!(seconds(&shelf, &call).await, 10);
    let failed = call.await.unwrap().unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);
    let alice = "alice".into();
    assert!(world.server.sessions.list(&alice).await.unwrap().is_empty());
    shelf.open();
    save(&world.login).await;
    assert!(!shelf.text().contains("rt1_"));
}

#[test]
fn a_store_that_does_not_answer_does_not_keep_the_process_from_its_end() {
    for is_cancelled in [false, true] {
        let shelf = Shelf::default();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let world = runtime.block_on(world(&shelf));
        world.pass(30 * MINUTE);
        shelf.hang(Access::Load, 0);
        let call = runtime.spawn(me(world.client.clone()));
        runtime.block_on(shelf.reached());
        if is_cancelled {
            call.abort();
        }
        let (sender, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            drop(runtime);
            sender.send(())
        });
        let ended = ended.recv_timeout(5 * SECOND);
        shelf.open();
        ended.expect("the runtime waits for the store");
    }
}

/// A store with a bug.
#[derive(Debug, Default)]
struct Panics(MemoryTokenStore);

impl TokenStore for Panics {
    fn load(&self) -> Result<Option<StoredLogin>, BoxError> {
        self.0.load()
    }

    fn save(&self, _: &StoredLogin) -> Result<(), BoxError> {
        panic!("no room for a login")
    }

    fn clear(&self) -> Result<(), BoxError> {
        self.0.clear()
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_is_an_error_at_once_and_is_asked_again() {
    let world = World::new().await;
    let builder = Login::builder(Server::new(ORIGIN, "/auth").unwrap());
    let builder = builder.store(Panics::default());
    let login = builder.open(world.line.clone()).await.unwrap();
    let started = Instant::now();
    for _ in 0..2 {
        let failed = login.log_in("alice", "wonderland-7").await.unwrap_err();
        assert_eq!(failed.kind(), ClientErrorKind::Storage);
    }
    assert_eq!(started.elapsed().as_secs(), 0);
    login.forget().await.unwrap();
    assert!(login.is_saved());
}
