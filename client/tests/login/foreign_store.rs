//! A login that was stored for one server does not go to another one.

use tower_bearer::SessionPolicy;
use tower_bearer_client::{ClientError, ClientErrorKind, Login, Server, StoredLogin, TokenStore};

use crate::shelf::Shelf;
use crate::world::{LOGIN, ORIGIN, World};

const OTHER: &str = "https://staging.example.com";

async fn world(shelf: &Shelf) -> World {
    let store = shelf.clone();
    World::with(SessionPolicy::default(), |builder| builder.store(store)).await
}

async fn open(world: &World, origin: &str, shelf: &Shelf) -> Result<Login, ClientError> {
    let builder = Login::builder(Server::new(origin, "/auth").unwrap());
    let builder = builder.store(shelf.clone()).clock(world.clock.clone());
    builder.open(world.line.clone()).await
}

#[track_caller]
fn assert_for_another_server(outcome: Result<(), ClientError>, server: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Storage);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    let expected = format!("this login is for {server}: use another store");
    assert_eq!(cause, expected);
}

#[tokio::test]
async fn a_client_of_another_server_does_not_open_it() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    let stored = shelf.text();
    for other in [OTHER, "https://api.example.com:8443"] {
        let refused = open(&world, other, &shelf).await.map(drop);
        assert_for_another_server(refused, ORIGIN);
    }
    // With the mark alone it is the same.
    world.login.log_out().await.unwrap();
    let mark = shelf.text();
    assert_for_another_server(open(&world, OTHER, &shelf).await.map(drop), ORIGIN);
    assert_eq!(shelf.text(), mark);
    assert!(stored.contains(&format!("\"server\":\"{ORIGIN}\"")));
    let same = open(&world, "https://API.example.com:443", &shelf).await;
    same.unwrap();
}

#[tokio::test]
async fn a_client_of_another_server_neither_sends_nor_replaces_nor_deletes_it() {
    let shelf = Shelf::default();
    let other = Shelf::default();
    let world = world(&shelf).await;
    let theirs = open(&world, OTHER, &other).await.unwrap();
    theirs.log_in("alice", "wonderland-7").await.unwrap();
    // The file of the one is now that of the other.
    let moved = other.store.load().unwrap().unwrap();
    shelf.store.save(&moved).unwrap();
    let stored = shelf.text();
    assert_for_another_server(world.login.reload().await, OTHER);
    let login = world.login.log_in("alice", "wonderland-7").await;
    assert_for_another_server(login, OTHER);
    assert_for_another_server(world.login.forget().await, OTHER);
    assert_eq!(shelf.text(), stored);
    let mark = stored.split("dm1_").nth(1).unwrap().split('"').next();
    let sent = world.line.sent(LOGIN);
    assert!(sent.iter().all(|sent| !sent.body.contains(mark.unwrap())));
    assert!(!world.login.is_logged_in());
}

#[tokio::test]
async fn tokens_that_do_not_say_their_server_are_refused() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    let unbound = shelf
        .text()
        .replace(&format!(",\"server\":\"{ORIGIN}\""), "");
    let unbound = StoredLogin::from_json(unbound.as_bytes()).unwrap();
    shelf.store.save(&unbound).unwrap();
    let refused = open(&world, ORIGIN, &shelf).await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Storage);
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(cause.contains("does not say its server"), "{cause}");
}
