//! What a store keeps, and what happens when it fails.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use support::MINUTE;
use tempfile::TempDir;
use tower::Layer;
use tower_bearer_client::{
    BoxError, ClientErrorKind, FileTokenStore, Login, MemoryTokenStore, Server, StoredLogin,
    TokenStore,
};

use crate::world::{LOGIN, ORIGIN, World, marks, me};

/// A file in a folder of its own.
fn file() -> (TempDir, FileTokenStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FileTokenStore::new(folder.path().join("login.json"));
    (folder, store)
}

async fn world(store: impl TokenStore) -> World {
    World::on(store).await
}

#[tokio::test]
async fn a_login_survives_a_restart() {
    let (_folder, store) = file();
    let world = world(store.clone()).await;
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);

    let again = world.another(|builder| builder.store(store)).await;
    assert!(again.is_logged_in());
    let client = again.layer().layer(world.line.clone());
    assert_eq!(me(client).await.unwrap(), 200);
    assert_eq!(world.line.sent(LOGIN).len(), 1, "no other login");
    assert_eq!(world.refreshes_sent(), 1, "the tokens of the refresh");
}

#[tokio::test]
async fn the_device_mark_survives_a_logout_and_a_restart() {
    let (folder, store) = file();
    let world = world(store.clone()).await;
    world.login.log_out().await.unwrap();
    let text = fs::read_to_string(folder.path().join("login.json")).unwrap();
    assert!(text.starts_with(r#"{"device_mark":"dm1_"#), "{text}");

    let again = world.another(|builder| builder.store(store)).await;
    assert!(!again.is_logged_in());
    again.log_in("alice", "wonderland-7").await.unwrap();
    let sent = marks(&world).pop().unwrap().unwrap();
    assert!(text.contains(&sent));
}

#[tokio::test]
async fn to_forget_deletes_tokens_and_mark() {
    let (folder, store) = file();
    let world = world(store.clone()).await;
    world.login.forget().await.unwrap();
    assert!(!world.login.is_logged_in());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(marks(&world), [None, None]);
}

#[tokio::test]
async fn the_refusal_of_a_refresh_token_deletes_it_from_the_store() {
    let store = MemoryTokenStore::default();
    let world = world(store.clone()).await;
    let alice = "alice".into();
    world
        .server
        .sessions
        .log_out_everywhere(&alice)
        .await
        .unwrap();
    let refused = world.me().await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::NotLoggedIn);
    let stored = store.load().unwrap().unwrap().to_json();
    assert!(!stored.contains("rt1_") && stored.contains("dm1_"));
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_alone_and_nothing_else_is_left_in_the_folder() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, store) = file();
    let world = world(store.clone()).await;
    world.pass(30 * MINUTE);
    world.me().await.unwrap();
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["login.json"]);
    let path = folder.path().join("login.json");
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = store.load().unwrap_err().to_string();
    assert!(refused.contains("login.json") && refused.contains("chmod 600"));
    // Those who have it open read the old tokens, and none that are new.
    let mut open = fs::File::open(&path).unwrap();
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut old = String::new();
    std::io::Read::read_to_string(&mut open, &mut old).unwrap();
    assert_ne!(old, *store.load().unwrap().unwrap().to_json());
}

#[tokio::test]
async fn a_damaged_file_is_an_error_that_repeats_nothing_and_is_left_as_it_is() {
    let (folder, store) = file();
    let world = world(store.clone()).await;
    let path = folder.path().join("login.json");
    let text = fs::read_to_string(&path).unwrap();
    for damaged in [
        &text[..text.len() - 1],
        "rt1_leak",
        r#"{"tokens":{"refresh_token":"rt1_leak"}}"#,
        r#"{"tokens":"rt1_leak"}"#,
        "",
        // The settings of a program, and records without a login that this crate never writes.
        r#"{"theme":"dark"}"#,
        r#"{"tokens":null}"#,
        "[null,null]",
    ] {
        fs::write(&path, damaged).unwrap();
        let server = Server::new(ORIGIN, "/auth").unwrap();
        let builder = Login::builder(server).store(store.clone());
        let refused = builder.open(world.line.clone()).await.unwrap_err();
        assert_eq!(refused.kind(), ClientErrorKind::Storage);
        let shown = format!("{refused} {refused:?}");
        assert!(
            shown.contains("login.json") && !shown.contains("rt1_"),
            "{shown}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
    }
}

#[test]
fn a_save_that_fails_leaves_the_old_file_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    // A folder cannot be replaced by a file.
    let path = folder.path().join("login.json");
    fs::create_dir(&path).unwrap();
    let store = FileTokenStore::new(&path);
    store.save(&StoredLogin::default()).unwrap_err();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    FileTokenStore::new(folder.path().join("missing/login.json"))
        .save(&StoredLogin::default())
        .unwrap_err();
}

#[tokio::test]
async fn nothing_that_a_store_gets_shows_a_token() {
    let store = MemoryTokenStore::default();
    let _world = world(store.clone()).await;
    let stored = store.load().unwrap().unwrap();
    assert!(stored.to_json().contains("rt1_"));
    for shown in [format!("{store:?}"), format!("{stored:?}")] {
        for secret in ["eyJ", "rt1_", "dm1_"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

/// A store whose disk is full when a test says so.
#[derive(Clone, Debug, Default)]
struct Disk {
    store: MemoryTokenStore,
    is_full: Arc<AtomicBool>,
}

impl TokenStore for Disk {
    fn load(&self) -> Result<Option<StoredLogin>, BoxError> {
        self.store.load()
    }

    fn save(&self, login: &StoredLogin) -> Result<(), BoxError> {
        if self.is_full.load(Ordering::SeqCst) {
            return Err("the disk is full".into());
        }
        self.store.save(login)
    }

    fn clear(&self) -> Result<(), BoxError> {
        self.store.clear()
    }
}

#[tokio::test]
async fn a_refresh_that_cannot_be_saved_serves_its_calls_and_can_be_saved_later() {
    let disk = Disk::default();
    let world = world(disk.clone()).await;
    assert!(world.login.is_saved());
    disk.is_full.store(true, Ordering::SeqCst);
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    assert!(!world.login.is_saved());
    let failed = world.login.save().await.unwrap_err();
    assert_eq!(failed.kind(), ClientErrorKind::Storage);

    disk.is_full.store(false, Ordering::SeqCst);
    world.login.save().await.unwrap();
    assert!(world.login.is_saved());
    let again = world.another(|builder| builder.store(disk)).await;
    let client = again.layer().layer(world.line.clone());
    assert_eq!(me(client).await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 1);
}

/// A keyring may be small. The access token is as long as the server makes it.
#[tokio::test]
async fn a_record_stays_small_however_often_a_user_logs_in() {
    let store = MemoryTokenStore::default();
    let world = world(store.clone()).await;
    for _ in 0..20 {
        world.login.log_in("alice", "wonderland-7").await.unwrap();
    }
    // As the server writes the marks of a device that four people use.
    let mark = format!("dm1_{}", "a".repeat(67));
    let marks = [&*mark; 4].join(".");
    world.login.set_device_mark(&marks).await.unwrap();
    world.pass(30 * MINUTE);
    let header = world.login.authorization().await.unwrap();
    let access = header.len() - "Bearer ".len();
    let stored = store.load().unwrap().unwrap().to_json();
    assert!(stored.len() - access <= 1000, "{}", stored.len());
}
