//! The promises that only the SQLite store makes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection, Row};
use support::logins;
use tempfile::TempDir;
use tower_bearer::SqliteStore;
use tower_bearer::clock::{Clock, SystemClock, Timestamp};
use tower_bearer::names::SessionId;
use tower_bearer::store::{REVOCATION_RETENTION, Session, SessionStore};
use tower_bearer::store::{RevocationReason, SessionOwner, SessionParts};

#[tokio::test]
async fn an_application_with_migrations_of_its_own_keeps_them() {
    let (_directory, path) = database();
    let pool = pool(&path).await;
    // The table that `sqlx::migrate!` of the application has made: the same version, another text.
    sqlx::raw_sql(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
         checksum BLOB NOT NULL, execution_time BIGINT NOT NULL); \
         INSERT INTO _sqlx_migrations VALUES (1, 'users', CURRENT_TIMESTAMP, TRUE, x'00', 1), \
         (2, 'orders', CURRENT_TIMESTAMP, TRUE, x'01', 1)",
    )
    .execute(&pool)
    .await
    .unwrap();

    let store = SqliteStore::from_pool(pool.clone()).await.unwrap();
    store.insert(&session(1, "user")).await.unwrap();

    let theirs = sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&pool)
        .await
        .unwrap();
    let theirs: Vec<(i64, Vec<u8>)> = theirs.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(theirs, [(1, vec![0]), (2, vec![1])]);
}

/// A process that starts again while an update is rolled out.
#[tokio::test]
async fn a_migration_of_a_later_version_is_accepted_unless_it_says_that_it_breaks_this_one() {
    let (_directory, path) = database();
    let pool = pool(&path).await;
    SqliteStore::from_pool(pool.clone()).await.unwrap();
    let apply = async |version: i64, description: &'static str| {
        let insert = "INSERT INTO tower_bearer_migrations \
            (version, description, success, checksum, execution_time) \
            VALUES ($1, $2, TRUE, x'00', 1)";
        let insert = sqlx::query(insert).bind(version).bind(description);
        insert.execute(&pool).await.unwrap();
    };
    apply(2, "another column").await;
    let store = SqliteStore::open(&path).await.unwrap();
    store.insert(&session(1, "user")).await.unwrap();
    apply(3, "breaking: another key").await;
    let refused = SqliteStore::open(&path).await.unwrap_err().to_string();
    assert!(refused.contains("(migration 3)"), "{refused}");
}

#[tokio::test]
async fn a_pool_that_could_lose_a_logout_is_refused() {
    for weak in [SqliteSynchronous::Off, SqliteSynchronous::Normal] {
        let (_directory, path) = database();
        let options = options(&path).synchronous(weak);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let refused = SqliteStore::from_pool(pool.clone()).await.unwrap_err();
        let cause = refused.to_string();
        assert!(
            cause.contains(".synchronous(SqliteSynchronous::Full)"),
            "the sentence names no cure: {cause}"
        );
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(tables, 0, "a refused pool was written to");
    }
}

#[tokio::test]
async fn a_pool_that_is_stronger_than_asked_is_taken() {
    let (_directory, path) = database();
    let pool = SqlitePool::connect_with(options(&path).synchronous(SqliteSynchronous::Extra))
        .await
        .unwrap();
    SqliteStore::from_pool(pool).await.unwrap();
}

#[tokio::test]
async fn an_administrator_can_revoke_by_hand() {
    let (_directory, path) = database();
    let store = SqliteStore::open(&path).await.unwrap();
    let session = session(1, "user");
    store.insert(&session).await.unwrap();
    let update = "UPDATE tower_bearer_sessions SET revoked_at = 1000, revision = revision + 1";
    sqlx::query(update)
        .execute(&pool(&path).await)
        .await
        .unwrap();

    let found = store.find(session.id()).await.unwrap().unwrap();
    assert_eq!(
        found.revoked(),
        Some(RevocationReason::Other.at(Timestamp::from_secs(1)))
    );
    // The trigger has told the other processes.
    assert_eq!(
        store.revoked_since(None).await.unwrap().ids(),
        [*session.id()]
    );
}

/// A later version wrote it, or another program: a session that cannot be read is not one that is
/// missing.
#[tokio::test]
async fn a_row_that_cannot_be_read_is_an_error() {
    for (column, value) in [
        ("more", "x'0001'"),
        ("more", "zeroblob(1025)"),
        ("kind", "256"),
        ("stamp", "x'00'"),
        ("idle_timeout", "-1"),
    ] {
        let (_directory, path) = database();
        let store = SqliteStore::open(&path).await.unwrap();
        store.insert(&session(1, "user")).await.unwrap();
        let update = format!("UPDATE tower_bearer_sessions SET {column} = {value}");
        sqlx::raw_sql(AssertSqlSafe(update))
            .execute(&pool(&path).await)
            .await
            .unwrap();

        let (id, now) = (*session(1, "user").id(), now());
        store.find(&id).await.expect_err(column);
        store
            .list(&logins("user").with_every_kind(), now)
            .await
            .expect_err(column);
        // The session can still be ended.
        assert!(
            store
                .revoke(&id, RevocationReason::LoggedOut.at(now))
                .await
                .unwrap(),
            "{column}"
        );
    }
}

