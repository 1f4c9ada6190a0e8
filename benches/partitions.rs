//! A table with hash partitions beside one table, with millions of sessions in each.
//!
//! ```sh
//! export BENCH_POSTGRES_URL=postgres://…
//! cargo bench --all-features --bench partitions
//! ```
//!
//! The tables begin with `bench_one_` and `bench_parts_`, and are **deleted** at the end. `ROWS`
//! says how many sessions (10,000,000), `PARTITIONS` how many partitions (16), `ROUNDS` how often
//! the two take turns (5), `SECONDS` how long a turn is (4). Each rate and each ratio is the
//! median of the rounds. A ratio is that of the two turns of a round.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use tower_bearer::PostgresStore;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::sqlx::postgres::{PgPool, PgPoolOptions};
use tower_bearer::store::sqlx::{self, AssertSqlSafe, types::Uuid};
use tower_bearer::store::{Session, SessionOwner, SessionSelection, SessionStore, TablePrefix};

#[tokio::main]
async fn main() {
    let url = std::env::var("BENCH_POSTGRES_URL").expect("BENCH_POSTGRES_URL names a database");
    let pool = PgPoolOptions::new().max_connections(WORKERS as u32 + 1);
    let pool = pool.connect(&url).await.unwrap();
    let count = u16::try_from(number("PARTITIONS", 16)).unwrap();
    let builder = |prefix| {
        PostgresStore::builder(pool.clone()).table_prefix(TablePrefix::new(prefix).unwrap())
    };
    let one = builder(ONE).open().await.unwrap();
    let parts = builder(PARTS).hash_partitions(count).open().await.unwrap();
    let ids = fill(&pool).await;
    println!("one table, and {count} partitions, with {WORKERS} clients:");
    for prefix in [ONE, PARTS] {
        println!(
            "{prefix}: {:.1} bytes a session",
            bytes(&pool, prefix).await
        );
    }
    let (mut one, mut parts) = (Side::new(one, &ids).await, Side::new(parts, &ids).await);
    for call in [Call::Find, Call::Replace, Call::Insert, Call::List] {
        compare(call, &mut one, &mut parts).await;
    }
    for prefix in [ONE, PARTS] {
        drop_tables(&pool, prefix).await;
    }
}

/// Writes the same rows into both, each of a subject of its own with 16 bytes. Returns some ids.
async fn fill(pool: &PgPool) -> Vec<Uuid> {
    let rows = number("ROWS", 10_000_000);
    let columns = "id, subject, created_at, expires_at, owner, receipts, until_browser_closes, \
        generation, confirmed, recoveries, recovered, revision";
    let made = format!(
        "INSERT INTO {ONE}sessions ({columns}) SELECT gen_random_uuid(), lpad(n::text, 16, '0'), \
         now, now + 7776000000, 0, true, false, 0, false, 0, false, 0 \
         FROM generate_series(1, {rows}) AS n, \
         (SELECT floor(extract(epoch FROM now()) * 1000)::bigint AS now) AS clock"
    );
    let copied =
        format!("INSERT INTO {PARTS}sessions ({columns}) SELECT {columns} FROM {ONE}sessions");
    for (prefix, insert) in [(ONE, made), (PARTS, copied)] {
        let start = Instant::now();
        run(pool, insert).await;
        run(pool, format!("VACUUM (ANALYZE) {prefix}sessions")).await;
        println!("{prefix}: {rows} sessions in {:?}", start.elapsed());
    }
    run(pool, "CHECKPOINT".to_owned()).await;
    let some = format!("SELECT id FROM {ONE}sessions TABLESAMPLE BERNOULLI ($1) ORDER BY id");
    let percent = (f64::from(KNOWN) * 100.0 / f64::from(rows)).min(100.0);
    let some = sqlx::query_scalar(AssertSqlSafe(some)).bind(percent);
    some.fetch_all(pool).await.unwrap()
}

