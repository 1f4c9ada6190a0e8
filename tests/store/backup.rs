//! Backups of SQLite as `docs/stores.md` says.

use std::path::Path;

use support::logins;
use tower_bearer::SqliteStore;
use tower_bearer::clock::{Clock, SystemClock, Timestamp};
use tower_bearer::names::SessionId;
use tower_bearer::store::{RevocationReason, Session, SessionParts, SessionStore};

fn session(id: u8) -> Session {
    Session::from_parts(SessionParts::new(
        SessionId::from_bytes([id; 16]),
        "user".into(),
        SystemClock.now(),
        Timestamp::from_millis(i64::MAX as u64),
    ))
}

#[tokio::test]
async fn vacuum_into_is_a_backup_while_processes_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let store = SqliteStore::open(path("live")).await.unwrap();
    for id in [1, 2] {
        store.insert(&session(id)).await.unwrap();
    }
    let record = RevocationReason::LoggedOut.at(SystemClock.now());
    store.revoke(session(1).id(), record).await.unwrap();
    vacuum_into(&path("live"), &path("copy")).await;

    let restored = SqliteStore::open(path("copy")).await.unwrap();
    let listed = restored.list(&logins("user"), SystemClock.now()).await;
    assert_eq!(listed.unwrap().len(), 1);
    let page = restored.revoked_since(None).await.unwrap();
    assert_eq!(page.ids(), [*session(1).id()]);
}

async fn vacuum_into(live: &Path, copy: &Path) {
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", live.display()))
        .await
        .unwrap();
    sqlx::query("VACUUM INTO $1")
        .bind(copy.to_str().unwrap())
        .execute(&pool)
        .await
        .unwrap();
}