#[tokio::test]
async fn sessions_and_cursors_survive_a_reopen() {
    let (_directory, path) = database();
    let (live, ended, late) = (session(1, "user"), session(2, "user"), session(3, "user"));
    let store = SqliteStore::open(&path).await.unwrap();
    for session in [&live, &ended, &late] {
        store.insert(session).await.unwrap();
    }
    store
        .revoke(ended.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    let cursor = store.revoked_since(None).await.unwrap().cursor;
    drop(store);

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.find(live.id()).await.unwrap(), Some(live));
    assert_eq!(
        store.revoked_since(None).await.unwrap().ids(),
        [*ended.id()]
    );
    store
        .revoke(late.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    assert_eq!(
        store.revoked_since(Some(cursor)).await.unwrap().ids(),
        [*late.id()]
    );
}

/// Several processes of one application start at the same moment, on a file that is not there yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_a_new_file_at_once() {
    for _ in 0..5 {
        let (_directory, path) = database();
        let start = Arc::new(tokio::sync::Barrier::new(6));
        let open = |_| {
            let (path, start) = (path.clone(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                SqliteStore::open(path).await
            })
        };
        for opened in (0..6).map(open).collect::<Vec<_>>() {
            opened
                .await
                .unwrap()
                .expect("a store could not be opened beside others");
        }
    }
}

/// The writer takes its number and its time first, and commits last.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_writer_that_stalls_before_its_commit_leaves_no_gap_in_the_feed() {
    let (_directory, path) = database();
    let store = SqliteStore::open(&path).await.unwrap();
    let (stalled, waiting) = (session(1, "user"), session(2, "user"));
    for session in [&stalled, &waiting] {
        store.insert(session).await.unwrap();
    }
    let mut cursor = store.revoked_since(None).await.unwrap().cursor;

    let mut slow = sqlx::SqliteConnection::connect_with(&options(&path))
        .await
        .unwrap();
    let mut writer = slow.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query(
        "UPDATE tower_bearer_sessions SET revoked_because = 'logged_out', revoked_at = ?, \
         revision = revision + 1 WHERE id = ?",
    )
    .bind(now().as_millis() as i64)
    .bind(&stalled.id().as_bytes()[..])
    .execute(&mut *writer)
    .await
    .unwrap();

    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let other = tokio::spawn({
        let (store, id) = (store.clone(), *waiting.id());
        async move {
            begun.send(()).unwrap();
            store
                .revoke(&id, RevocationReason::LoggedOut.at(now()))
                .await
                .unwrap()
        }
    });
    has_begun.await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..10 {
        // Readers do not wait for the writer, and see nothing of it.
        let page = store.revoked_since(Some(cursor)).await.unwrap();
        seen.extend(page.ids());
        cursor = page.cursor;
    }
    assert_eq!(seen, [], "the feed shows what is not committed");
    writer.commit().await.unwrap();
    assert!(other.await.unwrap());

    seen.extend(store.revoked_since(Some(cursor)).await.unwrap().ids());
    assert_eq!(seen, [*stalled.id(), *waiting.id()]);
}

/// A subject of 16 bytes, no device; all indexes counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_takes_little_room_however_often_it_is_refreshed() {
    let (_directory, path) = database();
    let store = SqliteStore::open(&path).await.unwrap();
    for number in 0..SESSIONS {
        let id = (u128::from(number) + 1)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
            .to_be_bytes();
        let end = now() + Duration::from_secs(90 * 24 * 3600);
        let mut row = SessionParts::new(
            SessionId::from_bytes(id),
            format!("subject-{number:08}").into(),
            now(),
            end,
        );
        row.owner = SessionOwner::from_bytes([0xf7; 8]);
        store
            .insert(&Session::from_parts(row.clone()))
            .await
            .unwrap();
        let refreshes = if number < REFRESHED { 100 } else { 1 };
        for generation in 1..=refreshes {
            row.generation = generation;
            row.rotated_at = Some(now());
            row.revision = u64::from(generation);
            assert!(
                store
                    .replace(&Session::from_parts(row.clone()))
                    .await
                    .unwrap()
            );
        }
    }
    let pool = pool(&path).await;
    let rows: u32 = sqlx::query_scalar("SELECT count(*) FROM tower_bearer_sessions")
        .fetch_one(&pool)
        .await
        .unwrap();
    let bytes: u32 = sqlx::query_scalar(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(rows, SESSIONS);
    assert!(
        bytes <= rows * 200,
        "a session takes {} bytes",
        bytes / rows
    );
}

const SESSIONS: u32 = 2000;
const REFRESHED: u32 = 20;

