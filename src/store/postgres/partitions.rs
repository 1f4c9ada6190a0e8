//! [`Partitions`] is how many partitions the table of sessions has.

use std::fmt::Write;

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Row, SqlSafeStr, SqlStr};

use super::route::Route;
use super::table_prefix::TablePrefix;
use crate::error::BoxError;

/// How many partitions the table of sessions has to have. With `None`, a new table has none, and
/// one that exists is used as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Partitions(pub(super) Option<u16>);

impl Partitions {
    /// Refuses a number of partitions that is not supported.
    pub(super) fn check_number(self) -> Result<(), BoxError> {
        match self.0 {
            Some(asked) if !(1..=MOST).contains(&asked) => {
                Err(format!("`hash_partitions` takes 1 to {MOST} partitions, not {asked}").into())
            }
            _ => Ok(()),
        }
    }

    /// Returns a migration as these partitions need it.
    ///
    /// The indexes and the trigger are made on the table before it has partitions, so each
    /// partition gets its own. Only the partitions have pages, so they have the room for HOT
    /// updates.
    pub(super) fn apply(self, migration: &SqlStr, prefix: &TablePrefix) -> SqlStr {
        let (Some(count), Some((before, after))) =
            (self.0, migration.as_str().split_once(ROOM_IN_PAGES))
        else {
            return migration.clone();
        };
        let table = prefix.name(SESSIONS);
        let mut sql = format!("{before}PARTITION BY HASH (id){after}");
        for remainder in 0..count {
            // Writing to a string never fails.
            let _ = write!(
                sql,
                "CREATE TABLE {table}_{remainder} PARTITION OF {table} \
                 FOR VALUES WITH (MODULUS {count}, REMAINDER {remainder}) {ROOM_IN_PAGES};"
            );
        }
        AssertSqlSafe(sql).into_sql_str()
    }

    /// Refuses a table that does not have the partitions that are asked for.
    pub(super) async fn check(
        self,
        pool: &PgPool,
        route: Route,
        prefix: &TablePrefix,
    ) -> Result<(), BoxError> {
        let Some(asked) = self.0 else {
            return Ok(());
        };
        let table = prefix.name(SESSIONS);
        let count = "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass($1)";
        let mut connection = pool.acquire().await?;
        let row = route
            .fetch_one(&mut connection, sqlx::query(count).bind(&table))
            .await?;
        let found: i64 = row.try_get(0)?;
        if found == 0 {
            return Err(format!(
                "the table `{table}` exists without partitions, and is not changed. Open the store \
                 without `hash_partitions`"
            )
            .into());
        }
        if found != i64::from(asked) {
            return Err(format!(
                "the table `{table}` has {found} partitions and not {asked}, and is not changed. \
                 Open the store with `hash_partitions({found})`, or without it"
            )
            .into());
        }
        Ok(())
    }
}

/// The statement that counts the sessions of a user locks each partition and its three indexes, and
/// a server has room for 6,400 locks by default.
const MOST: u16 = 64;
const SESSIONS: &str = "sessions";
/// What the first migration says of the table of sessions.
const ROOM_IN_PAGES: &str = "WITH (fillfactor = 94)";
