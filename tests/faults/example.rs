//! The example server over PostgreSQL and over Redis.

use std::path::Path;

use serde_json::json;
use support::app_server::{AppServer, refusal};
use support::servers::{Database, PostgresServer, RedisServer};
use tempfile::TempDir;

use crate::site::{self, SECRET};

async fn start(folder: &Path, url: &str) -> AppServer {
    site::start(folder, url, &[]).await
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn over_postgres_it_does_the_main_job() {
    let (database, folder) = (PostgresServer::start().await, folder());
    let server = start(folder.path(), &database.url()).await;
    does_the_main_job(&server).await;
    let addr = database
        .url()
        .rsplit_once('@')
        .unwrap()
        .1
        .replace("/postgres", ", database postgres");
    assert!(
        server.said.contains(&format!("data: PostgreSQL at {addr}")),
        "{:?}",
        server.said
    );
    assert!(
        !folder.path().join("server.db").exists(),
        "the users are in PostgreSQL"
    );
}

#[tokio::test]
async fn over_redis_it_does_the_main_job_and_keeps_its_users_in_a_file() {
    let (database, folder) = (RedisServer::start(&[]).await, folder());
    let server = start(folder.path(), &database.url()).await;
    does_the_main_job(&server).await;
    let data = format!(
        "data: Redis at {}, and the users in ",
        database.url().trim_start_matches("redis://")
    );
    assert!(
        server.said.iter().any(|line| line.starts_with(&data)),
        "{:?}",
        server.said
    );
    drop(server);
    let again = start(folder.path(), &database.url()).await;
    assert_eq!(again.log_in("carol", "correct-horse").await.status, 200);
}

async fn does_the_main_job(server: &AppServer) {
    let carol = "username=carol&password=correct-horse";
    assert_eq!(server.post("/signup", carol).await.status, 201);
    assert_eq!(server.post("/signup", carol).await.status, 409);
    let (status, tokens) = server
        .log_in("carol", "correct-horse")
        .await
        .status_and_value();
    assert_eq!(status, 200, "{tokens}");
    let (status, me) = server.me(&tokens).await.status_and_value();
    assert_eq!(
        (status, &me["username"], &me["admin"]),
        (200, &json!("carol"), &json!(false))
    );
    let (status, renewed) = server.refresh(&tokens).await.status_and_value();
    assert_eq!(status, 200, "{renewed}");
    assert_eq!(server.me(&renewed).await.status, 200);
    assert_eq!(server.log_out(&renewed).await.status, 200);
    let (status, refused) = server.me(&renewed).await.status_and_value();
    assert_eq!(
        (status, &refused["reason"]),
        (401, &json!("session_revoked"))
    );
    let (status, refused) = server.refresh(&renewed).await.status_and_value();
    assert_eq!((status, &refused["error"]), (400, &json!("invalid_grant")));
    assert_eq!(server.log_in("carol", "wrong-horse").await.status, 400);
}

#[tokio::test]
async fn a_nul_in_a_name_or_a_password_is_refused() {
    let (postgres, redis, folders) = (
        PostgresServer::start().await,
        RedisServer::start(&[]).await,
        [folder(), folder()],
    );
    for (url, folder) in [postgres.url(), redis.url()].iter().zip(&folders) {
        let server = start(folder.path(), url).await;
        for (name, password) in [
            ("ali%00ce", "wonderland-7"),
            ("alice%00", "wonderland-7"),
            ("alice", "wonder%00land-7"),
        ] {
            let (status, refused) = server.log_in(name, password).await.status_and_value();
            assert_eq!(
                (status, &refused["error"]),
                (400, &json!("invalid_request")),
                "{name}"
            );
        }
        assert_eq!(
            server
                .post("/signup", "username=ca%00rol&password=correct-horse")
                .await
                .status,
            400
        );
        // The name of a device is not a credential: the login works all the same.
        let (status, tokens) = server
            .post(
                "/auth/login",
                "username=alice&password=wonderland-7&device=my%00phone",
            )
            .await
            .status_and_value();
        assert_eq!(status, 200, "{tokens}");
    }
}

#[tokio::test]
async fn two_servers_that_start_at_once_over_postgres_share_users_and_sessions() {
    let (database, folders) = (PostgresServer::start().await, [folder(), folder()]);
    let url = database.url();
    share_users_and_sessions(tokio::join!(
        start(folders[0].path(), &url),
        start(folders[1].path(), &url)
    ))
    .await;
}

#[tokio::test]
async fn two_servers_that_start_at_once_over_redis_share_sessions_and_on_one_machine_users() {
    let (database, folder) = (RedisServer::start(&[]).await, folder());
    let url = database.url();
    share_users_and_sessions(tokio::join!(
        start(folder.path(), &url),
        start(folder.path(), &url)
    ))
    .await;
}

async fn share_users_and_sessions((one, other): (AppServer, AppServer)) {
    let (status, tokens) = one.log_in("alice", "wonderland-7").await.status_and_value();
    assert_eq!(status, 200, "{tokens}");
    assert_eq!(other.me(&tokens).await.status, 200);
    let (status, renewed) = other.refresh(&tokens).await.status_and_value();
    assert_eq!(status, 200, "{renewed}");
    assert_eq!(other.log_out(&renewed).await.status, 200);
    assert_eq!(one.refresh(&renewed).await.status, 400);
}

#[tokio::test]
async fn a_mistake_in_the_url_is_a_sentence_without_the_password() {
    let folder = folder();
    for (url, sentence) in [
        (
            "postgres://app:hunter2@127.0.0.1:1/app",
            "PostgreSQL at 127.0.0.1:1, database app: nobody answers there",
        ),
        (
            "postgres://app:hunter2@127.0.0.1:port/app",
            "DATABASE_URL does not lead to PostgreSQL",
        ),
        ("redis://:hunter2@127.0.0.1:1", "Redis at 127.0.0.1:1"),
        (
            "redis://:hunter2@127.0.0.1:port",
            "DATABASE_URL does not lead to Redis",
        ),
        (
            "rediss://:hunter2@127.0.0.1:1",
            "DATABASE_URL does not lead to Redis",
        ),
    ] {
        let said = refusal(
            folder.path(),
            &[("DATABASE_URL", url), ("AUTH_SECRET", SECRET)],
        );
        assert!(
            said.contains(sentence) && !said.contains("hunter2") && !said.contains("panicked"),
            "{url}: {said}"
        );
    }
}
