//! SQLite, durable: 32 clients, over one `UPDATE … RETURNING` a transaction.

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::runtime::Handle;
use tower_bearer::SqliteStore;

use super::clients::{Compared, compare};
use crate::before;
use crate::table::Goal::{AtLeast, AtMost};
use crate::table::Table;

pub fn rows(table: &Table) {
    if !table.wants("sqlite_") {
        return;
    }
    let compared = Handle::current().block_on(measure(table.rounds(15, 5)));
    table.print("sqlite_32_clients_rate", AtLeast(4.0), compared.rate);
    let before = compared.p99 / before::value("sqlite_p99_over_update_returning");
    table.print("sqlite_32_clients_p99_over_before", AtMost(0.35), before);
    println!("# sqlite_p99_over_update_returning {:.3}", compared.p99);
}

async fn measure(rounds: usize) -> Compared {
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
    let bare = move |client: usize| {
        let pool = pool.clone();
        async move {
            let update = "UPDATE bare SET generation = generation + 1, rotated_at = ?, \
                revision = revision + 1 WHERE id = ? RETURNING generation, rotated_at, revision";
            let update = sqlx::query(update).bind(1_i64).bind(client as i64);
            update.fetch_one(&pool).await.expect("the row is there");
        }
    };
    compare(rounds, CLIENTS, store.expect("a store"), bare).await
}

/// The settings of [`SqliteStore::open`], and a connection for each client.
async fn open(path: &std::path::Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(std::time::Duration::from_secs(30));
    let pool = SqlitePoolOptions::new().max_connections(CLIENTS as u32);
    pool.connect_with(options).await.expect("a file")
}

const CLIENTS: usize = 32;
