//! The connections beside the application's pool.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use support::logins;
use tokio::time::timeout;
use tower_bearer::store::SessionStore;
use tower_bearer::store::{PostgresStore, RevocationReason};

use super::{Schema, execute, now, session};

#[tokio::test]
async fn an_exhausted_pool_of_the_application_keeps_no_pull_and_no_announcement_waiting() {
    let schema = Schema::new().await;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(schema.options())
        .await
        .unwrap();
    let (store, other) = (
        PostgresStore::from_pool(pool.clone()).await.unwrap(),
        schema.store().await,
    );
    let session = session(1, "user");
    store.insert(&session).await.unwrap();

    let _taken = pool.acquire().await.unwrap();
    let mut announcements = timeout(PATIENCE, store.announcements())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    other
        .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    timeout(PATIENCE, announcements.next())
        .await
        .expect("an announcement waits for the pool")
        .unwrap();
    let page = timeout(PATIENCE, store.revoked_since(None))
        .await
        .expect("a pull waits for the pool")
        .unwrap();
    assert_eq!(page.ids(), [*session.id()]);
}

#[tokio::test]
async fn subscriptions_keep_no_pull_waiting() {
    let schema = Schema::new().await;
    let store = schema.store().await;
    let mut subscriptions = Vec::new();
    for _ in 0..4 {
        subscriptions.push(
            timeout(PATIENCE, store.announcements())
                .await
                .unwrap()
                .unwrap()
                .unwrap(),
        );
    }
    timeout(PATIENCE, store.revoked_since(None))
        .await
        .expect("a pull waits for subscriptions")
        .unwrap();
}

#[tokio::test]
async fn a_revoke_all_is_announced_once_and_a_refresh_never() {
    let schema = Schema::new().await;
    let (store, other) = (
        schema.store_with_prefix().await,
        schema.store_with_prefix().await,
    );
    for id in 1..=20 {
        store.insert(&session(id, "user")).await.unwrap();
    }
    let mut announcements = other.announcements().await.unwrap().unwrap();
    store.confirm(session(1, "user").id(), 0).await.unwrap();
    assert_eq!(
        store
            .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
            .await
            .unwrap()
            .count(),
        20
    );
    timeout(PATIENCE, announcements.next())
        .await
        .expect("revoke_all was not announced")
        .unwrap();

    // Nothing is announced by what is revoked already, so what comes next would be a second
    // announcement of the same.
    assert_eq!(
        store
            .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
            .await
            .unwrap()
            .count(),
        0
    );
    store
        .assert_revoked(&[*session(1, "user").id()], now())
        .await
        .unwrap();
    assert!(
        timeout(Duration::from_millis(300), announcements.next())
            .await
            .is_err(),
        "revoke_all was announced more than once"
    );
}

#[tokio::test]
async fn a_subscription_whose_connection_is_lost_says_so() {
    let schema = Schema::new().await;
    let store = schema.store_with_prefix().await;
    let mut announcements = store.announcements().await.unwrap().unwrap();
    let pool = schema.pool().await;
    let killed: i64 = sqlx::query_scalar(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE application_name = current_schema() AND query LIKE 'LISTEN %'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(killed, 1);
    timeout(PATIENCE, announcements.next())
        .await
        .expect("a lost connection was not noticed")
        .unwrap_err();
    // The next one works.
    let mut announcements = store.announcements().await.unwrap().unwrap();
    execute(
        &mut super::connection().await,
        format!("NOTIFY {}revoked", schema.prefix),
    )
    .await;
    timeout(PATIENCE, announcements.next())
        .await
        .expect("a new subscription gets nothing")
        .unwrap();
}

/// Far more than any of this takes.
const PATIENCE: Duration = Duration::from_secs(5);
