//! The disk space of a session.

use std::time::{Duration, Instant};

use sqlx::postgres::PgPool;
use support::servers::{Database, PostgresServer};
use tower_bearer::store::PostgresStore;
use tower_bearer::store::{Session, SessionStore};

use super::{PARTITIONS, now, session};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refreshes_stay_in_their_page_and_sessions_stay_small() {
    refreshes_stay_in_their_page(None, 250).await;
}

/// The tables and indexes that are almost empty make a session larger here.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refreshes_stay_in_their_page_of_a_partition() {
    refreshes_stay_in_their_page(Some(PARTITIONS), 300).await;
}

/// A version of a row that does not stay in its page is written into every index, and waits for a
/// vacuum.
///
/// On a server of its own: a transaction of anybody else there would keep old versions in their
/// pages.
async fn refreshes_stay_in_their_page(partitions: Option<u16>, most_bytes: i64) {
    let server = PostgresServer::start().await;
    let pool = PgPool::connect(&server.url()).await.unwrap();
    let builder = PostgresStore::builder(pool.clone());
    let builder = match partitions {
        Some(count) => builder.hash_partitions(count),
        None => builder,
    };
    let store = builder.open().await.unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            for number in (writer..SESSIONS).step_by(WRITERS) {
                let session = user(number);
                store.insert(&session).await.unwrap();
                mine.extend((number < REFRESHED).then_some(session));
            }
            // Users come in no order: the writers are never all in one page.
            let length = mine.len();
            mine.rotate_left(writer * length / WRITERS);
            for _ in 0..REFRESHES {
                for session in &mut mine {
                    *session = refreshed(session);
                    assert!(store.replace(session).await.unwrap());
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let updates = (REFRESHED * REFRESHES) as i64;
    let hot = hot_updates(&pool, updates).await;
    assert!(
        hot * 10 > updates * 9,
        "of {updates} refreshes only {hot} stayed in their page"
    );
    // Without the maps of a table: a vacuum makes them, if one comes in time.
    let (rows, bytes): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM tower_bearer_sessions), \
             sum(pg_relation_size(relid) + pg_indexes_size(relid))::bigint \
             FROM pg_stat_user_tables \
             WHERE starts_with(relname, 'tower_bearer_sessions')",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(
        rows, SESSIONS as i64,
        "the number of rows grew with refreshes"
    );
    assert!(
        bytes <= rows * most_bytes,
        "a session takes {} bytes",
        bytes / rows
    );
}

/// Ids are hashes: they come in no order. The subject has 16 bytes.
fn user(number: usize) -> Session {
    session(
        (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
        &format!("subject-{number:08}"),
    )
}

fn refreshed(session: &Session) -> Session {
    let mut next = session.clone().into_parts();
    next.generation += 1;
    next.rotated_at = Some(now());
    next.confirmed = next.generation.is_multiple_of(2);
    next.revision += 1;
    Session::from_parts(next)
}

/// How many of the updates were HOT, once all of them have been counted: connections report theirs
/// when they have a moment.
async fn hot_updates(pool: &PgPool, updates: i64) -> i64 {
    let start = Instant::now();
    loop {
        let (all, hot): (i64, i64) = sqlx::query_as(
            "SELECT sum(n_tup_upd)::bigint, sum(n_tup_hot_upd)::bigint FROM pg_stat_user_tables \
             WHERE starts_with(relname, 'tower_bearer_sessions')",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        if all == updates {
            return hot;
        }
        assert!(
            start.elapsed() < Duration::from_secs(90),
            "of {updates} updates {all} were counted"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

const WRITERS: usize = 16;
/// Enough that what a table takes in any case is little.
const SESSIONS: usize = 20_000;
const REFRESHED: usize = 200;
const REFRESHES: usize = 100;
