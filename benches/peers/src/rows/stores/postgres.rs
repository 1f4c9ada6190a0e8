//! PostgreSQL: 8 and 32 clients, over one read and one conditional write.

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::runtime::Handle;
use tower_bearer::PostgresStore;

use super::clients::compare;
use crate::table::Goal::AtLeast;
use crate::table::Table;

pub fn rows(table: &Table) {
    for clients in [8, 32] {
        let name = format!("postgres_{clients}_clients_rate");
        if !table.wants(&name) {
            continue;
        }
        match std::env::var("BENCH_POSTGRES_URL") {
            Ok(url) => table.row(&name, AtLeast(0.50), || {
                Handle::current().block_on(rate(&url, table.rounds(15, 5), clients))
            }),
            Err(_) => table.skip(&name, "BENCH_POSTGRES_URL names no server"),
        }
    }
}

async fn rate(url: &str, rounds: usize, clients: usize) -> f64 {
    let connect = || PgPoolOptions::new().max_connections(32).connect(url);
    let pool = connect().await.expect("the server answers");
    let create = "DROP TABLE IF EXISTS bare; CREATE TABLE bare (id bigint PRIMARY KEY, \
        generation bigint NOT NULL, rotated_at bigint NOT NULL, revision bigint NOT NULL) \
        WITH (fillfactor = 90)";
    sqlx::raw_sql(create).execute(&pool).await.expect("a table");
    for client in 0..clients {
        let insert = sqlx::query("INSERT INTO bare VALUES ($1, 0, 0, 0)").bind(client as i64);
        insert.execute(&pool).await.expect("a row");
    }
    let own = connect().await.expect("the server answers");
    let store = PostgresStore::from_pool(own).await.expect("a store");
    let bare = move |client: usize| read_and_write(pool.clone(), client as i64);
    compare(rounds, clients, store, bare).await.rate
}

async fn read_and_write(pool: PgPool, id: i64) {
    let read = "SELECT generation, rotated_at, revision FROM bare WHERE id = $1";
    let read = sqlx::query_as(read).bind(id);
    let row: (i64, i64, i64) = read.fetch_one(&pool).await.expect("the row is there");
    let write = "UPDATE bare SET generation = $2, rotated_at = $3, revision = $4 \
        WHERE id = $1 AND revision = $4 - 1";
    let write = sqlx::query(write).bind(id).bind(row.0 + 1).bind(1_i64);
    let written = write.bind(row.2 + 1).execute(&pool).await;
    assert_eq!(written.expect("the server answers").rows_affected(), 1);
}
