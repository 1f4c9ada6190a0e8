//! A user with more sessions than are ended at once.

use sqlx::postgres::PgPool;
use support::logins;
use support::wait::{LIMIT, until};
use tower_bearer::store::{RevocationReason, SessionStore};

use super::{Schema, now, session};

/// Starts so many sessions of Alice, whose ids are in the order of their numbers.
async fn fill(pool: &PgPool, prefix: &str, sessions: i32) {
    let sql = format!(
        "INSERT INTO {prefix}sessions (id, subject, created_at, expires_at, owner, receipts, \
         until_browser_closes, generation, confirmed, recoveries, recovered, revision) \
         SELECT lpad(to_hex(n), 32, '0')::uuid, 'alice', $2, $2 + 1000000000, 0, true, false, 0, \
         false, 0, false, 0 FROM generate_series(1, $1) AS n"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(sessions)
        .bind(now().as_millis() as i64)
        .execute(pool)
        .await
        .unwrap();
}

/// How many revocations the feed has, and of how many transactions they are.
async fn feed(pool: &PgPool, prefix: &str) -> (i64, i64) {
    let sql = format!("SELECT count(*), count(DISTINCT xid::text) FROM {prefix}revocations");
    let counts = sqlx::query_as(sqlx::AssertSqlSafe(sql));
    counts.fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn all_sessions_of_a_user_end_and_are_erased_a_few_in_each_transaction() {
    for schema in Schema::of_each_layout().await {
        let (store, pool) = (schema.store_with_prefix().await, schema.pool().await);
        // More than one query finds.
        fill(&pool, &schema.prefix, 50_600).await;
        store.insert(&session(1 << 100, "bob")).await.unwrap();
        let alice = logins("alice");
        let record = RevocationReason::Everywhere.at(now());
        let ended = store.revoke_all(&alice, record).await.unwrap();
        assert_eq!(ended.count(), 50_600);
        assert_eq!(feed(&pool, &schema.prefix).await, (50_600, 102));
        assert_eq!(store.revoke_all(&alice, record).await.unwrap().count(), 0);
        assert_eq!(store.list(&logins("bob"), now()).await.unwrap().len(), 1);

        assert_eq!(store.erase(&alice).await.unwrap().count(), 50_600);
        assert_eq!(store.erase(&alice).await.unwrap().count(), 0);
        assert_eq!(store.list(&logins("bob"), now()).await.unwrap().len(), 1);
    }
}

/// A caller that gives up, or whose process dies, has not worked in vain.
#[tokio::test]
async fn what_has_ended_stays_ended_when_the_caller_is_gone_and_the_next_call_ends_the_rest() {
    let schema = Schema::new().await;
    let (store, pool) = (schema.store_with_prefix().await, schema.pool().await);
    fill(&pool, &schema.prefix, 1_200).await;
    let alice = logins("alice");
    let record = RevocationReason::Everywhere.at(now());

    // Another writer holds a session of the second batch.
    let mut other = pool.begin().await.unwrap();
    // If this test fails, the server lets it go, and the schema can be dropped.
    let hold = format!(
        "SET LOCAL idle_in_transaction_session_timeout = '40s'; \
         SELECT FROM {}sessions WHERE id = lpad(to_hex(700), 32, '0')::uuid FOR UPDATE",
        schema.prefix
    );
    let hold = sqlx::raw_sql(sqlx::AssertSqlSafe(hold));
    hold.execute(&mut *other).await.unwrap();
    let (ends, all) = (store.clone(), alice.clone());
    let ending = tokio::spawn(async move { ends.revoke_all(&all, record).await });
    until("the first batch has ended", LIMIT, async || {
        feed(&pool, &schema.prefix).await.0 == 500
    })
    .await;
    ending.abort();
    assert!(ending.await.unwrap_err().is_cancelled());
    // A login meanwhile.
    store.insert(&session(1 << 100, "alice")).await.unwrap();
    assert_eq!(feed(&pool, &schema.prefix).await, (500, 1));
    assert_eq!(store.list(&alice, now()).await.unwrap().len(), 701);

    other.rollback().await.unwrap();
    // What the server was doing for the caller that is gone may still come to its end.
    until("all have ended", LIMIT, async || {
        store.revoke_all(&alice, record).await.unwrap();
        feed(&pool, &schema.prefix).await.0 == 1_201
    })
    .await;
    assert!(store.list(&alice, now()).await.unwrap().is_empty());
}
