//! What was erased is not in the file of SQLite either.

use std::fs;
use std::path::Path;

use sqlx::sqlite::SqlitePool;
use support::logins;
use tower_bearer::SqliteStore;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::{RevocationReason, Session, SessionParts, SessionStore};

use crate::sqlite::{database, options, pool};

const SUBJECT: &str = "a-subject-of-many-letters";
const DEVICE: &str = "a-device-of-many-letters";

#[tokio::test]
async fn an_erased_subject_is_not_in_the_file() {
    let (_directory, path) = database();
    let store = SqliteStore::open(&path).await.unwrap();
    assert_erases(&store, &path).await;
}

/// The line of docs/running.md.
#[tokio::test]
async fn an_erased_subject_is_not_in_the_file_of_a_pool_that_overwrites() {
    let (_directory, path) = database();
    let options = options(&path).pragma("secure_delete", "ON");
    let pool = SqlitePool::connect_with(options).await.unwrap();
    let store = SqliteStore::from_pool(pool).await.unwrap();
    assert_erases(&store, &path).await;
}

async fn assert_erases(store: &SqliteStore, path: &Path) {
    let now = SystemClock.now();
    for number in 0..200 {
        let id = SessionId::from_bytes([number; 16]);
        let end = now + support::DAY;
        let mut parts = SessionParts::new(id, SUBJECT.into(), now, end);
        parts.device = Some(DEVICE.into());
        parts.data = Some(DEVICE.repeat(20).into_bytes().into());
        store.insert(&Session::from_parts(parts)).await.unwrap();
    }
    let beside = pool(path).await;
    let is_in_the_file = async |text: &str| {
        // Otherwise the newest pages are in another file.
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&beside)
            .await
            .unwrap();
        let file = fs::read(path).unwrap();
        file.windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    assert!(is_in_the_file(SUBJECT).await && is_in_the_file(DEVICE).await);

    let record = RevocationReason::UserGone.at(now);
    store.revoke_all(&logins(SUBJECT), record).await.unwrap();
    let erased = store.erase(&logins(SUBJECT)).await.unwrap();
    assert_eq!(erased.count(), 200);
    assert!(!is_in_the_file(SUBJECT).await);
    assert!(!is_in_the_file(DEVICE).await);
}
