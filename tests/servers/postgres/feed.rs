//! `revoked_since`.

use std::time::{Duration, Instant};

use sqlx::{Connection, PgConnection};
use support::wait::LIMIT;
use tower_bearer::names::SessionId;
use tower_bearer::store::SessionStore;
use tower_bearer::store::{Cursor, RevocationReason};

use super::{Schema, now, session};

/// The transaction takes its number and its time first, and commits last.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revocation_whose_transaction_is_open_for_ten_seconds_is_not_missed() {
    let schema = Schema::new().await;
    let store = schema.store().await;
    let stalled = session(0, "stalled");
    store.insert(&stalled).await.unwrap();
    let mut cursor = store.revoked_since(None).await.unwrap().cursor;

    let mut slow = PgConnection::connect_with(&schema.options()).await.unwrap();
    let mut writer = slow.begin().await.unwrap();
    sqlx::query(REVOKE_BY_HAND)
        .bind(uuid(stalled.id()))
        .execute(&mut *writer)
        .await
        .unwrap();
    let (start, mut seen, mut ended) = (Instant::now(), Vec::new(), Vec::new());
    while start.elapsed() < Duration::from_secs(10) {
        let other = session(1 + ended.len() as u128, "other");
        store.insert(&other).await.unwrap();
        assert!(
            store
                .revoke(other.id(), RevocationReason::LoggedOut.at(now()))
                .await
                .unwrap()
        );
        ended.push(*other.id());
        let page = store.revoked_since(Some(cursor)).await.unwrap();
        assert!(!page.complete, "a cursor was forgotten");
        assert!(
            !page.contains(stalled.id()),
            "the feed shows what is not committed"
        );
        assert!(
            page.contains(other.id()),
            "the feed misses a revocation while another is not committed"
        );
        seen.extend(page.ids());
        cursor = page.cursor;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    writer.commit().await.unwrap();

    let page = store.revoked_since(Some(cursor)).await.unwrap();
    assert!(
        page.contains(stalled.id()),
        "a transaction that was open for long is missed"
    );
    seen.extend(page.ids());
    assert!(ended.iter().all(|id| seen.contains(id)));
    // Nothing holds the cursor back any more, but for what other tests write at this moment.
    let (start, mut cursor) = (Instant::now(), page.cursor);
    loop {
        let page = store.revoked_since(Some(cursor)).await.unwrap();
        if page.revoked.is_empty() {
            return;
        }
        assert!(start.elapsed() < 3 * LIMIT, "the cursor does not go on");
        cursor = page.cursor;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Each page is of its own snapshot, in the order of the ids: this one is before all others.
#[tokio::test]
async fn a_long_feed_comes_in_pages_and_misses_nothing_that_comes_between_them() {
    const MANY: i32 = 450_000;
    for with_cursor in [false, true] {
        let schema = Schema::new().await;
        let store = schema.store_with_prefix().await;
        let between = session(0, "between");
        store.insert(&between).await.unwrap();
        let beginning = store.revoked_since(None).await.unwrap().cursor;
        let table = format!("{}revocations", schema.prefix);
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO {table} (session_id, revoked_at) SELECT gen_random_uuid(), \
             floor(extract(epoch FROM now()) * 1000) FROM generate_series(1, $1)"
        )))
        .bind(MANY)
        .execute(&schema.pool().await)
        .await
        .unwrap();

        let cursor = with_cursor.then_some(beginning);
        let mut page = store.revoked_since(cursor).await.unwrap();
        assert_eq!((page.complete, page.more), (!with_cursor, true));
        let mut seen: std::collections::HashSet<_> = page.ids().into_iter().collect();
        let record = RevocationReason::LoggedOut.at(now());
        assert!(store.revoke(between.id(), record).await.unwrap());
        let mut pages = 1;
        while page.more {
            page = store.revoked_since(Some(page.cursor)).await.unwrap();
            assert!(!page.complete);
            seen.extend(page.ids());
            pages += 1;
        }
        assert_eq!((pages, seen.len()), (3, MANY as usize));
        let page = store.revoked_since(Some(page.cursor)).await.unwrap();
        assert!(page.contains(between.id()), "what came between is missed");
    }
}

#[tokio::test]
async fn an_administrator_can_revoke_by_hand() {
    for schema in Schema::of_each_layout().await {
        let store = schema.store().await;
        let session = session(1, "user");
        store.insert(&session).await.unwrap();
        let cursor = store.revoked_since(None).await.unwrap().cursor;
        sqlx::query(REVOKE_BY_HAND)
            .bind(uuid(session.id()))
            .execute(&schema.pool().await)
            .await
            .unwrap();

        let found = store.find(session.id()).await.unwrap().unwrap();
        assert_eq!(
            found.revoked().map(|record| record.reason),
            Some(RevocationReason::Other)
        );
        // The trigger has told the other processes.
        for cursor in [None, Some(cursor)] {
            assert_eq!(
                store.revoked_since(cursor).await.unwrap().ids(),
                [*session.id()]
            );
        }
    }
}