/// The trigger writes a row of its own, and `rows_affected` must not count it.
#[tokio::test]
async fn the_trigger_does_not_disturb_the_counts() {
    let (_directory, path) = database();
    let store = SqliteStore::open(&path).await.unwrap();
    for id in 1..=3 {
        store.insert(&session(id, "user")).await.unwrap();
    }
    assert!(
        store
            .revoke(
                session(1, "user").id(),
                RevocationReason::LoggedOut.at(now())
            )
            .await
            .unwrap()
    );
    assert_eq!(
        store
            .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
            .await
            .unwrap()
            .count(),
        2
    );
    assert_eq!(store.revoked_since(None).await.unwrap().revoked.len(), 3);
}

/// More rows than one batch holds, ended in both ways.
#[tokio::test]
async fn delete_expired_takes_as_many_batches_as_it_needs() {
    let (_directory, path) = database();
    let pool = pool(&path).await;
    let store = SqliteStore::from_pool(pool.clone()).await.unwrap();
    store.insert(&session(1, "user")).await.unwrap();
    sqlx::query(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1203) \
         INSERT INTO tower_bearer_sessions (id, subject, kind, created_at, expires_at, owner, \
         receipts, until_browser_closes, generation, confirmed, recoveries, recovered, revision, \
         revoked_because, revoked_at) \
         SELECT randomblob(16), 'old', 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, \
         CASE n % 2 WHEN 1 THEN 'reused' END, CASE n % 2 WHEN 1 THEN 1 END FROM number",
    )
    .execute(&pool)
    .await
    .unwrap();

    assert_eq!(
        store
            .delete_expired(now() + REVOCATION_RETENTION)
            .await
            .unwrap()
            .count(),
        1203
    );
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM tower_bearer_sessions")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}

/// So many sessions of one subject, as one statement.
async fn insert_many(pool: &SqlitePool, subject: &str, count: u32) {
    sqlx::query(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?3) \
         INSERT INTO tower_bearer_sessions (id, subject, created_at, expires_at, owner, \
         receipts, until_browser_closes, generation, confirmed, recoveries, recovered, revision) \
         SELECT randomblob(16), ?1, ?2, ?2 + 1000000000, 0, 1, 0, 0, 0, 0, 0, 0 FROM number",
    )
    .bind(subject)
    .bind(i64::try_from(now().as_millis()).unwrap())
    .bind(count)
    .execute(pool)
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_login_does_not_wait_until_all_sessions_of_a_user_have_ended() {
    let (_directory, path) = database();
    let pool = pool(&path).await;
    let store = SqliteStore::from_pool(pool.clone()).await.unwrap();
    insert_many(&pool, "alice", 20_000).await;
    let (ends, alice) = (store.clone(), logins("alice"));
    let record = RevocationReason::Everywhere.at(now());
    let ending = tokio::spawn(async move { ends.revoke_all(&alice, record).await });
    while store.revoked_since(None).await.unwrap().revoked.is_empty() {
        tokio::task::yield_now().await;
    }
    store.insert(&session(1, "bob")).await.unwrap();
    let left = store.count(&logins("alice"), now()).await.unwrap();
    assert_eq!(left, 1000, "all were ended before another login came");
    assert_eq!(ending.await.unwrap().unwrap().count(), 20_000);
    assert_eq!(store.count(&logins("alice"), now()).await.unwrap(), 0);
    let erased = store.erase(&logins("alice")).await.unwrap();
    assert_eq!(erased.count(), 20_000);
    assert_eq!(store.count(&logins("bob"), now()).await.unwrap(), 1);
}

#[tokio::test]
async fn a_long_feed_comes_in_pages_without_gaps() {
    const MANY: u32 = 450_000;
    let (_directory, path) = database();
    let pool = pool(&path).await;
    let store = SqliteStore::from_pool(pool.clone()).await.unwrap();
    sqlx::query(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?) \
         INSERT INTO tower_bearer_revocations (session_id, revoked_at) \
         SELECT randomblob(16), 1000 * unixepoch() FROM number",
    )
    .bind(MANY)
    .execute(&pool)
    .await
    .unwrap();
    let mut page = store.revoked_since(None).await.unwrap();
    let (mut seen, mut flags) = (std::collections::HashSet::new(), Vec::new());
    loop {
        flags.push((page.revoked.len(), page.complete, page.more));
        seen.extend(page.ids());
        if !page.more {
            break;
        }
        page = store.revoked_since(Some(page.cursor)).await.unwrap();
    }
    assert_eq!(seen.len(), MANY as usize);
    assert_eq!(
        flags,
        [
            (200_000, true, true),
            (200_000, false, true),
            (50_000, false, false)
        ]
    );
    let next = store.revoked_since(Some(page.cursor)).await.unwrap();
    assert!(next.revoked.is_empty() && !next.complete && !next.more);
}

pub(crate) fn database() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("app.db");
    (directory, path)
}

pub(crate) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
}

/// A pool as applications have it: nothing is said about `synchronous`.
pub(crate) async fn pool(path: &Path) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(4)
        .connect_with(options(path))
        .await
        .unwrap()
}

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

pub(crate) fn session(id: u8, subject: &str) -> Session {
    let end = now() + Duration::from_secs(90 * 24 * 3600);
    Session::from_parts(SessionParts::new(
        SessionId::from_bytes([id; 16]),
        subject.into(),
        now(),
        end,
    ))
}
