//! A pool without a free connection.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use support::Accounts;
use support::servers::{Database, PostgresServer};
use support::wait::LIMIT;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, PostgresStore};

#[tokio::test]
async fn an_exhausted_pool_is_unavailable_and_no_hang() {
    let database = PostgresServer::start().await;
    let options = PgPoolOptions::new()
        .max_connections(2)
        // It also counts for the first connection.
        .acquire_timeout(Duration::from_secs(2));
    let pool = options.connect(&database.url()).await.unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let sessions = TestTokens::new()
        .sessions(Accounts::everybody(), store)
        .build()
        .unwrap();
    let tokens = sessions.start(Identity::new("alice")).await.unwrap();
    let refresh = || async {
        sessions
            .refresh(tokens.refresh_token().unwrap().clone())
            .await
    };

    let taken = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    let unavailable = async {
        assert_eq!(
            refresh().await.unwrap_err().kind(),
            SessionErrorKind::Unavailable
        );
        assert_eq!(
            sessions
                .start(Identity::new("alice"))
                .await
                .unwrap_err()
                .kind(),
            SessionErrorKind::Unavailable
        );
        assert_eq!(
            sessions
                .log_out(tokens.refresh_token().unwrap().secret())
                .await
                .unwrap_err()
                .kind(),
            SessionErrorKind::Unavailable
        );
    };
    tokio::time::timeout(LIMIT, unavailable)
        .await
        .expect("it waits for the pool");
    drop(taken);
    let renewed = refresh().await.unwrap();
    sessions
        .log_out(renewed.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(
        refresh().await.unwrap_err().kind(),
        SessionErrorKind::SessionRevoked
    );
}
