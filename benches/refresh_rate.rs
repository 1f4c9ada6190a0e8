//! Refreshes a second, as a share of what the store itself allows: one `UPDATE … RETURNING` a
//! refresh, with the same driver and pool.
//!
//! ```sh
//! export BENCH_POSTGRES_URL=postgres://… BENCH_REDIS_URL=redis://…
//! cargo bench --all-features --bench refresh_rate
//! ```
//!
//! The two take turns, so that a noisy machine disturbs both. Every refresh rotates: the overlap is
//! nothing. Sessions are one for each client, because no client refreshes one session all the time.

#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tower_bearer::keys::RefreshToken;
use tower_bearer::store::SessionStore;
use tower_bearer::store::{redis_driver as redis, sqlx};
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, NoCredentials, PostgresStore,
    RedisStore, Secret, SessionPolicy, Sessions, TokenResponse,
};

const CLIENTS: [usize; 3] = [1, 8, 32];
const ROUND: Duration = Duration::from_secs(1);
const ROUNDS: usize = 7;

#[tokio::main]
async fn main() {
    let url = |name| std::env::var(name).ok().filter(|url| !url.is_empty());
    let (postgres, redis) = (url("BENCH_POSTGRES_URL"), url("BENCH_REDIS_URL"));
    assert!(
        postgres.is_some() || redis.is_some(),
        "set BENCH_POSTGRES_URL or BENCH_REDIS_URL"
    );
    println!(
        "{:<12}{:>8}{:>14}{:>14}{:>8}",
        "store", "clients", "limit/s", "refreshes/s", "ratio"
    );
    for clients in CLIENTS {
        if let Some(url) = &postgres {
            in_postgres(url, clients).await;
        }
        if let Some(url) = &redis {
            in_redis(url, clients).await;
        }
    }
}

async fn in_postgres(url: &str, clients: usize) {
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(32)
        .connect(url)
        .await
        .unwrap();
    sqlx::raw_sql(
        "DROP TABLE IF EXISTS bench_limit; CREATE TABLE bench_limit \
        (id bytea PRIMARY KEY, generation bigint NOT NULL, rotated_at bigint NOT NULL, \
        revision bigint NOT NULL) WITH (fillfactor = 90)",
    )
    .execute(&pool)
    .await
    .unwrap();
    for client in 0..clients {
        let insert = sqlx::query("INSERT INTO bench_limit VALUES ($1, 0, 0, 0)").bind(id(client));
        insert.execute(&pool).await.unwrap();
    }
    let database = pool.clone();
    let limit = move |client: usize| {
        let pool = database.clone();
        async move {
            let update = "UPDATE bench_limit SET generation = generation + 1, rotated_at = $2, \
                revision = revision + 1 WHERE id = $1 RETURNING generation, rotated_at, revision";
            sqlx::query(update)
                .bind(id(client))
                .bind(1_i64)
                .fetch_one(&pool)
                .await
                .unwrap();
        }
    };
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    compare("PostgreSQL", clients, limit, store).await;
    sqlx::raw_sql("DROP TABLE bench_limit")
        .execute(&pool)
        .await
        .unwrap();
}

async fn in_redis(url: &str, clients: usize) {
    let client = redis::Client::open(url).unwrap();
    let connection = client.get_connection_manager().await.unwrap();
    for client in 0..clients {
        redis::cmd("SET")
            .arg(id(client))
            .arg([0_u8; 64].as_slice())
            .exec_async(&mut connection.clone())
            .await
            .unwrap();
    }
    let script = Arc::new(redis::Script::new(
        "local row = redis.call('GET', KEYS[1]) \
         if string.sub(row, 1, 1) ~= '\\0' then return false end \
         redis.call('SET', KEYS[1], string.sub(row, 1, 32) .. ARGV[1], 'KEEPTTL') return row",
    ));
    let shared = connection.clone();
    let limit = move |client: usize| {
        let (script, mut connection) = (Arc::clone(&script), shared.clone());
        async move {
            let _: Vec<u8> = script
                .key(id(client))
                .arg([0_u8; 32].as_slice())
                .invoke_async(&mut connection)
                .await
                .unwrap();
        }
    };
    compare(
        "Redis",
        clients,
        limit,
        RedisStore::from_client(client).await.unwrap(),
    )
    .await;
    let keys: Vec<Vec<u8>> = (0..clients).map(id).collect();
    redis::cmd("DEL")
        .arg(keys)
        .exec_async(&mut connection.clone())
        .await
        .unwrap();
}

async fn compare<F>(
    name: &str,
    clients: usize,
    limit: impl Fn(usize) -> F + Clone + Send + 'static,
    store: impl SessionStore,
) where
    F: Future<Output = ()> + Send,
{
    let sessions = sessions(store);
    let mut tokens = Vec::new();
    for _ in 0..clients {
        tokens.push(refresh_token(
            &sessions.start(Identity::new("alice")).await.unwrap(),
        ));
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let limit = per_second(clients, |client| {
            let limit = limit.clone();
            async move |count: Arc<AtomicU64>, until: Instant| {
                while Instant::now() < until {
                    limit(client).await;
                    count.fetch_add(1, Ordering::Relaxed);
                }
                client
            }
        });
        let limit = limit.await.0;
        let (refreshes, next) = per_second(clients, |client| {
            let (sessions, mut token) = (sessions.clone(), tokens[client].clone());
            async move |count: Arc<AtomicU64>, until: Instant| {
                while Instant::now() < until {
                    token = refresh_token(&sessions.refresh(token).await.unwrap());
                    count.fetch_add(1, Ordering::Relaxed);
                }
                token
            }
        })
        .await;
        tokens = next;
        rounds.push((refreshes / limit, limit, refreshes));
    }
    rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, limit, refreshes) = rounds[ROUNDS / 2];
    println!("{name:<12}{clients:>8}{limit:>14.0}{refreshes:>14.0}{ratio:>8.2}");
    let ended = sessions.log_out_everywhere(&"alice".into()).await.unwrap();
    assert_eq!(ended.count(), clients as u64);
}

async fn per_second<T, F, W>(clients: usize, work: impl Fn(usize) -> W) -> (f64, Vec<T>)
where
    W: FnOnce(Arc<AtomicU64>, Instant) -> F,
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let (count, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let tasks: Vec<_> = (0..clients)
        .map(|client| tokio::spawn(work(client)(Arc::clone(&count), start + ROUND)))
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    (
        count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64(),
        results,
    )
}

fn sessions(store: impl SessionStore) -> Sessions {
    let policy = SessionPolicy::default().with_overlap(Duration::ZERO);
    Sessions::builder(Everybody, store)
        .issuer("https://issuer.test")
        .audience("bench")
        .secret(Secret::random().unwrap())
        .policy(policy.unwrap())
        .build()
        .unwrap()
}

fn refresh_token(tokens: &TokenResponse) -> RefreshToken {
    tokens.refresh_token().unwrap().clone()
}

fn id(client: usize) -> Vec<u8> {
    format!("bench_limit_{client:04}").into_bytes()
}

struct Everybody;

impl Authenticate for Everybody {
    type Credentials = NoCredentials;
    type Error = Infallible;

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}
