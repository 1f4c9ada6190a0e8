//! What is bounded, and by how much: memory, and how long others wait.
//!
//! ```sh
//! export BENCH_POSTGRES_URL=postgres://… BENCH_REDIS_URL=redis://…
//! cargo bench --all-features --bench bounds -- [passwords] [feed] [everywhere]
//! ```
//!
//! Memory is exact, times are those of this machine. The databases have to be empty: everything in
//! them is **deleted** at the end. `REVOKED` says how many revocations a feed has (4,000,000),
//! `SESSIONS` how many sessions end at once (1,000,000), `SECONDS` how long passwords are verified
//! (60).

#![allow(clippy::unwrap_used)]

use std::fs;
use std::time::{Duration, Instant};

use support::{ask, bearer_of, process};
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::sqlx::{self, SqlitePool};
use tower_bearer::store::{
    RevocationReason, Session, SessionOwner, SessionParts, SessionSelection, SessionStore,
};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, Passwords, PostgresStore, RedisStore, Secret, SqliteStore};

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |what: &str| {
        let named = wanted.iter().filter(|name| !name.starts_with('-'));
        named.clone().count() == 0 || named.clone().any(|name| name == what)
    };
    if wants("passwords") {
        passwords().await;
    }
    if wants("feed") {
        feed_in_sqlite().await;
        if let Ok(url) = std::env::var("BENCH_POSTGRES_URL") {
            feed_in_postgres(&url).await;
        }
    }
    if wants("everywhere") {
        everywhere_in_sqlite().await;
        if let Ok(url) = std::env::var("BENCH_POSTGRES_URL") {
            everywhere_in_postgres(&url).await;
        }
        if let Ok(url) = std::env::var("BENCH_REDIS_URL") {
            everywhere_in_redis(&url).await;
        }
    }
}

/// 64 callers with wrong passwords.
async fn passwords() {
    let passwords = Passwords::new();
    let stored = passwords.hash("wonderland-7").await.unwrap();
    let memory = Memory::start();
    let (end, mut callers) = (Instant::now() + SECOND * number("SECONDS", 60), Vec::new());
    for _ in 0..64 {
        let (passwords, stored) = (passwords.clone(), stored.clone());
        callers.push(tokio::spawn(async move {
            let mut verified = 0;
            while Instant::now() < end {
                let answer = passwords.verify(Some(&stored), "wonderland-8").await;
                verified += u32::from(answer.is_ok());
            }
            verified
        }));
    }
    let mut verified = 0;
    for caller in callers {
        verified += caller.await.unwrap();
    }
    println!("passwords: {verified} verified, {}", memory.said());
    let (before, verify) = (Instant::now(), 20);
    for _ in 0..verify {
        let answer = passwords.verify(Some(&stored), "wonderland-8").await;
        drop(answer.unwrap());
    }
    println!("  one at a time: {:?} each", before.elapsed() / verify);
}

async fn feed_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bounds.db");
    let pool = SqlitePool::connect(&format!("sqlite:{}?mode=rwc", path.display())).await;
    let pool = pool.unwrap();
    let store = SqliteStore::from_pool(pool.clone()).await.unwrap();
    sqlx::query(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?) \
         INSERT INTO tower_bearer_revocations (session_id, revoked_at) \
         SELECT randomblob(16), 1000 * unixepoch() FROM number",
    )
    .bind(i64::from(number("REVOKED", 4_000_000)))
    .execute(&pool)
    .await
    .unwrap();
    cold("SQLite", store).await;
}

async fn feed_in_postgres(url: &str) {
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    sqlx::query(
        "INSERT INTO tower_bearer_revocations (session_id, revoked_at) \
         SELECT gen_random_uuid(), floor(extract(epoch FROM clock_timestamp()) * 1000) \
         FROM generate_series(1, $1)",
    )
    .bind(number("REVOKED", 4_000_000) as i32)
    .execute(&pool)
    .await
    .unwrap();
    // As the server does by itself meanwhile, where this is a day of logouts.
    sqlx::raw_sql("VACUUM (ANALYZE) tower_bearer_revocations")
        .execute(&pool)
        .await
        .unwrap();
    cold("PostgreSQL", store).await;
    drop_tables(&pool).await;
}

async fn drop_tables(pool: &sqlx::PgPool) {
    sqlx::raw_sql(
        "DROP TABLE tower_bearer_sessions, tower_bearer_revocations, tower_bearer_ephemeral, \
             tower_bearer_migrations; \
         DROP FUNCTION tower_bearer_revoked",
    )
    .execute(pool)
    .await
    .unwrap();
}

