//! One refresh token, presented many times at once at two servers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use support::app_server::AppServer;
use support::claims_of;
use support::servers::{Database, PostgresServer, RedisServer};
use tokio::task::JoinSet;
use tower_bearer::store::SessionStore;
use tower_bearer::{PostgresStore, RedisStore};

use crate::site::{Site, log_in};

#[tokio::test]
async fn two_hundred_refreshes_of_one_token_at_once_are_one_rotation_over_postgres() {
    let database = PostgresServer::start().await;
    let site = Site::on(database.url());
    let servers = site.two_servers().await;
    are_one_rotation(
        "PostgreSQL",
        &servers,
        &PostgresStore::open(&database.url()).await.unwrap(),
    )
    .await;
}

#[tokio::test]
async fn two_hundred_refreshes_of_one_token_at_once_are_one_rotation_over_redis() {
    let database = RedisServer::start(&[]).await;
    let site = Site::on(database.url());
    let servers = site.two_servers().await;
    are_one_rotation(
        "Redis",
        &servers,
        &RedisStore::open(&database.url()).await.unwrap(),
    )
    .await;
}

/// The time in which tabs that refresh at once do not all write.
const BURST: Duration = Duration::from_millis(250);

async fn are_one_rotation(name: &str, servers: &[Arc<AppServer>; 2], store: &dyn SessionStore) {
    let first = log_in(&servers[0], 1).await.remove(0);
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for number in 0..200 {
        let (server, first) = (servers[number % 2].clone(), first.clone());
        clients.spawn(async move { server.refresh(&first).await });
    }
    let answers = clients.join_all().await;
    let taken = began.elapsed();
    println!("200 refreshes of one token over {name}: {taken:?}");

    let mut successors = HashSet::new();
    for answer in &answers {
        let renewed = answer.tokens();
        assert_eq!(claims_of(&renewed.access)["gen"], 1);
        successors.insert(renewed.refresh);
    }
    assert_eq!((answers.len(), successors.len()), (200, 1));
    assert!(!successors.contains(first["refresh_token"].as_str().unwrap()));
    let id = claims_of(first["access_token"].as_str().unwrap())["sid"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let row = store.find(&id).await.unwrap().unwrap();
    assert_eq!(row.parts().generation, 1);
    // A refresh that begins later than a burst lasts writes again. On a busy machine some do.
    let later = taken.as_millis() / BURST.as_millis();
    let revision = row.parts().revision;
    assert!(
        (1..=1 + later).contains(&revision.into()),
        "it was written {revision} times in {taken:?}"
    );
}