/// Revoked, brought back to life, and revoked again: a process that has seen the first must learn
/// of the second.
#[tokio::test]
async fn a_session_that_is_revoked_twice_by_hand_enters_the_feed_twice() {
    for schema in Schema::of_each_layout().await {
        let (store, pool) = (schema.store().await, schema.pool().await);
        let session = session(1, "user");
        store.insert(&session).await.unwrap();
        store
            .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
            .await
            .unwrap();
        let cursor = store.revoked_since(None).await.unwrap().cursor;
        sqlx::query("UPDATE tower_bearer_sessions SET revoked_at = NULL")
            .execute(&pool)
            .await
            .unwrap();
        store
            .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
            .await
            .unwrap();
        assert_eq!(
            store.revoked_since(Some(cursor)).await.unwrap().ids(),
            [*session.id()]
        );
    }
}

#[tokio::test]
async fn a_cursor_survives_the_store_that_gave_it_out() {
    let schema = Schema::new().await;
    let (early, late) = (session(1, "user"), session(2, "user"));
    let store = schema.store().await;
    for session in [&early, &late] {
        store.insert(session).await.unwrap();
    }
    store
        .revoke(early.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    let cursor = store.revoked_since(None).await.unwrap().cursor;
    drop(store);

    let store = schema.store().await;
    store
        .revoke(late.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    let page = store.revoked_since(Some(cursor)).await.unwrap();
    assert!(page.contains(late.id()));
    assert!(!page.complete, "the cursor is not known to another store");
}

/// The server may have been set back between: a process that asks has to see all that is left, and
/// so what it lacks.
#[tokio::test]
async fn a_cursor_from_before_a_restart_or_a_restore_is_answered_completely() {
    let schema = Schema::new().await;
    let (store, pool) = (schema.store().await, schema.pool().await);
    let session = session(1, "user");
    store.insert(&session).await.unwrap();
    store
        .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    let cursor = store.revoked_since(None).await.unwrap().cursor;
    assert!(
        !store
            .revoked_since(Some(cursor.clone()))
            .await
            .unwrap()
            .complete
    );

    // The server's start in microseconds, the file of the feed, the transaction.
    let parts: Vec<u64> = cursor
        .as_str()
        .split(['.', '-'])
        .map(|part| part.parse().unwrap())
        .collect();
    let [start, file, xid] = parts[..] else {
        panic!("another cursor: {cursor:?}")
    };
    for other in [
        format!("{}.{file}-{xid}", start - 1),
        format!("{start}.{}-{xid}", file + 1),
        // The transactions of a server that is further on.
        format!("{start}.{file}-{}", xid + 1_000_000_000),
        format!("{start}.{file}-"),
        format!("{start}.{file}"),
    ] {
        let page = store
            .revoked_since(Some(Cursor::new(other.clone())))
            .await
            .unwrap();
        assert_eq!(
            (page.ids(), page.complete),
            (vec![*session.id()], true),
            "{other} is not answered completely"
        );
    }
    // Written anew into the same table, as by `pg_restore --clean --data-only`.
    sqlx::raw_sql("TRUNCATE tower_bearer_revocations")
        .execute(&pool)
        .await
        .unwrap();
    let page = store.revoked_since(Some(cursor)).await.unwrap();
    assert_eq!((page.ids(), page.complete), (vec![], true));
}

/// A dump keeps the numbers of the server that it comes from, which may be far ahead of those here.
#[tokio::test]
async fn what_was_restored_from_another_server_is_told_once() {
    let schema = Schema::new().await;
    let (store, pool) = (schema.store().await, schema.pool().await);
    let (restored, late) = (session(1, "user"), session(2, "user"));
    store.insert(&late).await.unwrap();
    sqlx::query(
        "INSERT INTO tower_bearer_revocations (session_id, revoked_at, xid) \
         VALUES ($1, $2, '9000000000000000000')",
    )
    .bind(uuid(restored.id()))
    .bind(now().as_millis() as i64)
    .execute(&pool)
    .await
    .unwrap();

    let page = store.revoked_since(None).await.unwrap();
    assert_eq!(page.ids(), [*restored.id()]);
    let page = store.revoked_since(Some(page.cursor)).await.unwrap();
    assert_eq!((page.ids(), page.complete), (vec![], false));
    store
        .revoke(late.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    assert_eq!(
        store.revoked_since(Some(page.cursor)).await.unwrap().ids(),
        [*late.id()]
    );
}

fn uuid(id: &SessionId) -> sqlx::types::Uuid {
    sqlx::types::Uuid::from_bytes(*id.as_bytes())
}

const REVOKE_BY_HAND: &str = "UPDATE tower_bearer_sessions SET \
    revoked_at = floor(extract(epoch FROM now()) * 1000)::bigint, \
    revision = revision + 1 WHERE id = $1";
