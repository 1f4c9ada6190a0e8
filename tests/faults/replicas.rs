//! A Redis with a replica: the writes that it refuses without it, and those that a failover loses.

use std::time::Duration;

use serde_json::Value;
use support::app_server::AppServer;
use support::servers::{Database, RedisServer, connect_to_redis};
use support::wait::{LIMIT, until};

use crate::site::{
    Site, assert_in, assert_out, has_to_log_in_again, hears_of_the_logout, log_in, refuses_writes,
    tells_the_store,
};

#[tokio::test]
async fn a_redis_that_asks_for_a_replica_refuses_writes_without_it_and_the_answers_are_503() {
    let (primary, mut replica) = replicated(ASKS_FOR_A_REPLICA).await;
    let site = Site::on(primary.url());
    let server = site.server().await;
    let [stays, leaves]: [Value; 2] = log_in(&server, 2).await.try_into().unwrap();
    replica.kill();
    until("Redis misses its replica", LIMIT, async || {
        replicas_in_step(&primary).await == 0
    })
    .await;
    refuses_writes(&server, &stays, &leaves).await;
    assert_eq!(server.me(&stays).await.status, 200, "nothing is written");
    replica.start_again().await;
    accepts_writes(&server, &stays, &leaves).await;
}

#[tokio::test]
async fn a_redis_whose_replica_hangs_refuses_writes_once_it_lags() {
    let (primary, replica) = replicated(ASKS_FOR_A_REPLICA).await;
    let site = Site::on(primary.url());
    let server = site.server().await;
    let [stays, leaves]: [Value; 2] = log_in(&server, 2).await.try_into().unwrap();
    command(&primary, &["CONFIG", "SET", "min-replicas-max-lag", "2"]).await;
    replica.pause();
    let refused = until("Redis refuses logins", LIMIT, async || {
        // A hundred logins of one user would end their first session.
        let status = server.log_in("bob", "builder-8").await.status;
        assert!([200, 503].contains(&status), "{status}");
        status == 503
    })
    .await;
    println!("logins are 503 {refused:?} after the replica hangs");
    refuses_writes(&server, &stays, &leaves).await;
    assert_eq!(server.me(&stays).await.status, 200, "nothing is written");
    command(&primary, &["CONFIG", "SET", "min-replicas-max-lag", "10"]).await;
    replica.resume();
    accepts_writes(&server, &stays, &leaves).await;
}

#[tokio::test]
async fn redis_says_whether_a_replica_has_a_write_to_those_who_wait() {
    let (primary, replica) = replicated(&[]).await;
    replica.pause();
    assert_eq!(replicas_in_step(&primary).await, 0);
    replica.resume();
    in_step(&primary).await;
}

#[tokio::test]
async fn a_failover_that_loses_writes_logs_out_only_those_who_logged_in_lately() {
    let (mut primary, replica) = replicated(&[]).await;
    let site = Site::on(primary.url());
    let [here, there] = site.two_servers().await;
    let [stays, leaves]: [Value; 2] = log_in(&here, 2).await.try_into().unwrap();
    in_step(&primary).await;
    // From here on the replica receives nothing.
    command(&replica, &["REPLICAOF", "NO", "ONE"]).await;
    let renewed = assert_in(&here, &stays).await;
    assert_ne!(renewed["refresh_token"], stays["refresh_token"]);
    let comes = log_in(&here, 1).await.remove(0);
    assert_eq!(here.log_out(&leaves).await.status, 200);
    hears_of_the_logout(&there, &leaves).await;

    // The process that heard of it first is gone. The URL leads to a primary that has what the
    // replica had.
    here.kill();
    primary.kill();
    primary.start_again().await;
    command(&primary, &["REPLICAOF", "127.0.0.1", &port(&replica)]).await;
    until("the data is there", LIMIT, async || {
        command(&primary, &["ROLE"]).await.contains("connected")
    })
    .await;
    command(&primary, &["REPLICAOF", "NO", "ONE"]).await;

    tells_the_store(&there).await;
    let answers = async || there.refresh(&renewed).await.status != 503;
    until("Redis is back", LIMIT, answers).await;
    let new = site.server().await;
    for server in [&there, &new] {
        hears_of_the_logout(server, &leaves).await;
        assert_out(server, &leaves).await;
        has_to_log_in_again(server, &comes).await;
        let healed = assert_in(server, &renewed).await;
        assert_eq!(healed["refresh_token"], renewed["refresh_token"]);
    }
}

/// Starts a primary and its replica, and waits until that has everything.
async fn replicated(settings: &[&str]) -> (RedisServer, RedisServer) {
    let at_once = ["--repl-diskless-sync-delay", "0"];
    let primary = RedisServer::start(&[&at_once, settings].concat()).await;
    let replica = RedisServer::start(&["--replicaof", "127.0.0.1", &port(&primary)]).await;
    in_step(&primary).await;
    (primary, replica)
}

async fn in_step(primary: &RedisServer) {
    until("the replica is in step", LIMIT, async || {
        replicas_in_step(primary).await == 1
    })
    .await;
}

async fn accepts_writes(server: &AppServer, stays: &Value, leaves: &Value) {
    until("logouts work again", LIMIT, async || {
        server.log_out(leaves).await.status == 200
    })
    .await;
    assert_out(server, leaves).await;
    assert_in(server, stays).await;
    log_in(server, 1).await;
}

/// Writes something, and returns how many replicas have it, and everything before it, in time.
async fn replicas_in_step(primary: &RedisServer) -> usize {
    let mut connection = connect(primary).await;
    let mut write = redis::pipe();
    write.cmd("SET").arg("seen").arg("yes").ignore();
    write.cmd("WAIT").arg(1).arg(WAITS.as_millis() as u64);
    // Without a replica it may refuse the write.
    let in_step: redis::RedisResult<[usize; 1]> = write.query_async(&mut connection).await;
    in_step.map_or(0, |[in_step]| in_step)
}

async fn command(server: &RedisServer, command: &[&str]) -> String {
    let (name, arguments) = command.split_first().unwrap();
    let (mut connection, mut command) = (connect(server).await, redis::cmd(name));
    let answer = command.arg(arguments).query_async(&mut connection).await;
    let answer: redis::Value = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
    format!("{answer:?}")
}

async fn connect(server: &RedisServer) -> redis::aio::MultiplexedConnection {
    connect_to_redis(&server.url()).await.unwrap()
}

fn port(server: &RedisServer) -> String {
    server.url().rsplit_once(':').unwrap().1.to_owned()
}

/// On a busy machine a replica that works may be silent for seconds.
const ASKS_FOR_A_REPLICA: &[&str] = &[
    "--min-replicas-to-write",
    "1",
    "--min-replicas-max-lag",
    "10",
];
/// A replica that works needs a millisecond.
const WAITS: Duration = Duration::from_millis(200);
