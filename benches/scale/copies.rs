//! Copies of a session that the store has entered, of the same form and much faster than it.

use tower_bearer::RedisStore;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::store::redis_driver::{Pipeline, cluster_routing::Slot};
use tower_bearer::store::{Session, SessionStore};

use super::nodes::Nodes;
use super::rows;

/// Adds so many sessions, each with a row and an entry in any bucket of the index.
pub(super) async fn add(nodes: &mut Nodes, store: &RedisStore, count: u64) {
    let one = rows::session(0);
    store.insert(&one).await.unwrap();
    let row = nodes.row(&row_key(&one)).await;
    let stays = 91 * DAY * 1000;
    let score = SystemClock.now().as_secs() + 90 * DAY;
    let mut left = count - 1;
    while left > 0 {
        let mut commands = nodes.each(Pipeline::new);
        let now = left.min(AT_ONCE);
        for _ in 0..now {
            let id = rows::random_id();
            let [a, b, c, d, high, low, ..] = *rows::random_id().as_bytes();
            let member = [&[a, b, c, d], &id.as_bytes()[..]].concat();
            let bucket = format!("tb{{{:04x}}}", u16::from_be_bytes([high, low]) % 16_384);
            let add = commands[nodes.of(Slot::for_key(&bucket))].cmd("ZADD");
            add.arg(bucket).arg("NX").arg(score).arg(member).ignore();
            let key = [b"tb/".as_slice(), id.as_bytes()].concat();
            let set = commands[nodes.of(Slot::for_key(&key))].cmd("SET");
            set.arg(key)
                .arg(&row)
                .arg("NX")
                .arg("PX")
                .arg(stays)
                .ignore();
        }
        nodes.run(commands).await;
        left -= now;
    }
}

fn row_key(session: &Session) -> Vec<u8> {
    [b"tb/".as_slice(), session.id().as_bytes()].concat()
}

const DAY: u64 = 24 * 3600;
const AT_ONCE: u64 = 3000;
