//! Bytes a session, all indexes counted, after 100 refreshes each: a subject of 16 bytes with one
//! session, no device.
//!
//! ```sh
//! export BENCH_POSTGRES_URL=postgres://… BENCH_REDIS_URL=redis://…
//! cargo bench --all-features --bench bytes
//! ```
//!
//! It wants a database and a Redis of its own, and empty ones: it counts all that Redis holds, and
//! **deletes** all at the end. `SESSIONS` says how many sessions (100,000), `REFRESHES` how
//! many refreshes each (100).

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::{Session, SessionStore};
use tower_bearer::store::{SessionOwner, SessionParts, redis_driver as redis, sqlx};
use tower_bearer::{PostgresStore, RedisStore, SqliteStore};

#[tokio::main]
async fn main() {
    let (sessions, refreshes) = (number("SESSIONS", 100_000), number("REFRESHES", 100));
    println!("{sessions} sessions, {refreshes} refreshes each");
    let url = |name| std::env::var(name).ok().filter(|url| !url.is_empty());
    if let Some(url) = url("BENCH_POSTGRES_URL") {
        in_postgres(&url, sessions, refreshes).await;
    }
    if let Some(url) = url("BENCH_REDIS_URL") {
        in_redis(&url, sessions, refreshes).await;
    }
    in_sqlite(sessions, refreshes).await;
}

async fn in_postgres(url: &str, sessions: u64, refreshes: u64) {
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(TASKS as u32)
        .connect(url)
        .await
        .unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM tower_bearer_sessions)")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!there, "there are sessions in that database");
    work(Arc::new(store), sessions, refreshes).await;
    let sql = "SELECT pg_total_relation_size('tower_bearer_sessions'), \
               (SELECT count(*) FROM tower_bearer_sessions)";
    let (bytes, rows): (i64, i64) = sqlx::query_as(sql).fetch_one(&pool).await.unwrap();
    assert_eq!(rows, sessions as i64);
    let sql = "SELECT n_tup_hot_upd::float8 / greatest(n_tup_upd, 1) FROM pg_stat_user_tables \
               WHERE relname = 'tower_bearer_sessions'";
    let hot: f64 = sqlx::query_scalar(sql).fetch_one(&pool).await.unwrap();
    println!(
        "PostgreSQL {:.0} bytes a session; {:.1} % of the updates were HOT",
        bytes as f64 / rows as f64,
        hot * 100.0
    );
    sqlx::raw_sql("TRUNCATE tower_bearer_sessions")
        .execute(&pool)
        .await
        .unwrap();
}

async fn in_redis(url: &str, sessions: u64, refreshes: u64) {
    let store = RedisStore::open(url).await.unwrap();
    let mut connection = redis::Client::open(url)
        .unwrap()
        .get_connection_manager()
        .await
        .unwrap();
    let keys: u64 = redis::cmd("DBSIZE")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(keys, 0, "there are keys in that Redis");
    let before = used(&mut connection).await;
    work(Arc::new(store), sessions, refreshes).await;
    let bytes = used(&mut connection).await - before;
    println!(
        "Redis      {:.0} bytes a session",
        bytes as f64 / sessions as f64
    );
    redis::cmd("FLUSHDB")
        .exec_async(&mut connection)
        .await
        .unwrap();
}

async fn used(connection: &mut redis::aio::ConnectionManager) -> u64 {
    let info: String = redis::cmd("INFO")
        .arg("memory")
        .query_async(connection)
        .await
        .unwrap();
    info.lines()
        .find_map(|line| line.strip_prefix("used_memory:"))
        .unwrap()
        .parse()
        .unwrap()
}

async fn in_sqlite(sessions: u64, refreshes: u64) {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("bench.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .create_if_missing(true);
    let pool =
        sqlx::SqlitePool::connect_with(options.journal_mode(sqlx::sqlite::SqliteJournalMode::Wal))
            .await
            .unwrap();
    let store = SqliteStore::from_pool(pool.clone()).await.unwrap();
    // Each write waits for the disk: fewer sessions show the same.
    let sessions = sessions.min(5_000);
    work(Arc::new(store), sessions, refreshes).await;
    pool.close().await;
    // The write-ahead log goes into the file when the last connection closes.
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!(
        "SQLite     {:.0} bytes a session, of {sessions}",
        bytes as f64 / sessions as f64
    );
}

async fn work<S: SessionStore>(store: Arc<S>, sessions: u64, refreshes: u64) {
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut rows: Vec<Session> = (task..sessions)
                    .step_by(TASKS as usize)
                    .map(session)
                    .collect();
                for row in &rows {
                    store.insert(row).await.unwrap();
                }
                for _ in 0..refreshes {
                    for row in &mut rows {
                        *row = rotated(row);
                        assert!(store.replace(row).await.unwrap());
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

fn session(number: u64) -> Session {
    let mut id = [0; 16];
    getrandom::fill(&mut id).unwrap();
    let now = SystemClock.now();
    let end = now + Duration::from_secs(90 * 24 * 3600);
    let mut parts = SessionParts::new(
        SessionId::from_bytes(id),
        format!("{number:016}").into(),
        now,
        end,
    );
    parts.owner = SessionOwner::from_bytes([0xf7; 8]);
    Session::from_parts(parts)
}

fn rotated(row: &Session) -> Session {
    let mut next = row.parts().clone();
    next.generation += 1;
    next.rotated_at = Some(SystemClock.now());
    next.revision += 1;
    Session::from_parts(next)
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |value| value.parse().unwrap())
}

const TASKS: u64 = 32;