/// The bytes of a session, with all indexes.
async fn bytes(pool: &PgPool, prefix: &str) -> f64 {
    let all = format!(
        "SELECT sum(pg_total_relation_size(relid))::float8 / \
         (SELECT count(*) FROM {prefix}sessions) FROM pg_stat_user_tables \
         WHERE starts_with(relname, '{prefix}sessions')"
    );
    sqlx::query_scalar(AssertSqlSafe(all))
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn drop_tables(pool: &PgPool, prefix: &str) {
    let tables = ["sessions", "revocations", "ephemeral", "migrations"];
    let tables = tables.map(|table| format!("{prefix}{table}")).join(", ");
    run(
        pool,
        format!("DROP TABLE {tables}; DROP FUNCTION {prefix}revoked"),
    )
    .await;
}

async fn run(pool: &PgPool, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(pool)
        .await
        .unwrap();
}

#[derive(Clone, Copy, Debug)]
enum Call {
    Find,
    Replace,
    Insert,
    List,
}

/// A store, and the sessions that each of its clients works with.
struct Side {
    store: PostgresStore,
    sessions: Vec<Vec<Session>>,
}

impl Side {
    async fn new(store: PostgresStore, ids: &[Uuid]) -> Self {
        let mut sessions = vec![Vec::new(); WORKERS];
        for (number, id) in ids.iter().enumerate() {
            let id = SessionId::from_bytes(id.into_bytes());
            sessions[number % WORKERS].extend(store.find(&id).await.unwrap());
        }
        Self { store, sessions }
    }

    /// Calls the store for a turn, and returns the calls a second.
    async fn turn(&mut self, call: Call) -> f64 {
        let start = Instant::now();
        let end = start + Duration::from_secs(number("SECONDS", 4).into());
        let clients = std::mem::take(&mut self.sessions)
            .into_iter()
            .map(|mut mine| {
                let store = self.store.clone();
                tokio::spawn(async move {
                    let mut calls = 0;
                    while Instant::now() < end {
                        let session = &mut mine[calls];
                        make(call, &store, session).await;
                        calls = (calls + 1) % mine.len();
                    }
                    (calls, mine)
                })
            });
        let mut calls = 0;
        for client in clients.collect::<Vec<_>>() {
            let (made, mine) = client.await.unwrap();
            calls += made;
            self.sessions.push(mine);
        }
        calls as f64 / start.elapsed().as_secs_f64()
    }
}

async fn make(call: Call, store: &PostgresStore, session: &mut Session) {
    match call {
        Call::Find => assert!(store.find(session.id()).await.unwrap().is_some()),
        Call::Replace => {
            let mut next = session.clone().into_parts();
            next.generation += 1;
            next.rotated_at = Some(SystemClock.now());
            next.revision += 1;
            *session = Session::from_parts(next);
            assert!(store.replace(session).await.unwrap());
        }
        Call::Insert => {
            let mut id = [0; 16];
            getrandom::fill(&mut id).unwrap();
            let mut new = session.clone().into_parts();
            new.id = SessionId::from_bytes(id);
            store.insert(&Session::from_parts(new)).await.unwrap();
        }
        Call::List => {
            let of_subject = SessionSelection::new(session.subject().clone(), [OWNER]);
            let listed = store.list(&of_subject, SystemClock.now()).await.unwrap();
            assert!(!listed.is_empty());
        }
    }
}

/// Lets the two take turns.
async fn compare(call: Call, one: &mut Side, parts: &mut Side) {
    let (mut ones, mut partitioned, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..number("ROUNDS", 5) {
        // Each begins in every second round.
        let (of_one, of_parts) = if round % 2 == 0 {
            let of_one = one.turn(call).await;
            (of_one, parts.turn(call).await)
        } else {
            let of_parts = parts.turn(call).await;
            (one.turn(call).await, of_parts)
        };
        ones.push(of_one);
        partitioned.push(of_parts);
        ratios.push(of_parts / of_one);
    }
    let (least, middle, most) = spread(ratios);
    println!(
        "{call:?}: {:.0} a second in one table, {:.0} in partitions, ratio {middle:.2} \
         ({least:.2} to {most:.2})",
        spread(ones).1,
        spread(partitioned).1,
    );
}

/// The least, the median and the greatest.
fn spread(mut numbers: Vec<f64>) -> (f64, f64, f64) {
    numbers.sort_by(f64::total_cmp);
    (
        numbers[0],
        numbers[numbers.len() / 2],
        numbers[numbers.len() - 1],
    )
}

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |number| number.parse().unwrap())
}

const ONE: &str = "bench_one_";
const PARTS: &str = "bench_parts_";
const WORKERS: usize = 8;
/// About so many sessions are found, replaced and listed.
const KNOWN: u32 = 200_000;
const OWNER: SessionOwner = SessionOwner::from_bytes([0; 8]);