/// A process that starts over a full feed.
async fn cold(store: &str, sessions: impl SessionStore + Clone) {
    let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
    let before = process(&tokens, &secret, sessions.clone());
    let pair = before.start(Identity::new("alice")).await.unwrap();
    drop(before);
    let memory = Memory::start();
    let layer = process(&tokens, &secret, sessions).layer();
    let (start, mut longest, mut refused) = (Instant::now(), Duration::ZERO, 0);
    loop {
        let asked = Instant::now();
        let answer = ask(&layer, &bearer_of(&pair)).await;
        longest = longest.max(asked.elapsed());
        if answer.status == 200 {
            break;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        refused += 1;
        tokio::time::sleep(SECOND / 10).await;
    }
    println!(
        "{store}, {} revocations: the first token passes after {:?}, {refused} answers of 503, the \
         longest wait {longest:?}, {}",
        number("REVOKED", 4_000_000),
        start.elapsed(),
        memory.said(),
    );
}

async fn everywhere_in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bounds.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let pool = SqlitePool::connect(&format!("sqlite:{}", path.display())).await;
    sqlx::query(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?1) \
         INSERT INTO tower_bearer_sessions (id, subject, created_at, expires_at, owner, \
         receipts, until_browser_closes, generation, confirmed, recoveries, recovered, revision) \
         SELECT randomblob(16), 'alice', ?2, ?2 + 1000000000, 0, 1, 0, 0, 0, 0, 0, 0 FROM number",
    )
    .bind(i64::from(number("SESSIONS", 1_000_000)))
    .bind(SystemClock.now().as_millis() as i64)
    .execute(&pool.unwrap())
    .await
    .unwrap();
    everywhere("SQLite", store).await;
}

async fn everywhere_in_postgres(url: &str) {
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    sqlx::query(
        "INSERT INTO tower_bearer_sessions (id, subject, created_at, expires_at, owner, \
         receipts, until_browser_closes, generation, confirmed, recoveries, recovered, revision) \
         SELECT gen_random_uuid(), 'alice', $2, $2 + 1000000000, 0, true, false, 0, false, 0, \
         false, 0 FROM generate_series(1, $1)",
    )
    .bind(number("SESSIONS", 1_000_000) as i32)
    .bind(SystemClock.now().as_millis() as i64)
    .execute(&pool)
    .await
    .unwrap();
    sqlx::raw_sql("ANALYZE tower_bearer_sessions")
        .execute(&pool)
        .await
        .unwrap();
    everywhere("PostgreSQL", store).await;
    drop_tables(&pool).await;
}

async fn everywhere_in_redis(url: &str) {
    let store = RedisStore::open(url).await.unwrap();
    let (count, now, mut writers) = (
        u128::from(number("SESSIONS", 1_000_000)),
        SystemClock.now(),
        Vec::new(),
    );
    for writer in 0..64 {
        let store = store.clone();
        writers.push(tokio::spawn(async move {
            for id in (writer..count).step_by(64) {
                // Spread, as hashes are.
                let id = (id + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
                let id = SessionId::from_bytes(id.to_be_bytes());
                let row = SessionParts::new(id, "alice".into(), now, now + 1_000_000 * SECOND);
                store.insert(&Session::from_parts(row)).await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    everywhere("Redis", store).await;
    let mut connection = redis::Client::open(url)
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    redis::cmd("FLUSHALL")
        .exec_async(&mut connection)
        .await
        .unwrap();
}

/// All sessions of Alice end, while others log in.
async fn everywhere(name: &str, store: impl SessionStore + Clone) {
    let (memory, now) = (Memory::start(), SystemClock.now());
    let ends = store.clone();
    let ending = tokio::spawn(async move {
        let all = SessionSelection::new("alice", [SessionOwner::default()]);
        let (record, start) = (RevocationReason::Everywhere.at(now), Instant::now());
        let ended = ends.revoke_all(&all, record).await;
        (ended.map(|ended| ended.count()), start.elapsed())
    });
    let (mut logins, mut failed, mut longest): (u32, u32, _) = (0, 0, Duration::ZERO);
    while !ending.is_finished() {
        let id = u128::from(logins + 1) << 64;
        let row = SessionParts::new(
            SessionId::from_bytes(id.to_be_bytes()),
            "bob".into(),
            now,
            now + 99 * SECOND,
        );
        let asked = Instant::now();
        let inserted = store.insert(&Session::from_parts(row)).await;
        failed += u32::from(inserted.is_err());
        longest = longest.max(asked.elapsed());
        logins += 1;
        tokio::time::sleep(SECOND / 100).await;
    }
    let (ended, took) = ending.await.unwrap();
    println!(
        "{name}: {ended:?} sessions of one user end in {took:?}; of {logins} other logins \
         meanwhile the longest took {longest:?}, {failed} failed, {}",
        memory.said()
    );
}

/// The resident memory of this process.
struct Memory(u64);

impl Memory {
    fn start() -> Self {
        // The peak counts from now on.
        fs::write("/proc/self/clear_refs", "5").unwrap();
        Self(resident("VmRSS"))
    }

    fn said(&self) -> String {
        let (peak, after) = (resident("VmHWM"), resident("VmRSS"));
        format!(
            "memory {} MB at the start, at most {peak} MB, {after} MB afterwards",
            self.0
        )
    }
}

fn resident(which: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(which)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        / 1024
}

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |number| number.parse().unwrap())
}

const SECOND: Duration = Duration::from_secs(1);
