//! What one process without requests costs a real server.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection};
use support::servers::{
    Database as _, PostgresServer, RedisCluster, RedisServer, connect_to_redis,
};
use support::{Accounts, ask, bearer_of, process};
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::session::IdlePulls;
use tower_bearer::store::SessionStore;
use tower_bearer::store::redis_driver as redis;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    BearerAuthLayer, Identity, PostgresStore, RedisStore, Secret, Sessions, TokenResponse,
};

/// A process whose last request was just now, and another one that shares the store.
struct Processes {
    idle: BearerAuthLayer,
    elsewhere: Sessions,
    login: TokenResponse,
}

impl Processes {
    async fn of(store: impl SessionStore + Clone, idle: IdlePulls) -> Self {
        let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
        let sessions = tokens
            .sessions(Accounts::everybody(), store.clone())
            .secret(secret.clone())
            .idle_pulls(idle)
            .build()
            .unwrap();
        // It only logs in and out, so it has no background that pulls.
        let elsewhere = process(&tokens, &secret, store);
        let login = sessions.start(Identity::new("alice")).await.unwrap();
        let idle = sessions.layer();
        ask(&idle, &bearer_of(&login)).await.assert_passed("alice");
        sessions.flush().await.unwrap();
        Self {
            idle,
            elsewhere,
            login,
        }
    }

    /// The next request hears of it, however idle its process is.
    async fn log_out_others(&self) {
        let token = self.login.access_token().secret();
        self.elsewhere.log_out(token).await.unwrap();
        ask(&self.idle, &bearer_of(&self.login))
            .await
            .assert_refused(401, "invalid_token", "session_revoked");
    }
}

async fn commands(connection: &mut redis::aio::MultiplexedConnection) -> u64 {
    let stats: redis::InfoDict = redis::cmd("INFO")
        .arg("stats")
        .query_async(connection)
        .await
        .unwrap();
    stats.get("total_commands_processed").unwrap()
}

/// Asserts that an idle process sends two commands a second at most, on average over a day.
fn assert_two_a_second(store: &RedisStore, of_a_pull: u64, of_a_clean_up: u64) {
    let a_day: u64 = 24 * 3600;
    let clean_ups = a_day.div_ceil(store.clean_up_interval().as_secs());
    let in_a_day = of_a_pull * (a_day / 15) + of_a_clean_up * clean_ups;
    println!("{of_a_pull} commands for a pull, {in_a_day} in an idle day");
    assert!(in_a_day <= 2 * a_day, "{in_a_day} commands in an idle day");
}

#[tokio::test]
async fn an_idle_process_sends_redis_two_commands_a_second_at_most() {
    let server = RedisServer::start(&[]).await;
    let mut beside = connect_to_redis(&server.url()).await.unwrap();
    let store = RedisStore::open(&server.url()).await.unwrap();
    store.revoked_since(None).await.unwrap();
    let before = commands(&mut beside).await;
    store.revoked_since(None).await.unwrap();
    let of_a_pull = commands(&mut beside).await - before - OWN;
    // The index, and for each feed its end, whose turn it is, and what it has.
    let of_a_clean_up = 16_384 + 3 * 16;
    assert_two_a_second(&store, of_a_pull, of_a_clean_up);

    let processes = Processes::of(store, IdlePulls::default().after(Duration::ZERO)).await;
    tokio::time::sleep(UNTIL_IDLE).await;
    let before = commands(&mut beside).await;
    tokio::time::sleep(LOOK).await;
    // The next pull is far away.
    assert_eq!(commands(&mut beside).await - before - OWN, 0);
    processes.log_out_others().await;
}

#[tokio::test]
async fn an_idle_process_may_leave_redis_alone() {
    let server = RedisServer::start(&[]).await;
    let mut beside = connect_to_redis(&server.url()).await.unwrap();
    let store = RedisStore::open(&server.url()).await.unwrap();
    let processes = Processes::of(store, IdlePulls::never().after(Duration::ZERO)).await;
    tokio::time::sleep(UNTIL_IDLE).await;
    let before = commands(&mut beside).await;
    tokio::time::sleep(LOOK).await;
    assert_eq!(commands(&mut beside).await - before - OWN, 0);
    processes.log_out_others().await;
}

/// The commands that a node has run for clients.
async fn commands_of(cluster: &RedisCluster, node: usize) -> u64 {
    let stats = cluster.ask(node, "INFO commandstats").await;
    let of_clients = stats.lines().filter_map(|line| {
        let (command, counts) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let is_ours = !["replconf", "psync"].contains(&command);
        is_ours.then(|| counts.split_once(',')?.0.parse::<u64>().ok())?
    });
    of_clients.sum()
}

#[tokio::test]
async fn an_idle_process_sends_each_primary_of_a_cluster_two_commands_a_second_at_most() {
    let cluster = RedisCluster::start(&[]).await;
    let [a, b, c] = [
        cluster.pair(0).await.0,
        cluster.pair(1).await.0,
        cluster.pair(2).await.0,
    ];
    let now = async || {
        [
            commands_of(&cluster, a).await,
            commands_of(&cluster, b).await,
            commands_of(&cluster, c).await,
        ]
    };
    let most_since = async |before: [u64; 3]| {
        let sent = now().await.into_iter().zip(before);
        sent.map(|(now, before)| now - before - OWN).max().unwrap()
    };
    let store = RedisStore::open(&cluster.url()).await.unwrap();
    store.revoked_since(None).await.unwrap();
    let before = now().await;
    store.revoked_since(None).await.unwrap();
    let of_a_pull = most_since(before).await;
    let before = now().await;
    store.delete_expired(SystemClock.now()).await.unwrap();
    let of_a_clean_up = most_since(before).await;
    assert!(of_a_clean_up > 5_000, "it looks at all of the index");
    assert_two_a_second(&store, of_a_pull, of_a_clean_up);

    let processes = Processes::of(store, IdlePulls::default().after(Duration::ZERO)).await;
    tokio::time::sleep(UNTIL_IDLE).await;
    let before = now().await;
    tokio::time::sleep(LOOK).await;
    assert_eq!(most_since(before).await, 0);
    processes.log_out_others().await;
}

/// The connections of the store that are open, and when a statement last began on one of them.
async fn activity(admin: &mut PgConnection) -> (i64, String) {
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT count(*), COALESCE(max(query_start)::text, '') FROM pg_stat_activity \
         WHERE application_name = '{NAME}'"
    )))
    .fetch_one(admin)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_idle_process_lets_postgres_rest() {
    for (idle, connections) in [(IdlePulls::default(), 3), (IdlePulls::never(), 1)] {
        let server = PostgresServer::start().await;
        let mut admin = PgConnection::connect(&server.url()).await.unwrap();
        let options: PgConnectOptions = server.url().parse().unwrap();
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(options.application_name(NAME))
            .await
            .unwrap();
        let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
        let processes = Processes::of(store, idle.after(Duration::ZERO)).await;
        tokio::time::sleep(UNTIL_IDLE).await;
        let before = activity(&mut admin).await;
        tokio::time::sleep(LOOK).await;
        assert_eq!(activity(&mut admin).await, before, "a statement was sent");
        assert_eq!(before.0, connections, "{idle:?}");
        processes.log_out_others().await;
    }
}

/// The `INFO` of `commands`.
const OWN: u64 = 1;
const NAME: &str = "idle";
/// A pull of a process that is not idle, and more: a busy machine may be late with it.
const UNTIL_IDLE: Duration = Duration::from_secs(4);
/// A time in which a process that is not idle would pull.
const LOOK: Duration = Duration::from_millis(1600);
