//! The servers of these tests can be killed, paused and set back.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use support::servers::{Database, PostgresServer, RedisServer, connect_to_redis};

#[tokio::test]
async fn postgres_keeps_what_it_has_acknowledged_when_it_is_killed() {
    let mut server = PostgresServer::start().await;
    let url = server.url();
    query(&url, "CREATE TABLE seen AS SELECT 1 AS number")
        .await
        .unwrap();
    server.kill();
    assert!(query(&url, "SELECT * FROM seen").await.is_err());
    server.start_again().await;
    assert_eq!(query(&url, "SELECT * FROM seen").await.unwrap(), 1);
}

#[tokio::test]
async fn postgres_answers_nothing_while_it_is_paused() {
    let server = PostgresServer::start().await;
    let url = server.url();
    server.pause();
    let asked = tokio::spawn(async move { query(&url, "SELECT 1").await.unwrap() });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!asked.is_finished());
    server.resume();
    assert_eq!(asked.await.unwrap(), 1);
}

#[tokio::test]
async fn postgres_can_be_set_back_to_a_backup() {
    let mut server = PostgresServer::start().await;
    let url = server.url();
    query(&url, "CREATE TABLE seen AS SELECT 1 AS number")
        .await
        .unwrap();
    let backup = server.backup().await;
    query(&url, "UPDATE seen SET number = 2").await.unwrap();
    server.restore(&backup).await;
    assert_eq!(
        query(&url, "SELECT count(*)::int FROM seen WHERE number = 1")
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn redis_keeps_what_its_settings_make_it_keep_when_it_is_killed() {
    let mut forgetful = RedisServer::start(&[]).await;
    let mut durable = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    for (server, kept) in [
        (&mut forgetful, None),
        (&mut durable, Some("yes".to_owned())),
    ] {
        ask(&server.url(), &["SET", "seen", "yes"]).await.unwrap();
        server.kill();
        assert!(ask(&server.url(), &["GET", "seen"]).await.is_err());
        server.start_again().await;
        assert_eq!(ask(&server.url(), &["GET", "seen"]).await.unwrap(), kept);
    }
}

#[tokio::test]
async fn redis_answers_nothing_while_it_is_paused() {
    let server = RedisServer::start(&[]).await;
    let url = server.url();
    server.pause();
    let asked = tokio::spawn(async move { ask(&url, &["ECHO", "yes"]).await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!asked.is_finished());
    server.resume();
    assert_eq!(asked.await.unwrap().unwrap().as_deref(), Some("yes"));
}

/// The first number that the database answers.
async fn query(url: &str, sql: &str) -> Result<i32, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let number = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_optional(&mut connection)
        .await?;
    Ok(number.unwrap_or_default())
}

async fn ask(url: &str, command: &[&str]) -> redis::RedisResult<Option<String>> {
    let mut connection = connect_to_redis(url).await?;
    let (name, arguments) = command.split_first().unwrap();
    redis::cmd(name)
        .arg(arguments)
        .query_async(&mut connection)
        .await
}
