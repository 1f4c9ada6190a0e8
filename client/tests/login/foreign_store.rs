//! A login that was stored for one server does not go to another one.

use tower_bearer_client::{
    ClientError, ClientErrorKind, FileTokenStore, Login, Server, StoredLogin, TokenStore,
};

use crate::shelf::Shelf;
use crate::world::{LOGIN, ORIGIN, World};

/// As a stored login names it.
const SERVER: &str = "https://api.example.com/auth";

const OTHER: &str = "https://staging.example.com";
const THEIRS: &str = "https://staging.example.com/auth";

async fn world(shelf: &Shelf) -> World {
    let store = shelf.clone();
    World::on(store).await
}

async fn open(world: &World, origin: &str, shelf: &Shelf) -> Result<Login, ClientError> {
    open_at(world, origin, "/auth", shelf).await
}

async fn open_at(
    world: &World,
    origin: &str,
    auth: &str,
    shelf: &Shelf,
) -> Result<Login, ClientError> {
    let builder = Login::builder(Server::new(origin, auth).unwrap());
    let builder = builder.store(shelf.clone()).clock(world.clock.clone());
    builder.open(world.line.clone()).await
}

#[track_caller]
fn assert_for_another_server(outcome: Result<(), ClientError>, server: &str) {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ClientErrorKind::Storage);
    let cause = std::error::Error::source(&error).unwrap().to_string();
    let expected = format!("the store: this login is for {server}: use another store, or ");
    assert!(cause.starts_with(&expected), "{cause}");
    assert!(cause.contains("LoginBuilder::open_empty"), "{cause}");
}

#[tokio::test]
async fn a_client_of_another_server_does_not_open_it() {
    let shelf = Shelf::default();
    let world = world(&shelf).await;
    let stored = shelf.text();
    for other in [OTHER, "https://api.example.com:8443"] {
        let refused = open(&world, other, &shelf).await.map(drop);
        assert_for_another_server(refused, SERVER);
    }
    // Another application at the same origin.
    for path in ["/shop/auth", "/auth/v1", "/AUTH", ""] {
        let refused = open_at(&world, ORIGIN, path, &shelf).await.map(drop);
        assert_for_another_server(refused, SERVER);
    }
    // With the mark alone it is the same.
    world.login.log_out().await.unwrap();
    let mark = shelf.text();
    assert_for_another_server(open(&world, OTHER, &shelf).await.map(drop), SERVER);
    assert_eq!(shelf.text(), mark);
    assert!(stored.contains(&format!("\"server\":\"{SERVER}\"")));
    let same = open(&world, "https://API.example.com:443", &shelf).await;
    same.unwrap();
    let same = open_at(&world, ORIGIN, "/auth/", &shelf).await;
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
    assert_for_another_server(world.login.reload().await, THEIRS);
    let login = world.login.log_in("alice", "wonderland-7").await;
    assert_for_another_server(login, THEIRS);
    assert_for_another_server(world.login.forget().await, THEIRS);
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
        .replace(&format!(",\"server\":\"{SERVER}\""), "");
    let unbound = StoredLogin::from_json(unbound.as_bytes()).unwrap();
    shelf.store.save(&unbound).unwrap();
    let refused = open(&world, ORIGIN, &shelf).await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Storage);
    let cause = std::error::Error::source(&refused).unwrap().to_string();
    assert!(cause.contains("does not say its server"), "{cause}");
}

/// Opens a file whose record cannot be used, for a user who agrees to lose it.
async fn assert_replaced(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login.json");
    let store = FileTokenStore::new(&path);
    // With the rights of the owner alone.
    store.save(&StoredLogin::default()).unwrap();
    let builder = || {
        let builder = Login::builder(Server::new(ORIGIN, "/auth").unwrap());
        builder.store(store.clone())
    };
    let world = World::new().await;
    for forgets in [true, false] {
        std::fs::write(&path, text).unwrap();
        let refused = builder().open(world.line.clone()).await.unwrap_err();
        assert_eq!(refused.kind(), ClientErrorKind::Storage);
        let said = refused.to_string();
        assert!(
            said.starts_with("the store of the tokens failed: "),
            "{said}"
        );
        assert!(said.contains("login.json: "), "{said}");
        assert!(said.contains("LoginBuilder::open_empty"), "{said}");

        let login = builder().open_empty(world.line.clone());
        login.reload().await.unwrap();
        assert!(!login.is_logged_in());
        login.log_in("alice", "guessed").await.unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        if forgets {
            login.forget().await.unwrap();
            assert!(!path.exists());
        }
        login.log_in("alice", "wonderland-7").await.unwrap();
        assert!(login.is_saved());
        let again = builder().open(world.line.clone()).await.unwrap();
        assert!(again.is_logged_in());
        // From then on it is as any other.
        again.log_out().await.unwrap();
        login.reload().await.unwrap();
        assert!(!login.is_logged_in());
    }
    let sent = world.line.sent(LOGIN);
    let mark = sent.iter().filter(|sent| sent.body.contains("dm1_other"));
    assert_eq!(mark.count(), 0);
}

#[tokio::test]
async fn a_record_that_cannot_be_used_is_replaced_where_the_application_says_so() {
    assert_replaced(r#"{"device_mark":"dm1_other","server":"https://staging.example.com"}"#).await;
    assert_replaced(r#"{"device_mark":"dm1_other"}"#).await;
    assert_replaced(r#"{"device_mark":"dm1_oth"#).await;
}
