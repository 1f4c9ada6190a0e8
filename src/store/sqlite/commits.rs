//! [`Commits`] lets the writes that wait at one moment share a commit, because a commit waits for
//! the disk, and SQLite has one writer at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteConnection, SqlitePool};
use sqlx::{Connection, Execute, SqlStr};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::store::error::StoreError;
use crate::store::place::{FailedAt, Place};

/// The writes of one process, in batches. While a batch is being committed, the next one gathers.
///
/// A task commits each batch. So a caller that is dropped, or that nothing polls any more, holds up
/// no other one, and keeps no transaction open.
#[derive(Debug)]
pub(super) struct Commits {
    pool: SqlitePool,
    place: Place,
    /// One permit for each write that the batch which gathers may have. Further callers wait.
    room: Arc<Semaphore>,
    /// The batch that gathers. Its task holds it: if the runtime of that task ends, the batch is
    /// gone, and the next write begins another.
    gathering: Mutex<Weak<Batch>>,
    /// The right to commit. A second transaction would only wait for the lock of the file, asleep.
    turn: tokio::sync::Mutex<()>,
}

type Outcome = oneshot::Receiver<Result<u64, StoreError>>;
type Batch = Mutex<Vec<(Write, OwnedSemaphorePermit)>>;

/// A statement, and the caller that waits for it.
struct Write {
    sql: SqlStr,
    arguments: SqliteArguments,
    caller: oneshot::Sender<Result<u64, StoreError>>,
}

/// Why nothing was committed.
enum Failure {
    /// This write failed. The others are not to blame.
    Write(usize, sqlx::Error),
    /// The transaction did not begin, or could not be committed.
    Batch(sqlx::Error),
}

impl Commits {
    pub(super) fn new(pool: SqlitePool, place: Place) -> Arc<Self> {
        Arc::new(Self {
            pool,
            place,
            room: Arc::new(Semaphore::new(MAX_WRITES)),
            gathering: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// Runs a statement, and returns how many rows it changed, once that is committed.
    ///
    /// The statement may run even if the caller is dropped.
    pub(super) async fn execute(
        self: &Arc<Self>,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<u64, StoreError> {
        let outcome = self.submit(query).await?;
        self.outcome(outcome).await
    }

    /// Runs some statements, in one commit or a few, and returns how many rows each of them
    /// changed. Each is atomic, and all together are not.
    pub(super) async fn execute_all(
        self: &Arc<Self>,
        queries: impl Iterator<Item = Query<'_, Sqlite, SqliteArguments>> + Send,
    ) -> Result<Vec<u64>, StoreError> {
        let mut outcomes = Vec::new();
        for query in queries {
            outcomes.push(self.submit(query).await?);
        }
        let mut changed = Vec::with_capacity(outcomes.len());
        for outcome in outcomes {
            changed.push(self.outcome(outcome).await?);
        }
        Ok(changed)
    }

    /// Adds a statement to the batch that gathers, once there is room.
    async fn submit(
        self: &Arc<Self>,
        mut query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Outcome, StoreError> {
        let arguments = query.take_arguments().failed_at(&self.place)?;
        let (caller, outcome) = oneshot::channel();
        let write = Write {
            arguments: arguments.unwrap_or_default(),
            sql: query.sql(),
            caller,
        };
        let room = Arc::clone(&self.room).acquire_owned().await;
        self.join(write, room.failed_at(&self.place)?);
        Ok(outcome)
    }

    async fn outcome(&self, outcome: Outcome) -> Result<u64, StoreError> {
        outcome.await.unwrap_or_else(|_| {
            Err(self
                .place
                .failed("the Tokio runtime that was committing has ended"))
        })
    }

    /// Adds a write to the batch that gathers. The first write of a batch starts its task.
    fn join(self: &Arc<Self>, write: Write, room: OwnedSemaphorePermit) {
        let mut gathering = lock(&self.gathering);
        let batch = gathering.upgrade().unwrap_or_else(|| {
            let batch = Arc::<Batch>::default();
            *gathering = Arc::downgrade(&batch);
            tokio::spawn(Arc::clone(self).commit(Arc::clone(&batch)));
            batch
        });
        lock(&batch).push((write, room));
    }

    /// Commits a batch when it is its turn, and then tells each caller the outcome.
    async fn commit(self: Arc<Self>, batch: Arc<Batch>) {
        let _turn = self.turn.lock().await;
        let mut connection = self.pool.acquire().await;
        let mut writes = self.close(&batch);
        loop {
            let done = match connection {
                Ok(connection) => run_all(connection, &writes).await,
                Err(error) => Err(Failure::Batch(error)),
            };
            match done {
                Ok(changed) => {
                    for (write, rows) in writes.drain(..).zip(changed) {
                        write.answer(Ok(rows));
                    }
                }
                // The others are committed without it.
                Err(Failure::Write(index, error)) => {
                    writes.remove(index).answer(Err(self.place.failed(error)));
                }
                Err(Failure::Batch(error)) => {
                    let error = self.place.failed(error);
                    for write in writes.drain(..) {
                        write.answer(Err(error.clone()));
                    }
                }
            }
            if writes.is_empty() {
                return;
            }
            connection = self.pool.acquire().await;
        }
    }

    /// Takes the writes out of a batch. Later ones form the next batch.
    fn close(&self, batch: &Batch) -> Vec<Write> {
        *lock(&self.gathering) = Weak::new();
        let writes = std::mem::take(&mut *lock(batch));
        writes.into_iter().map(|(write, _room)| write).collect()
    }
}

impl Write {
    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
        let query = sqlx::query_with(self.sql.clone(), self.arguments.clone());
        Ok(query.execute(connection).await?.rows_affected())
    }

    fn answer(self, outcome: Result<u64, StoreError>) {
        // The caller may be gone.
        let _ = self.caller.send(outcome);
    }
}

/// Runs writes in one transaction, and returns how many rows each of them changed.
async fn run_all(
    mut connection: PoolConnection<Sqlite>,
    writes: &[Write],
) -> Result<Vec<u64>, Failure> {
    // A statement alone is a transaction already.
    if let [write] = writes {
        let changed = write.run(&mut connection).await;
        return changed
            .map(|rows| vec![rows])
            .map_err(|error| Failure::Write(0, error));
    }
    let changed = transact(&mut connection, writes).await;
    // SQLite may have rolled back on its own, as on a full disk. The driver still counts this
    // transaction as open, and would begin no other one on this connection.
    if connection.is_in_transaction() {
        connection.close_on_drop();
    }
    changed
}

async fn transact(
    connection: &mut SqliteConnection,
    writes: &[Write],
) -> Result<Vec<u64>, Failure> {
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    let mut transaction = begun.map_err(Failure::Batch)?;
    let mut changed = Vec::with_capacity(writes.len());
    for (index, write) in writes.iter().enumerate() {
        match write.run(&mut transaction).await {
            Ok(rows) => changed.push(rows),
            Err(error) => {
                let _ = transaction.rollback().await;
                return Err(Failure::Write(index, error));
            }
        }
    }
    transaction.commit().await.map_err(Failure::Batch)?;
    Ok(changed)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The number of writes that one commit may have. Other processes wait for its lock for as long as
/// these take: a few milliseconds beside the time of the disk.
const MAX_WRITES: usize = 64;
