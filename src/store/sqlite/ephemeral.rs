//! The short-lived things of a [`SqliteStore`].
//!
//! SQLite has no server, so `now` counts. A single statement does what is atomic, because SQLite
//! has one writer at a time.

use async_trait::async_trait;
use sqlx::Row;
use sqlx::query::Query;
use sqlx::sqlite::SqliteRow;

use super::store::SqliteStore;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::store::ephemeral::{
    Charge, Counter, Entry, EphemeralKey, EphemeralStore, Found, Refund, lane_millis, refund_millis,
};
use crate::store::error::StoreError;
use crate::store::place::FailedAt;
use crate::store::sql::{millis, timestamp};

#[async_trait]
impl EphemeralStore for SqliteStore {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let hex = keys.iter().map(|key| hex(key.as_bytes()));
        let rows = sqlx::query(READ)
            .bind(serde_json::Value::from_iter(hex).to_string())
            .bind(millis(now))
            .fetch_all(&self.pool)
            .await
            .failed_at(&self.place)?;
        let mut found = vec![None; keys.len()];
        for row in &rows {
            // The place of the key in the list.
            let place: u32 = row.try_get("place").failed_at(&self.place)?;
            if let Some(found) = found.get_mut(place as usize) {
                *found = Some(read(row).failed_at(&self.place)?);
            }
        }
        Ok(found)
    }

    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        let query = |charge: &Charge| {
            let query = sqlx::query(CHARGE)
                .bind(charge.key.as_bytes().to_vec())
                .bind(millis(now));
            let numbers = lane_millis(&charge.lane);
            numbers.into_iter().fold(query, Query::bind)
        };
        let changed = self.commits.execute_all(charges.iter().map(query)).await?;
        Ok(changed.into_iter().map(|rows| rows == 1).collect())
    }

    async fn give_back(&self, refunds: &[Refund], _: Timestamp) -> Result<(), StoreError> {
        let query = |refund: &Refund| {
            let [fast, slow] = refund_millis(refund);
            sqlx::query(GIVE_BACK)
                .bind(refund.key.as_bytes().to_vec())
                .bind(fast)
                .bind(slow)
        };
        let given = self.commits.execute_all(refunds.iter().map(query)).await;
        given.map(drop)
    }

    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
        self.write(NOTE, entry, now).await.map(drop)
    }

    async fn put_new(&self, entry: Entry<'_>, now: Timestamp) -> Result<bool, StoreError> {
        self.write(PUT_NEW, entry, now).await
    }

    async fn take(&self, key: EphemeralKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        loop {
            let row = sqlx::query(FIND)
                .bind(&key.as_bytes()[..])
                .bind(millis(now))
                .fetch_optional(&self.pool)
                .await
                .failed_at(&self.place)?;
            let Some(row) = row else { return Ok(None) };
            let (value, until): (Vec<u8>, i64) = (
                row.try_get("value").failed_at(&self.place)?,
                row.try_get("until").failed_at(&self.place)?,
            );
            // It is deleted if it is still what was read. Otherwise another call has it, or another
            // value replaced it.
            let delete = sqlx::query(DELETE)
                .bind(&key.as_bytes()[..])
                .bind(until)
                .bind(&*value);
            if self.execute(delete).await? == 1 {
                return Ok(Some(value));
            }
        }
    }

    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let query = sqlx::query(DELETE_ENDED)
                .bind(millis(now))
                .bind(BATCH as i64);
            let rows = self.execute(query).await?;
            deleted += rows;
            if rows < BATCH {
                return Ok(deleted);
            }
        }
    }
}

impl SqliteStore {
    async fn write(
        &self,
        statement: &'static str,
        entry: Entry<'_>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        entry.check().failed_at(&self.place)?;
        let query = sqlx::query(statement)
            .bind(&entry.key.as_bytes()[..])
            .bind(millis(now))
            .bind(millis(entry.until(now)))
            .bind(entry.value);
        Ok(self.execute(query).await? == 1)
    }
}

fn read(row: &SqliteRow) -> Result<Found, BoxError> {
    if let Some(value) = row.try_get("value")? {
        return Ok(Found::Value(value));
    }
    let moment = |column| -> Result<Timestamp, BoxError> { timestamp(row.try_get(column)?) };
    Ok(Found::Counter(Counter::new(
        moment("fast")?,
        moment("slow")?,
    )))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The number of rows that are deleted under one lock.
const BATCH: u64 = 500;

const READ: &str = "SELECT keys.key AS place, entry.value, entry.fast, entry.slow \
    FROM json_each(?1) AS keys JOIN tower_bearer_ephemeral AS entry \
    ON entry.key = unhex(keys.value) WHERE entry.until > ?2";

/// The debt of a counter at `?2`. More than is believed was written by a clock that was ahead, and
/// counts as none.
macro_rules! debt {
    ($column:literal, $believed:literal) => {
        concat!(
            "(CASE WHEN entry.",
            $column,
            " - ?2 BETWEEN 0 AND ",
            $believed,
            " THEN entry.",
            $column,
            " - ?2 ELSE 0 END)"
        )
    };
}

/// `?3` to `?8` are the numbers of the lane.
const CHARGE: &str = concat!(
    "INSERT INTO tower_bearer_ephemeral AS entry (key, until, fast, slow) \
     SELECT ?1, ?2 + max(?3, ?6), ?2 + ?3, ?2 + ?6 \
     WHERE (?3 = 0 OR ?3 <= ?4) AND (?6 = 0 OR ?6 <= ?7) \
     ON CONFLICT (key) DO UPDATE SET value = NULL, until = ?2 + max(",
    debt!("fast", "?5"),
    " + ?3, ",
    debt!("slow", "?8"),
    " + ?6), fast = ?2 + ?3 + ",
    debt!("fast", "?5"),
    ", slow = ?2 + ?6 + ",
    debt!("slow", "?8"),
    " WHERE (entry.value IS NULL OR entry.until <= ?2) AND (?3 = 0 OR ",
    debt!("fast", "?5"),
    " + ?3 <= ?4) AND (?6 = 0 OR ",
    debt!("slow", "?8"),
    " + ?6 <= ?7)"
);

/// A debt that ends in the past is none.
const GIVE_BACK: &str = "UPDATE tower_bearer_ephemeral SET until = max(fast - ?2, slow - ?3, 0), \
    fast = max(fast - ?2, 0), slow = max(slow - ?3, 0) WHERE key = ?1 AND value IS NULL";

macro_rules! write {
    ($condition:literal) => {
        concat!(
            "INSERT INTO tower_bearer_ephemeral AS entry (key, until, value) \
             SELECT ?1, ?3, ?4 WHERE TRUE \
             ON CONFLICT (key) DO UPDATE SET until = excluded.until, value = excluded.value, \
             fast = NULL, slow = NULL WHERE ",
            $condition
        )
    };
}
const NOTE: &str = write!("?2 IS NOT NULL");
const PUT_NEW: &str = write!("entry.until <= ?2");

const FIND: &str = "SELECT value, until FROM tower_bearer_ephemeral \
    WHERE key = ?1 AND until > ?2 AND value IS NOT NULL";
const DELETE: &str = "DELETE FROM tower_bearer_ephemeral \
    WHERE key = ?1 AND until = ?2 AND value = ?3";
const DELETE_ENDED: &str = "DELETE FROM tower_bearer_ephemeral WHERE key IN \
    (SELECT key FROM tower_bearer_ephemeral WHERE until <= ?1 LIMIT ?2)";
