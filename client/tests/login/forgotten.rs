//! A login that one process has ended does not come back through another process.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use support::MINUTE;
use tower::Layer;
use tower_bearer_client::{
    BoxError, ClientErrorKind, FileTokenStore, Login, MemoryTokenStore, StoredLogin, TokenStore,
};

use crate::shelf::Shelf;
use crate::world::{World, marks, me};

/// Two processes.
async fn two(store: impl TokenStore + Clone) -> (World, Login) {
    let (one, two) = (store.clone(), store);
    let world = World::on(one).await;
    let other = world.another(|builder| builder.store(two)).await;
    (world, other)
}

#[tokio::test]
async fn what_one_process_has_forgotten_the_other_forgets_although_the_session_lives() {
    let shelf = Shelf::default();
    let (world, other) = two(shelf.clone()).await;
    other.forget().await.unwrap();
    world.pass(30 * MINUTE);
    let ended = world.me().await.unwrap_err();
    assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn);
    assert_eq!((world.refreshes_sent(), &*shelf.text()), (0, ""));
    assert!(!world.login.is_logged_in() && world.login.is_saved());
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert_eq!(marks(&world).pop().unwrap(), None);
}

#[tokio::test]
async fn a_refresh_that_is_saved_later_does_not_bring_a_forgotten_login_back() {
    let shelf = Shelf::default();
    let (world, other) = two(shelf.clone()).await;
    shelf.is_full.store(true, Ordering::SeqCst);
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    assert!(!world.login.is_saved());
    shelf.is_full.store(false, Ordering::SeqCst);
    other.forget().await.unwrap();
    world.login.save().await.unwrap();
    assert_eq!(shelf.text(), "");
    assert!(!world.login.is_logged_in());
}

#[tokio::test]
async fn after_a_logout_the_other_process_does_not_ask_the_server() {
    let (world, other) = two(MemoryTokenStore::default()).await;
    other.log_out().await.unwrap();
    world.pass(30 * MINUTE);
    let ended = world.me().await.unwrap_err();
    assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn);
    assert_eq!(world.refreshes_sent(), 0);
    world.login.log_in("alice", "wonderland-7").await.unwrap();
    assert!(marks(&world).pop().unwrap().is_some());
}

#[tokio::test]
async fn a_login_that_is_over_and_is_written_late_is_not_taken_in() {
    let shelf = Shelf::default();
    let (world, other) = two(shelf.clone()).await;
    let before = shelf.store.load().unwrap().unwrap();
    other.log_out().await.unwrap();
    shelf.store.save(&before).unwrap();
    other.set_device_mark("dm1_mine").await.unwrap();
    assert!(!other.is_logged_in());
    assert!(!shelf.text().contains("rt1_"));
    world.pass(30 * MINUTE);
    world.me().await.unwrap_err();
    assert_eq!(world.refreshes_sent(), 0);
}

#[tokio::test]
async fn a_login_of_its_own_that_is_not_saved_yet_is_kept() {
    let shelf = Shelf::default();
    let (world, other) = two(shelf.clone()).await;
    shelf.is_full.store(true, Ordering::SeqCst);
    let failed = world.login.log_in("alice", "wonderland-7").await;
    assert_eq!(failed.unwrap_err().kind(), ClientErrorKind::Storage);
    shelf.is_full.store(false, Ordering::SeqCst);
    other.forget().await.unwrap();
    world.login.save().await.unwrap();
    assert!(shelf.text().contains("rt1_"));
    assert_eq!(world.me().await.unwrap(), 200);
}

/// A store that is empty at one access, as a file that is being replaced.
#[derive(Clone, Debug, Default)]
struct Blink {
    store: MemoryTokenStore,
    is_away: Arc<AtomicBool>,
}

impl TokenStore for Blink {
    fn load(&self) -> Result<Option<StoredLogin>, BoxError> {
        match self.is_away.swap(false, Ordering::SeqCst) {
            true => Ok(None),
            false => self.store.load(),
        }
    }

    fn save(&self, login: &StoredLogin) -> Result<(), BoxError> {
        self.store.save(login)
    }

    fn clear(&self) -> Result<(), BoxError> {
        self.store.clear()
    }
}

#[tokio::test]
async fn a_file_that_is_away_for_a_moment_is_not_forgotten() {
    let store = Blink::default();
    let (world, _other) = two(store.clone()).await;
    store.is_away.store(true, Ordering::SeqCst);
    world.pass(30 * MINUTE);
    assert_eq!(world.me().await.unwrap(), 200);
    assert!(!store.is_away.load(Ordering::SeqCst));
    let stored = store.store.load().unwrap().unwrap().to_json();
    assert!(stored.contains("dm1_") && stored.contains("rt1_"));
}

#[tokio::test]
async fn a_file_that_comes_back_later_is_taken_in_again() {
    let store = MemoryTokenStore::default();
    let (world, _other) = two(store.clone()).await;
    let stored = store.load().unwrap().unwrap();
    store.clear().unwrap();
    world.login.reload().await.unwrap();
    assert!(!world.login.is_logged_in());
    store.save(&stored).unwrap();
    world.login.reload().await.unwrap();
    assert_eq!(world.me().await.unwrap(), 200);
}

#[tokio::test]
async fn a_folder_that_is_away_is_an_error_and_the_login_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (here, away) = (folder.path().join("drive"), folder.path().join("away"));
    fs::create_dir(&here).unwrap();
    let store = FileTokenStore::new(here.join("login.json"));
    let (world, other) = two(store.clone()).await;
    fs::rename(&here, &away).unwrap();
    let failed = store.load().unwrap_err().to_string();
    assert!(failed.contains("folder"), "{failed}");
    world.pass(30 * MINUTE);
    let refused = world.me().await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Storage);
    assert!(world.login.is_logged_in());
    fs::rename(&away, &here).unwrap();
    world.login.retry_now();
    assert_eq!(world.me().await.unwrap(), 200);
    let stored = store.load().unwrap().unwrap().to_json();
    assert!(stored.contains("dm1_"));
    let client = other.layer().layer(world.line.clone());
    assert_eq!(me(client).await.unwrap(), 200);
    assert_eq!(world.refreshes_sent(), 1);
}
