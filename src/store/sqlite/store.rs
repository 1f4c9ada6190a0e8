//! [`SqliteStore`] keeps sessions in SQLite.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::query::Query;
use sqlx::sqlite::{
    Sqlite, SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous,
};

use super::commits::Commits;
use super::row::{page, read};
use super::schema;
use super::statements::*;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::revocation::Receipt;
use crate::store::answers::{DeletedSessions, RevokedSessions};
use crate::store::contract::{MAX_LISTED, SessionStore};
use crate::store::ephemeral::EphemeralStore;
use crate::store::error::StoreError;
use crate::store::feed::{Announcements, Cursor, REVOCATIONS_AT_ONCE, RevocationPage};
use crate::store::place::{FailedAt, Place};
use crate::store::retention::Ended;
use crate::store::revocation_reason::{RevocationReason, RevocationRecord};
use crate::store::selection::SessionSelection;
use crate::store::session::Session;
use crate::store::sql::*;

/// A store in a SQLite database, for applications on one machine. Several processes may share the
/// file.
///
/// A single statement keeps each promise of the contract: SQLite has one writer at a time, so
/// nothing changes between what a statement reads and what it writes. A trigger enters a session
/// into the feed of revocations in the statement that revokes it.
///
/// Calls that write at the same moment share a commit. Each returns after its own, and if one of
/// them fails the others are committed without it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_bearer::SqliteStore;
///
/// let store = SqliteStore::open("app.db").await?;
/// # Ok(())
/// # }
/// ```
///
/// Cargo cannot resolve `sqlx` 0.9 together with `rusqlite` above 0.39, because both link SQLite in
/// different versions.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pub(super) pool: SqlitePool,
    pub(super) place: Place,
    pub(super) commits: Arc<Commits>,
}

