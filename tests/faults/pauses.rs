//! A database that hangs: it takes connections, and answers nothing.

use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::postgres::PgPoolOptions;
use support::app_server::AppServer;
use support::servers::{Database, PostgresServer, RedisServer};
use support::wait::{LIMIT, until};
use support::{AUDIENCE, Accounts, ISSUER, MINUTE, Received, ask, bearer_of};
use tower_bearer::{Identity, PostgresStore, Secret, Sessions};

use crate::site::{Site, assert_in, assert_out, log_in};

#[tokio::test]
async fn a_postgres_that_hangs_is_503_in_bounded_time_and_logs_nobody_out() {
    hangs("PostgreSQL", PostgresServer::start().await, 503).await;
}

#[tokio::test]
async fn a_redis_that_hangs_is_503_in_bounded_time_and_logs_nobody_out() {
    hangs("Redis", RedisServer::start(&[]).await, 200).await;
}

/// Where the users are in the same database, they cannot be asked either.
async fn hangs(name: &str, database: impl Database, me: u16) {
    let site = Site::on(database.url());
    let server = site.server().await;
    let [stays, leaves]: [Value; 2] = log_in(&server, 2).await.try_into().unwrap();
    let renewed = assert_in(&server, &stays).await;
    database.pause();
    let answers = tokio::join!(
        timed(server.log_in("alice", "wonderland-7")),
        timed(server.refresh(&renewed)),
        timed(server.log_out(&leaves)),
        timed(server.me(&renewed)),
    );
    let answers = [
        ("login", 503, answers.0),
        ("refresh", 503, answers.1),
        ("logout", 503, answers.2),
        ("/me", me, answers.3),
    ];
    for (what, expected, (answer, took)) in answers {
        println!("{name} hangs, {what}: {} after {took:?}", answer.status);
        assert_eq!(answer.status, expected, "{what}: {answer:?}");
        assert_eq!(
            answer.status == 503,
            answer.headers.contains_key("retry-after"),
            "{what}: {answer:?}"
        );
        assert!(took < LONG, "{what}: {took:?}");
    }
    database.resume();

    until("logins work again", LIMIT, async || {
        server.log_in("alice", "wonderland-7").await.status == 200
    })
    .await;
    until("logouts work again", LIMIT, async || {
        server.log_out(&leaves).await.status == 200
    })
    .await;
    assert_out(&server, &leaves).await;
    assert_in(&server, &renewed).await;
}

/// Both databases are checked at once, because each check takes long.
#[tokio::test]
async fn access_tokens_are_accepted_for_thirty_seconds_while_the_store_hangs_and_then_503() {
    tokio::join!(over_postgres(), over_redis());
}

/// In this process, without users: those of the example are in PostgreSQL too.
async fn over_postgres() {
    let database = PostgresServer::start().await;
    // As in the example. A request after the thirty seconds waits for it.
    let pool = PgPoolOptions::new()
        .acquire_timeout(Duration::from_secs(5))
        .connect(&database.url())
        .await
        .unwrap();
    let sessions = Sessions::builder(
        Accounts::everybody(),
        PostgresStore::from_pool(pool).await.unwrap(),
    )
    .issuer(ISSUER)
    .audience(AUDIENCE)
    .secret(Secret::random().unwrap())
    .build()
    .unwrap();
    let (layer, pair) = (
        sessions.layer(),
        sessions.start(Identity::new("alice")).await.unwrap(),
    );
    let status = async || ask(&layer, &bearer_of(&pair)).await.status;
    lasts_thirty_seconds("PostgreSQL", &database, status).await;
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
}

async fn over_redis() {
    let database = RedisServer::start(&[]).await;
    let site = Site::on(database.url());
    let server: &AppServer = &*site.server().await;
    let tokens = log_in(server, 1).await.remove(0);
    lasts_thirty_seconds("Redis", &database, async || server.me(&tokens).await.status).await;
    assert_in(server, &tokens).await;
}

async fn lasts_thirty_seconds(name: &str, database: &impl Database, status: impl AsyncFn() -> u16) {
    let until_it_is = async |expected, before| {
        until("the next status", MINUTE, async || {
            let status = status().await;
            assert!(status == expected || status == before, "{status}");
            status == expected
        })
        .await
    };
    assert_eq!(status().await, 200);
    database.pause();
    let accepted = until_it_is(503, 200).await;
    database.resume();
    let refused = until_it_is(200, 503).await;
    println!(
        "{name} hangs: access tokens are 503 after {accepted:?}, \
         and 200 again {refused:?} after it is back"
    );
    // The last pull may have been a second old.
    assert!(accepted > Duration::from_secs(25), "{accepted:?}");
}

async fn timed(answer: impl Future<Output = Received>) -> (Received, Duration) {
    let began = Instant::now();
    (answer.await, began.elapsed())
}

/// The example's pool of PostgreSQL is waited for for five seconds.
const LONG: Duration = Duration::from_secs(15);
