//! A store that has lost what it once knew.

use serde_json::Value;
use support::servers::{Database, PostgresServer, RedisServer};
use support::wait::{LIMIT, until};

use crate::site::{
    Site, assert_in, assert_out, has_to_log_in_again, hears_of_the_logout, log_in, tells_the_store,
};

#[tokio::test]
async fn a_postgres_restored_from_an_older_backup_heals_and_revives_nobody_while_a_node_lives_that_knew()
 {
    let mut database = PostgresServer::start().await;
    let site = Site::on(database.url());
    let [here, there] = site.two_servers().await;
    let [stays, leaves]: [Value; 2] = log_in(&here, 2).await.try_into().unwrap();
    let backup = database.backup().await;

    let renewed = assert_in(&here, &stays).await;
    assert_ne!(renewed["refresh_token"], stays["refresh_token"]);
    let [comes, comes_and_leaves]: [Value; 2] = log_in(&here, 2).await.try_into().unwrap();
    for tokens in [&leaves, &comes_and_leaves] {
        assert_eq!(here.log_out(tokens).await.status, 200);
        hears_of_the_logout(&there, tokens).await;
    }
    // The process that heard of it first is gone.
    here.kill();
    database.restore(&backup).await;

    tells_the_store(&there).await;
    let new = site.server().await;
    for server in [&there, &new] {
        assert_out(server, &leaves).await;
        assert_eq!(server.me(&comes_and_leaves).await.status, 401);
        has_to_log_in_again(server, &comes).await;
    }
    let healed = assert_in(&new, &renewed).await;
    assert_eq!(healed["refresh_token"], renewed["refresh_token"]);
    // The generation before it, as another tab may hold it.
    assert_eq!(
        there.refresh(&stays).await.value()["refresh_token"],
        renewed["refresh_token"]
    );
}

#[tokio::test]
async fn a_redis_that_forgets_everything_is_told_of_logouts_by_a_node_that_lives() {
    let mut database = RedisServer::start(&[]).await;
    let site = Site::on(database.url());
    let [here, there] = site.two_servers().await;
    let [stays, leaves]: [Value; 2] = log_in(&here, 2).await.try_into().unwrap();
    assert_eq!(here.log_out(&leaves).await.status, 200);
    hears_of_the_logout(&there, &leaves).await;
    here.kill();
    database.kill();
    database.start_again().await;

    let answers = async || there.refresh(&stays).await.status != 503;
    println!(
        "Redis is back on a node after {:?}",
        until("Redis is back", LIMIT, answers).await
    );
    has_to_log_in_again(&there, &stays).await;
    tells_the_store(&there).await;
    let new = site.server().await;
    for server in [&there, &new] {
        assert_eq!(server.me(&leaves).await.status, 401);
        has_to_log_in_again(server, &stays).await;
        let again = log_in(server, 1).await.remove(0);
        assert_in(server, &again).await;
    }
}

#[tokio::test]
async fn a_redis_that_syncs_every_write_keeps_a_logout_that_nobody_else_knows_of() {
    let mut database =
        RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let site = Site::on(database.url());
    let server = site.server().await;
    let [stays, leaves]: [Value; 2] = log_in(&server, 2).await.try_into().unwrap();
    assert_eq!(server.log_out(&leaves).await.status, 200);
    database.kill();
    server.kill();
    database.start_again().await;
    let new = site.server().await;
    assert_out(&new, &leaves).await;
    assert_in(&new, &stays).await;
}