impl SqliteStore {
    /// Opens the file, or creates it if it does not exist, and creates or updates the tables
    /// `tower_bearer_*`.
    ///
    /// The file is in WAL mode with `synchronous = FULL`, so acknowledged changes survive a power
    /// failure, and with `secure_delete`, so that what is deleted is overwritten.
    ///
    /// # Errors
    ///
    /// The path is `:memory:` or a URL. The file cannot be opened, for example because its folder
    /// does not exist or is not writable. A later version has changed its tables too much. The
    /// error names the file and the cause.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON");
        let place = place(&options);
        schema::check_path(path.as_ref()).failed_at(&place)?;
        Self::from_pool(schema::connect(options).await.failed_at(&place)?).await
    }

    /// Uses the application's own pool, and creates or updates the tables `tower_bearer_*` in its
    /// database.
    ///
    /// The pool's connections must have `synchronous = FULL` (which is the default of SQLite and of
    /// `sqlx`). Otherwise a power failure could undo a logout. WAL mode is recommended. A database
    /// in memory has at most one connection: use [`MemoryStore`](crate::MemoryStore) instead.
    ///
    /// # Errors
    ///
    /// `synchronous` is weaker than `FULL`, or the tables cannot be created.
    pub async fn from_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        let place = place(&pool.connect_options());
        schema::check(&pool).await.failed_at(&place)?;
        schema::migrate(&pool).await.failed_at(&place)?;
        let commits = Commits::new(pool.clone(), place.clone());
        Ok(Self {
            pool,
            place,
            commits,
        })
    }

    /// Runs a statement, and returns how many rows it changed. All writes of the store go this way.
    pub(super) async fn execute(
        &self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        self.commits.execute(query).await
    }

    /// Changes the selected rows that `find` finds, a few in each commit, so that no other writer
    /// waits for all of them. Returns how many were changed.
    async fn change_selected(
        &self,
        find: &'static str,
        selection: &SessionSelection,
        change: impl Fn(String) -> Query<'static, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        let (mut changed, mut after) = (0, Vec::new());
        loop {
            let query = bind_selection!(sqlx::query_scalar(find), selection)
                .bind(after)
                .bind(READ_AT_ONCE as i64);
            let found: Vec<Vec<u8>> = query.fetch_all(&self.pool).await.failed_at(&self.place)?;
            let found = ids(found).failed_at(&self.place)?;
            for batch in found.chunks(BATCH) {
                changed += self.execute(change(json(batch.iter()))).await?;
            }
            match found.last() {
                Some(last) if found.len() == READ_AT_ONCE => after = last.to_vec(),
                _ => return Ok(changed),
            }
        }
    }
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let row = session.parts();
        let query = bind_row!(sqlx::query(insert!()), &row.id.as_bytes()[..], row);
        self.execute(query).await?;
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(FIND)
            .bind(&id.as_bytes()[..])
            .fetch_optional(&self.pool)
            .await
            .failed_at(&self.place)?;
        row.map(|row| read(&row).failed_at(&self.place)).transpose()
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        let next = next.parts();
        let query = bind_changes!(sqlx::query(replace!()), next).bind(&next.id.as_bytes()[..]);
        Ok(self.execute(query).await? == 1)
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        let query = sqlx::query(confirm!())
            .bind(&id.as_bytes()[..])
            .bind(generation);
        self.execute(query).await?;
        Ok(())
    }

    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        let hex =
            |receipt: &Receipt| format!("{:032x}", u128::from_be_bytes(*receipt.id.as_bytes()));
        let receipts = receipts
            .iter()
            .map(|receipt| json!([hex(receipt), receipt.generation]));
        let receipts = receipts.collect::<Value>().to_string();
        self.execute(sqlx::query(CONFIRM_ALL).bind(receipts))
            .await?;
        Ok(())
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        let query = sqlx::query(revoke!())
            .bind(record.reason.as_str())
            .bind(millis(record.at))
            .bind(&id.as_bytes()[..]);
        Ok(self.execute(query).await? == 1)
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        let revoke = |ids| revoke_each(ids, record);
        let revoked = self.change_selected(FIND_LIVE, selection, revoke).await?;
        Ok(RevokedSessions::new(revoked))
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let query = bind_selection!(sqlx::query(LIST), selection)
            .bind(millis(now))
            .bind(MAX_LISTED as i64);
        let rows = query.fetch_all(&self.pool).await.failed_at(&self.place)?;
        rows.iter()
            .map(|row| read(row).failed_at(&self.place))
            .collect()
    }

    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let query = bind_selection!(sqlx::query_scalar(COUNT), selection)
            .bind(millis(now))
            .bind(MAX_LISTED as i64);
        let count: i64 = query.fetch_one(&self.pool).await.failed_at(&self.place)?;
        usize::try_from(count).failed_at(&self.place)
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        // A cursor that was not made here starts at the beginning. So does that of an empty feed.
        let seen = cursor
            .and_then(|cursor| cursor.as_str().parse().ok())
            .unwrap_or(0_i64);
        let row = sqlx::query(REVOKED_SINCE)
            .bind(seen)
            .bind(REVOCATIONS_AT_ONCE as i64)
            .fetch_one(&self.pool)
            .await
            .failed_at(&self.place)?;
        page(seen, REVOCATIONS_AT_ONCE, &row).failed_at(&self.place)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        for batch in ids.chunks(BATCH) {
            let batch = json(batch.iter().map(SessionId::as_bytes));
            self.execute(revoke_each(batch.clone(), RevocationReason::Other.at(now)))
                .await?;
            // The trigger has entered the live sessions. This enters the unknown ones.
            let query = sqlx::query(ENTER_FEED).bind(&batch).bind(millis(now));
            self.execute(query).await?;
        }
        Ok(())
    }

    // SQLite has no announcements.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        Ok(None)
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        let Ended { revoked, expired } = Ended::by(now);
        let (revoked, expired) = (millis(revoked), millis(expired));
        let mut deleted = 0;
        loop {
            // Reading takes no lock that a writer waits for. Each deletion takes it once, for a
            // moment.
            let query = sqlx::query_scalar(FIND_ENDED)
                .bind(revoked)
                .bind(expired)
                .bind(READ_AT_ONCE as i64);
            let ended: Vec<Vec<u8>> = query.fetch_all(&self.pool).await.failed_at(&self.place)?;
            let ended = ids(ended).failed_at(&self.place)?;
            for batch in ended.chunks(BATCH) {
                let query = sqlx::query(DELETE_ENDED)
                    .bind(revoked)
                    .bind(expired)
                    .bind(json(batch.iter()));
                deleted += self.execute(query).await?;
            }
            if ended.len() < READ_AT_ONCE {
                break;
            }
        }
        loop {
            let query = sqlx::query(DELETE_FEED).bind(revoked).bind(BATCH as i64);
            if self.execute(query).await? < BATCH as u64 {
                break;
            }
        }
        Ok(DeletedSessions::new(deleted))
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        let delete = |ids: String| sqlx::query(DELETE_REVOKED).bind(ids);
        let erased = self
            .change_selected(FIND_REVOKED, selection, delete)
            .await?;
        Ok(DeletedSessions::new(erased))
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self
    }
}

/// Revokes those of the sessions that live.
fn revoke_each(ids: String, record: RevocationRecord) -> Query<'static, Sqlite, SqliteArguments> {
    sqlx::query(REVOKE_EACH)
        .bind(record.reason.as_str())
        .bind(millis(record.at))
        .bind(ids)
}

fn place(options: &SqliteConnectOptions) -> Place {
    Place::new("SQLite", options.get_filename().display().to_string())
}

/// Binds the four parts of a selection to a query.
macro_rules! bind_selection {
    ($query:expr, $selection:expr) => {
        $query
            .bind($selection.subject().as_str())
            .bind(serde_json::Value::from_iter($selection.owners().iter().map(owner)).to_string())
            .bind($selection.kinds().map(|kinds| {
                serde_json::Value::from_iter(kinds.iter().map(|kind| kind.number())).to_string()
            }))
            .bind($selection.excepted().map(|id| &id.as_bytes()[..]))
    };
}
use bind_selection;

/// Returns a list of ids in hexadecimal, which SQLite reads as one argument.
fn json<'a>(ids: impl Iterator<Item = &'a [u8; 16]>) -> String {
    let hex = |id: &[u8; 16]| format!("{:032x}", u128::from_be_bytes(*id));
    serde_json::Value::from_iter(ids.map(hex)).to_string()
}

fn ids(found: Vec<Vec<u8>>) -> Result<Vec<[u8; 16]>, BoxError> {
    found.into_iter().map(array).collect()
}

/// The number of rows that one query finds.
const READ_AT_ONCE: usize = 50_000;
/// The number of rows that are changed under one lock.
const BATCH: usize = 500;
