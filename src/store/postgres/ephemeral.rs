//! The short-lived things of a [`PostgresStore`], by the clock of the server.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::Row;
use sqlx::SqlStr;
use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;

use super::row::refuse_standby;
use super::store::PostgresStore;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::store::ephemeral::{
    Charge, Counter, Entry, EphemeralKey, EphemeralStore, Found, Refund, lane_millis, refund_millis,
};
use crate::store::error::StoreError;
use crate::store::place::FailedAt;

#[async_trait]
impl EphemeralStore for PostgresStore {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let query = sqlx::query(self.sql.read_ephemeral.clone()).bind(bytes(keys.iter()));
        let rows = self.fetch_all(query).await?;
        let found = by_key(&rows, now).failed_at(&self.place)?;
        Ok(keys
            .iter()
            .map(|key| found.get(&key.as_bytes()[..]).cloned())
            .collect())
    }

    async fn charge(&self, charges: &[Charge], _: Timestamp) -> Result<Vec<bool>, StoreError> {
        let lanes = charges.iter().map(|charge| lane_millis(&charge.lane));
        let query = sqlx::query(self.sql.charge.clone())
            .bind(bytes(charges.iter().map(|charge| &charge.key)));
        let query = bind_columns(query, lanes);
        let rows = self.fetch_all(query).await?;
        let charged: Vec<&[u8]> = rows
            .iter()
            .map(|row| row.try_get("key"))
            .collect::<Result<_, _>>()
            .failed_at(&self.place)?;
        Ok(charges
            .iter()
            .map(|charge| charged.contains(&&charge.key.as_bytes()[..]))
            .collect())
    }

    async fn give_back(&self, refunds: &[Refund], _: Timestamp) -> Result<(), StoreError> {
        let query = sqlx::query(self.sql.give_back.clone())
            .bind(bytes(refunds.iter().map(|refund| &refund.key)));
        let query = bind_columns(query, refunds.iter().map(refund_millis));
        self.execute(query).await.map(drop)
    }

    async fn note(&self, entry: Entry<'_>, _: Timestamp) -> Result<(), StoreError> {
        self.write(&self.sql.note, entry).await.map(drop)
    }

    async fn put_new(&self, entry: Entry<'_>, _: Timestamp) -> Result<bool, StoreError> {
        self.write(&self.sql.put_new, entry).await
    }

    async fn take(&self, key: EphemeralKey, _: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query(self.sql.take.clone()).bind(&key.as_bytes()[..]);
        let rows = self.fetch_all(query).await?;
        let value = rows.first().map(|row| row.try_get("value"));
        value
            .transpose()
            .failed_at(&self.place)
            .map(Option::flatten)
    }

    async fn delete_ended(&self, _: Timestamp) -> Result<u64, StoreError> {
        let mut deleted = 0;
        loop {
            let query = sqlx::query(self.sql.delete_ended.clone()).bind(BATCH as i64);
            let rows = self.execute(query).await?;
            deleted += rows;
            if rows < BATCH {
                return Ok(deleted);
            }
        }
    }
}

impl PostgresStore {
    async fn write(&self, statement: &SqlStr, entry: Entry<'_>) -> Result<bool, StoreError> {
        entry.check().failed_at(&self.place)?;
        let query = sqlx::query(statement.clone())
            .bind(&entry.key.as_bytes()[..])
            .bind(entry.millis() as i64)
            .bind(entry.value);
        Ok(self.execute(query).await? == 1)
    }
}

fn bytes<'a>(keys: impl Iterator<Item = &'a EphemeralKey>) -> Vec<&'a [u8]> {
    keys.map(|key| &key.as_bytes()[..]).collect()
}

/// Binds rows of numbers as one array for each column.
fn bind_columns<'q, const N: usize>(
    query: Query<'q, Postgres, PgArguments>,
    rows: impl Iterator<Item = [i64; N]>,
) -> Query<'q, Postgres, PgArguments> {
    let mut columns = [const { Vec::<i64>::new() }; N];
    for row in rows {
        for (column, number) in columns.iter_mut().zip(row) {
            column.push(number);
        }
    }
    columns.into_iter().fold(query, Query::bind)
}

/// Reads rows, in which debts are durations: the clock of the caller may be another one.
fn by_key(rows: &[PgRow], now: Timestamp) -> Result<HashMap<&[u8], Found>, BoxError> {
    if let Some(first) = rows.first() {
        refuse_standby(first)?;
    }
    let mut found = HashMap::new();
    for row in rows {
        let Some(key) = row.try_get::<Option<&[u8]>, _>("key")? else {
            continue;
        };
        let end = |column| -> Result<Timestamp, BoxError> {
            let debt = row.try_get::<Option<i64>, _>(column)?.unwrap_or(0);
            let debt = u64::try_from(debt).unwrap_or(0);
            Ok(now + std::time::Duration::from_millis(debt))
        };
        let value = match row.try_get("value")? {
            Some(value) => Found::Value(value),
            None => Found::Counter(Counter::new(end("fast")?, end("slow")?)),
        };
        found.insert(key, value);
    }
    Ok(found)
}

/// The number of rows that are locked at once.
const BATCH: u64 = 500;
