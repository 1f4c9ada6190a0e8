//! SQLite, durable: 32 clients, over one `UPDATE … RETURNING` a transaction, and over a read and a
//! conditional write, which is what the store did before it shared commits.

use std::path::Path;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use tokio::runtime::Handle;
use tower_bearer::SqliteStore;

use super::clients::{Compared, compare};
use crate::table::Goal::{AtLeast, AtMost};
use crate::table::Table;

pub fn rows(table: &Table) {
    let rounds = table.rounds(15, 5);
    table.row("sqlite_32_clients_rate", AtLeast(4.0), || {
        Handle::current().block_on(over(rounds, update)).rate
    });
    table.row("sqlite_32_clients_p99_over_before", AtMost(0.35), || {
        Handle::current().block_on(over(rounds, read_and_write)).p99
    });
}

async fn over<F>(rounds: usize, bare: fn(SqlitePool, i64) -> F) -> Compared
where
    F: Future<Output = ()> + Send + 'static,
{
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path().join("ours.db")).await;
    let pool = open(&folder.path().join("bare.db")).await;
    let create = "CREATE TABLE bare (id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, \
        rotated_at INTEGER NOT NULL, revision INTEGER NOT NULL)";
    sqlx::raw_sql(create).execute(&pool).await.expect("a table");
    for client in 0..CLIENTS {
        let insert = sqlx::query("INSERT INTO bare VALUES (?, 0, 0, 0)").bind(client as i64);
        insert.execute(&pool).await.expect("a row");
    }
    let bare = move |client| bare(pool.clone(), client as i64);
    compare(rounds, CLIENTS, store.expect("a store"), bare).await
}

async fn update(pool: SqlitePool, id: i64) {
    let update = "UPDATE bare SET generation = generation + 1, rotated_at = ?, \
        revision = revision + 1 WHERE id = ? RETURNING generation, rotated_at, revision";
    let update = sqlx::query(update).bind(1_i64).bind(id);
    update.fetch_one(&pool).await.expect("the row is there");
}

async fn read_and_write(pool: SqlitePool, id: i64) {
    let read = "SELECT generation, rotated_at, revision FROM bare WHERE id = ?";
    let read = sqlx::query_as(read).bind(id);
    let row: (i64, i64, i64) = read.fetch_one(&pool).await.expect("the row is there");
    let write = "UPDATE bare SET generation = ?, rotated_at = ?, revision = revision + 1 \
        WHERE id = ? AND revision = ?";
    let write = sqlx::query(write).bind(row.0 + 1).bind(1_i64).bind(id);
    let written = write.bind(row.2).execute(&pool).await;
    assert_eq!(written.expect("the file is open").rows_affected(), 1);
}

/// A pool as `sqlx` makes it, with the durability of [`SqliteStore::open`]. Writers of a busy
/// machine wait longer than `sqlx` allows.
async fn open(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(30));
    let pool = SqlitePool::connect_with(options).await;
    pool.expect("a file")
}

const CLIENTS: usize = 32;
