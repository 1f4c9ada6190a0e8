//! The slot of a feed that is half moved, as a reshard leaves it that was interrupted.

use support::servers::RedisCluster;
use tower_bearer::RedisStore;
use tower_bearer::names::SessionId;
use tower_bearer::store::{Cursor, SessionStore};

use super::{revoked, session_of_feed};

/// The slot of the first feed, which is the one that moves.
const SLOT: u16 = 511;

/// Reads on, and returns whether everything was read anew.
async fn reads(store: &RedisStore, cursor: &mut Cursor, ids: &[SessionId]) -> bool {
    let page = store.revoked_since(Some(cursor.clone())).await.unwrap();
    for id in ids {
        assert!(page.contains(id), "a revocation was not read");
    }
    *cursor = page.cursor;
    page.complete
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revocations_are_read_while_the_slot_of_a_feed_is_half_moved() {
    let cluster = RedisCluster::start(&[]).await;
    let [(from, _), (to, _)] = [cluster.pair(0).await, cluster.pair(1).await];
    let (here, there) = (
        RedisStore::open(&cluster.url()).await.unwrap(),
        RedisStore::open(&cluster.url()).await.unwrap(),
    );
    let mut ids = vec![revoked(&here, session_of_feed(0)).await];
    let page = there.revoked_since(None).await.unwrap();
    assert!(page.contains(&ids[0]));
    let mut cursor = page.cursor;

    // The feed is where it was.
    cluster.begin_move(SLOT, from, to).await;
    ids.push(revoked(&here, session_of_feed(0)).await);
    assert!(!reads(&there, &mut cursor, &ids[1..]).await);
    assert!(!reads(&there, &mut cursor, &[]).await);

    // The feed has moved, and its slot has not.
    cluster.move_keys(SLOT, from, to).await;
    ids.push(revoked(&here, session_of_feed(0)).await);
    assert!(reads(&there, &mut cursor, &ids).await);
    ids.push(revoked(&here, session_of_feed(0)).await);
    assert!(!reads(&there, &mut cursor, &ids[3..]).await);
    let new = RedisStore::open(&cluster.url()).await.unwrap();
    let page = new.revoked_since(None).await.unwrap();
    assert!(ids.iter().all(|id| page.contains(id)));

    cluster.end_move(SLOT, from, to).await;
    ids.push(revoked(&here, session_of_feed(0)).await);
    let last = ids.len() - 1;
    reads(&there, &mut cursor, &ids[last..]).await;
}

/// A feed without entries is on neither node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_that_begins_while_its_slot_is_half_moved_is_read() {
    let cluster = RedisCluster::start(&[]).await;
    let [(from, _), (to, _)] = [cluster.pair(0).await, cluster.pair(1).await];
    cluster.begin_move(SLOT, from, to).await;
    let store = RedisStore::open(&cluster.url()).await.unwrap();
    let mut cursor = store.revoked_since(None).await.unwrap().cursor;
    let id = revoked(&store, session_of_feed(0)).await;
    assert!(!reads(&store, &mut cursor, &[id]).await);
    cluster.end_move(SLOT, from, to).await;
    let id = revoked(&store, session_of_feed(0)).await;
    reads(&store, &mut cursor, &[id]).await;
}
