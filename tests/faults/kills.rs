//! `kill -9` in a storm of refreshes: of a server, and of the database.

use std::sync::Arc;

use serde_json::Value;
use support::app_server::AppServer;
use support::servers::{Database, PostgresServer, RedisServer};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::site::{Site, assert_in, assert_out, log_in};
use crate::storm::Storm;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_in_a_storm_of_refreshes_logs_nobody_out_over_postgres() {
    let database = PostgresServer::start().await;
    kill_a_server("a server over PostgreSQL", Site::on(database.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_in_a_storm_of_refreshes_logs_nobody_out_over_redis() {
    let database = RedisServer::start(&[]).await;
    kill_a_server("a server over Redis", Site::on(database.url())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_in_a_storm_of_refreshes_logs_nobody_out_over_sqlite() {
    kill_a_server("a server over SQLite", Site::on_sqlite()).await;
}

/// The logouts share commits. The first answer is followed by the kill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_that_was_answered_is_in_the_file_of_a_sqlite_server_that_is_killed() {
    let site = Site::on_sqlite();
    let server = site.server().await;
    let mut leaving = JoinSet::new();
    for tokens in log_in(&server, 2 * CLIENTS).await {
        let server = Arc::clone(&server);
        leaving.spawn(async move {
            let form = format!("token={}", tokens["refresh_token"].as_str().unwrap());
            (server.try_post("/auth/logout", &form).await, tokens)
        });
    }
    let mut out = Vec::new();
    while let Some(left) = leaving.join_next().await {
        server.kill();
        if let (Ok(answer), tokens) = left.unwrap() {
            assert_eq!(answer.status, 200, "{answer:?}");
            out.push(tokens);
        }
    }
    assert!(!out.is_empty(), "nobody was logged out");
    let again = site.server().await;
    for tokens in &out {
        assert_out(&again, tokens).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_is_killed_in_a_storm_of_refreshes_loses_no_session_and_no_logout() {
    kill_the_database("PostgreSQL", PostgresServer::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_durable_redis_that_is_killed_in_a_storm_of_refreshes_loses_no_session_and_no_logout() {
    kill_the_database(
        "Redis",
        RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).await,
    )
    .await;
}

async fn kill_a_server(name: &str, site: Site) {
    let site = site.that_rotates_every_second();
    let servers = site.two_servers().await;
    let storm = Storm::start(&servers, log_in(&servers[0], CLIENTS).await);
    storm.rotates(2 * CLIENTS).await;
    servers[0].kill();
    storm.rotates(2 * CLIENTS).await;
    let (sessions, unavailable) = storm.end(name).await;
    assert_eq!((sessions.len(), unavailable), (CLIENTS, 0));
    for tokens in &sessions {
        assert_in(&servers[1], tokens).await;
    }
}

async fn kill_the_database(name: &str, mut database: impl Database) {
    let site = Site::on(database.url()).that_rotates_every_second();
    let servers = site.two_servers().await;
    let mut leaving = log_in(&servers[0], 2 * LEAVING).await;
    let storm = Storm::start(&servers, log_in(&servers[1], CLIENTS).await);
    let mut out = Vec::new();
    while !leaving.is_empty() {
        storm.rotates(CLIENTS).await;
        let (sender, mut left) = mpsc::unbounded_channel();
        tokio::spawn(log_out(
            Arc::clone(&servers[1]),
            leaving.split_off(leaving.len() - LEAVING),
            sender,
        ));
        out.push(left.recv().await.expect("nobody can log out"));
        database.kill();
        storm.is_refused().await;
        database.start_again().await;
        while let Some(tokens) = left.recv().await {
            out.push(tokens);
        }
    }
    storm.rotates(CLIENTS).await;
    let (sessions, unavailable) = storm.end(name).await;
    assert_eq!(sessions.len(), CLIENTS);
    assert!(unavailable > 0);

    servers[1].kill();
    let (old, new) = (&servers[0], site.server().await);
    for tokens in &out {
        assert_out(&new, tokens).await;
        assert_out(old, tokens).await;
    }
    for tokens in &sessions {
        let renewed = assert_in(&new, tokens).await;
        assert_in(old, &renewed).await;
    }
}

/// One after the other. Whose logout was acknowledged, is told.
pub(crate) async fn log_out(
    server: Arc<AppServer>,
    leaving: Vec<Value>,
    acknowledged: mpsc::UnboundedSender<Value>,
) {
    for tokens in leaving {
        let answer = server.log_out(&tokens).await;
        match answer.status {
            200 => acknowledged.send(tokens).unwrap(),
            status => assert_eq!(status, 503, "{answer:?}"),
        }
    }
}

const CLIENTS: usize = 16;
const LEAVING: usize = 6;
