//! Redis: 32 clients, over one read and one conditional write.

use std::sync::Arc;

use redis::aio::ConnectionLike;
use redis::{AsyncCommands, Client, Script};
use tokio::runtime::Handle;
use tower_bearer::RedisStore;

use super::clients::compare;
use crate::table::Goal::AtLeast;
use crate::table::Table;

pub fn rows(table: &Table) {
    let name = "redis_32_clients_rate";
    if !table.wants(name) {
        return;
    }
    match std::env::var("BENCH_REDIS_URL") {
        Ok(url) => table.row(name, AtLeast(0.65), || {
            Handle::current().block_on(rate(&url, table.rounds(15, 5)))
        }),
        Err(_) => table.skip(name, "BENCH_REDIS_URL names no server"),
    }
}

async fn rate(url: &str, rounds: usize) -> f64 {
    let client = Client::open(url).expect("a URL");
    let connection = client.get_connection_manager().await;
    let connection = connection.expect("the server answers");
    for client in 0..CLIENTS {
        let mut connection = connection.clone();
        let set = connection.set::<_, _, ()>(key(client), [0_u8; 64].as_slice());
        set.await.expect("the server answers");
    }
    let script = Arc::new(Script::new(WRITES_IF_UNCHANGED));
    let bare = move |client| read_and_write(connection.clone(), Arc::clone(&script), client);
    let store = RedisStore::open(url).await.expect("a store");
    compare(rounds, CLIENTS, store, bare).await.rate
}

pub(super) async fn read_and_write(
    mut connection: impl ConnectionLike + Send + Sync,
    script: Arc<Script>,
    client: usize,
) {
    let row: Vec<u8> = connection.get(key(client)).await.expect("the row is there");
    let mut next = row.clone();
    next[0] = next[0].wrapping_add(1);
    let mut call = script.key(key(client));
    let call = call.arg(row).arg(next);
    let written: i64 = call.invoke_async(&mut connection).await.expect("an answer");
    assert_eq!(written, 1);
}

pub(super) fn key(client: usize) -> String {
    format!("bare_{client:04}")
}

const CLIENTS: usize = 32;
/// Writes if the row is still the one that was read.
pub(super) const WRITES_IF_UNCHANGED: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then \
     return 0 end redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL') return 1";
