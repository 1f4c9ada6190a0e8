//! Counts, batches, and what text cannot hold.

use support::logins;
use tower_bearer::names::SessionId;
use tower_bearer::store::RevocationReason;
use tower_bearer::store::{REVOCATION_RETENTION, SessionStore};

use super::{Schema, now, session};

/// The trigger writes a row of its own, and `rows_affected` must not count it.
#[tokio::test]
async fn the_trigger_does_not_disturb_the_counts() {
    for schema in Schema::of_each_layout().await {
        let store = schema.store().await;
        for id in 1..=3 {
            store.insert(&session(id, "user")).await.unwrap();
        }
        assert!(
            store
                .revoke(
                    session(1, "user").id(),
                    RevocationReason::LoggedOut.at(now())
                )
                .await
                .unwrap()
        );
        assert_eq!(
            store
                .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
                .await
                .unwrap()
                .count(),
            2
        );
        assert_eq!(store.revoked_since(None).await.unwrap().revoked.len(), 3);
    }
}

/// More rows than one batch holds, ended in every way.
#[tokio::test]
async fn delete_expired_takes_as_many_batches_as_it_needs() {
    for schema in Schema::of_each_layout().await {
        let (store, pool) = (schema.store().await, schema.pool().await);
        store.insert(&session(1, "user")).await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO tower_bearer_sessions (id, subject, kind, owner, until_browser_closes, \
             created_at, expires_at, receipts, generation, confirmed, recoveries, recovered, \
             revision) SELECT gen_random_uuid(), 'old ' || n % 3, 0, 0, FALSE, 0, \
             CASE n % 3 WHEN 2 THEN 9000000000000 ELSE 1 END, TRUE, 0, FALSE, 0, FALSE, 0 \
             FROM generate_series(1, 3603) AS n; \
             UPDATE tower_bearer_sessions SET revoked_at = 1 WHERE subject IN ('old 1', 'old 2'); \
             DELETE FROM tower_bearer_revocations USING tower_bearer_sessions \
             WHERE id = session_id AND subject = 'old 1'",
        )
        .execute(&pool)
        .await
        .unwrap();
        let unknown: Vec<SessionId> = (1000..2203).map(|id| *session(id, "user").id()).collect();
        store.assert_revoked(&unknown, now()).await.unwrap();
        assert_eq!(store.revoked_since(None).await.unwrap().revoked.len(), 2404);

        assert_eq!(
            store
                .delete_expired(now() + REVOCATION_RETENTION)
                .await
                .unwrap()
                .count(),
            3603
        );
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM tower_bearer_sessions")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(left, 1);
        assert_eq!(store.revoked_since(None).await.unwrap().ids(), []);
    }
}

/// Several processes clean up at once, and several assert the same after one restore.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn racing_assertions_and_clean_ups_do_not_fail() {
    for schema in Schema::of_each_layout().await {
        let store = schema.store().await;
        for id in 0..200 {
            store.insert(&session(id, "user")).await.unwrap();
        }
        let known: Vec<SessionId> = (0..2000).map(|id| *session(id, "user").id()).collect();
        let race = |turn: usize| {
            let (store, mut known) = (store.clone(), known.clone());
            tokio::spawn(async move {
                known.rotate_left(turn * 300);
                if turn.is_multiple_of(2) {
                    known.reverse();
                }
                store.assert_revoked(&known, now()).await?;
                store
                    .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
                    .await?;
                store.delete_expired(now() + REVOCATION_RETENTION * 2).await
            })
        };
        let mut deleted = 0;
        for racing in (0..6).map(race).collect::<Vec<_>>() {
            deleted += racing
                .await
                .unwrap()
                .expect("two that do the same at once failed")
                .count();
        }
        assert_eq!(deleted, 200);
    }
}

/// PostgreSQL's text cannot hold a NUL: no row has such a subject, and none is found by it.
#[tokio::test]
async fn a_subject_with_a_nul_has_no_sessions() {
    let schema = Schema::new().await;
    let store = schema.store().await;
    store.insert(&session(1, "user")).await.unwrap();
    let nul = logins("user\0");
    assert_eq!(store.list(&nul, now()).await.unwrap(), []);
    assert_eq!(
        store
            .revoke_all(&nul, RevocationReason::Everywhere.at(now()))
            .await
            .unwrap()
            .count(),
        0
    );
    assert_eq!(store.erase(&nul).await.unwrap().count(), 0);
    store.insert(&session(2, "user\0")).await.unwrap_err();
    assert_eq!(store.list(&logins("user"), now()).await.unwrap().len(), 1);
}
