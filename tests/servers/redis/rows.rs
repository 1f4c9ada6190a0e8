//! Rows: how long they stay, and what happens to scripts and to values that are not rows.

use std::time::Duration;

use support::servers::{Database as _, RedisServer};
use support::{MINUTE, logins};
use tower_bearer::clock::Timestamp;
use tower_bearer::names::SessionId;
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::{REVOCATION_RETENTION, RevocationReason, Session, SessionStore};

use super::{DAY, Database, LIFETIME, now, refreshed, session};

async fn ttl(database: &mut Database, key: &[u8]) -> Duration {
    let left: i64 = redis::cmd("PTTL")
        .arg(key)
        .query_async(&mut database.beside)
        .await
        .unwrap();
    Duration::from_millis(left.try_into().expect("the row does not expire by itself"))
}

fn is_about(left: Duration, expected: Duration) -> bool {
    left <= expected && expected - left < MINUTE
}

#[tokio::test]
async fn a_row_expires_by_itself_a_day_after_its_end() {
    let mut database = Database::shared().await;
    let session = session("user");
    database.store.insert(&session).await.unwrap();
    let row = database.only_row().await;
    let left = ttl(&mut database, &row).await;
    assert!(is_about(left, LIFETIME + DAY), "the row stays for {left:?}");

    let _: bool = redis::cmd("PEXPIRE")
        .arg(&row)
        .arg(5_000_000)
        .query_async(&mut database.beside)
        .await
        .unwrap();
    assert!(database.store.replace(&refreshed(&session)).await.unwrap());
    database.store.confirm(session.id(), 1).await.unwrap();
    let left = ttl(&mut database, &row).await;
    assert!(
        is_about(left, Duration::from_secs(5000)),
        "a refresh moved the end of the row: it stays for {left:?}"
    );
}

#[tokio::test]
async fn a_revoked_row_expires_by_itself_after_the_retention() {
    let mut database = Database::shared().await;
    let session = session("user");
    database.store.insert(&session).await.unwrap();
    let row = database.only_row().await;
    assert!(
        database
            .store
            .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
            .await
            .unwrap()
    );
    let left = ttl(&mut database, &row).await;
    assert!(
        is_about(left, REVOCATION_RETENTION),
        "the row stays for {left:?}"
    );
}

/// The clock of the application decides how long a session lives, and that of Redis only counts.
#[tokio::test]
async fn a_row_stays_as_long_when_the_clocks_disagree() {
    let mut database = Database::shared().await;
    let mut parts = session("user").into_parts();
    parts.created_at = now() + 100 * DAY;
    parts.expires_at = parts.created_at + LIFETIME;
    database
        .store
        .insert(&tower_bearer::store::Session::from_parts(parts))
        .await
        .unwrap();
    let row = database.only_row().await;
    let left = ttl(&mut database, &row).await;
    assert!(is_about(left, LIFETIME + DAY), "the row stays for {left:?}");
}

#[tokio::test]
async fn the_row_count_does_not_grow_with_refreshes() {
    let mut database = Database::shared().await;
    let mut current = session("user");
    database.store.insert(&current).await.unwrap();
    let before = database.keys().await.len();
    for _ in 0..20 {
        current = refreshed(&current);
        assert!(database.store.replace(&current).await.unwrap());
    }
    assert_eq!(database.keys().await.len(), before);
}

/// A restart forgets all scripts. So does an administrator's `SCRIPT FLUSH`, between any two calls.
#[tokio::test]
async fn forgotten_scripts_do_no_harm() {
    // A server of its own, so that this test takes no script from another one.
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let forget = async |database: &mut Database| {
        redis::cmd("SCRIPT")
            .arg("FLUSH")
            .exec_async(&mut database.beside)
            .await
            .unwrap();
    };
    let sessions: Vec<_> = (0..40).map(|_| session("user")).collect();
    for session in &sessions {
        forget(&mut database).await;
        database.store.insert(session).await.unwrap();
    }
    forget(&mut database).await;
    assert!(
        database
            .store
            .replace(&refreshed(&sessions[0]))
            .await
            .unwrap()
    );
    forget(&mut database).await;
    assert!(
        database
            .store
            .revoke(sessions[1].id(), RevocationReason::LoggedOut.at(now()))
            .await
            .unwrap()
    );
    forget(&mut database).await;
    assert_eq!(
        database
            .store
            .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
            .await
            .unwrap()
            .count(),
        39
    );
    forget(&mut database).await;
    assert_eq!(
        database
            .store
            .delete_expired(now() + 200 * DAY)
            .await
            .unwrap()
            .count(),
        40
    );
}

/// A refresh is a read, and one script that the server already has.
#[tokio::test]
async fn a_replace_is_one_call_of_a_script() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let mut current = session("user");
    database.store.insert(&current).await.unwrap();
    for _ in 0..2 {
        redis::cmd("CONFIG")
            .arg("RESETSTAT")
            .exec_async(&mut database.beside)
            .await
            .unwrap();
        current = refreshed(&current);
        assert!(database.store.replace(&current).await.unwrap());
    }
    let stats: redis::InfoDict = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut database.beside)
        .await
        .unwrap();
    let mut called: Vec<(String, String)> = Vec::new();
    for command in [
        "evalsha",
        "get",
        "set",
        "eval",
        "script|load",
        "pexpire",
        "time",
    ] {
        if let Some(stat) = stats.get::<String>(&format!("cmdstat_{command}")) {
            called.push((
                command.to_owned(),
                stat.split(',').next().unwrap().to_owned(),
            ));
        }
    }
    assert_eq!(
        called,
        ["evalsha", "get", "set"].map(|command| (command.to_owned(), "calls=1".to_owned()))
    );
}

/// Another program's value under our key, or the row of a later version: 503, never a panic, and
/// never a row that is overwritten.
#[tokio::test]
async fn what_is_no_row_is_an_error() {
    let mut database = Database::shared().await;
    let session = session("user");
    database.store.insert(&session).await.unwrap();
    let row = database.only_row().await;
    for garbage in [
        &b""[..],
        b"\x02later",
        b"garbage that is long enough for a row, were it one of ours",
        &[0xff; 60],
    ] {
        redis::cmd("SET")
            .arg(&row)
            .arg(garbage)
            .exec_async(&mut database.beside)
            .await
            .unwrap();
        let store = &database.store;
        store.find(session.id()).await.unwrap_err();
        store.replace(&refreshed(&session)).await.unwrap_err();
        store.confirm(session.id(), 0).await.unwrap_err();
        store
            .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
            .await
            .unwrap_err();
        store
            .revoke_all(&logins("user"), RevocationReason::Everywhere.at(now()))
            .await
            .unwrap_err();
        store.list(&logins("user"), now()).await.unwrap_err();
        let left: Vec<u8> = redis::cmd("GET")
            .arg(&row)
            .query_async(&mut database.beside)
            .await
            .unwrap();
        assert_eq!(left, garbage);
    }
    redis::cmd("DEL")
        .arg(&row)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    redis::cmd("RPUSH")
        .arg(&row)
        .arg("a list")
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    database.store.find(session.id()).await.unwrap_err();
    database
        .store
        .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap_err();
}

/// The index by subject is a hint: the row decides.
#[tokio::test]
async fn an_index_that_is_wrong_deletes_no_session() {
    let mut database = Database::shared().await;
    let session = session("user");
    database.store.insert(&session).await.unwrap();
    let length = database.prefix.len() + "{0000}".len();
    let index = database
        .keys()
        .await
        .into_iter()
        .find(|key| key.len() == length)
        .unwrap();
    let members: Vec<Vec<u8>> = redis::cmd("ZRANGE")
        .arg(&index)
        .arg(0)
        .arg(-1)
        .query_async(&mut database.beside)
        .await
        .unwrap();
    redis::cmd("ZADD")
        .arg(&index)
        .arg(1)
        .arg(&members[0])
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    redis::cmd("ZADD")
        .arg(&index)
        .arg(1)
        .arg("no member of ours")
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    assert_eq!(
        database.store.delete_expired(now()).await.unwrap().count(),
        0
    );
    assert_eq!(
        database.store.find(session.id()).await.unwrap(),
        Some(session)
    );
}

/// The row goes, and the entry in the index by subject. The id stays in the feed, and the copies of
/// the secret of the index.
#[tokio::test]
async fn an_erased_session_leaves_its_id_in_the_feed_and_nothing_else() {
    let mut database = Database::shared().await;
    let session = session("user");
    database.store.insert(&session).await.unwrap();
    let record = RevocationReason::UserGone.at(now());
    let revoked = database.store.revoke_all(&logins("user"), record).await;
    assert_eq!(revoked.unwrap().count(), 1);
    let kinds = |keys: &[Vec<u8>]| keys.iter().filter(|key| key.ends_with(b"feed")).count();
    let before = database.keys().await;
    assert_eq!(
        (before.len(), kinds(&before)),
        (19, 1),
        "row, index, 16 copies of its secret, feed"
    );

    let erased = database.store.erase(&logins("user")).await.unwrap();
    assert_eq!(erased.count(), 1);
    let left = database.keys().await;
    assert_eq!((left.len(), kinds(&left)), (17, 1), "{left:?}");
}

/// Until then `erase` finds it, whatever the clock of the process that revoked it said.
#[tokio::test]
async fn a_revoked_session_stays_in_the_index_for_as_long_as_its_row() {
    for at in [now(), Timestamp::from_secs(1)] {
        let mut database = Database::shared().await;
        let session = session("user");
        database.store.insert(&session).await.unwrap();
        let record = RevocationReason::LoggedOut.at(at);
        assert!(database.store.revoke(session.id(), record).await.unwrap());
        let length = database.prefix.len() + "{0000}".len();
        let mut keys = database.keys().await;
        keys.retain(|key| key.len() == length);
        let members: Vec<(Vec<u8>, u64)> = redis::cmd("ZRANGE")
            .arg(&keys[0])
            .arg(0)
            .arg(-1)
            .arg("WITHSCORES")
            .query_async(&mut database.beside)
            .await
            .unwrap();
        // A clean-up drops it a day after its score.
        let leaves = Timestamp::from_secs(members[0].1) + DAY;
        let goes = now() + REVOCATION_RETENTION;
        assert!(
            leaves + MINUTE > goes && leaves < goes + MINUTE,
            "{leaves:?}"
        );
    }
}

/// A revocation that cannot be entered into the feed is not done, and must not look done.
#[tokio::test]
async fn a_revocation_that_cannot_enter_the_feed_does_not_happen() {
    let mut database = Database::shared().await;
    let store = database.store.clone();
    // Two sessions that are entered into one feed.
    let [first, second] = [1, 2].map(|last| {
        let mut parts = session("user").into_parts();
        parts.id = SessionId::from_bytes([&[0xf0; 15][..], &[last]].concat().try_into().unwrap());
        Session::from_parts(parts)
    });
    for session in [&first, &second] {
        store.insert(session).await.unwrap();
    }
    let record = RevocationReason::LoggedOut.at(now());
    assert!(store.revoke(first.id(), record).await.unwrap());
    let keys = database.keys().await;
    let feed = keys.iter().find(|key| key.ends_with(b"feed"));
    redis::cmd("SET")
        .arg(feed)
        .arg("no stream")
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    store.revoke(second.id(), record).await.unwrap_err();
    assert_eq!(store.find(second.id()).await.unwrap(), Some(second));
}

/// A failover may bring the row back as it was before, and leave the entry in the feed, because
/// they are on two nodes. Processes forget the entry after a day.
#[tokio::test]
async fn a_clean_up_ends_a_session_that_is_in_the_feed_and_lives() {
    let mut database = Database::shared().await;
    let store = database.store.clone();
    let session = session("user");
    store.insert(&session).await.unwrap();
    let row = database.only_row().await;
    let mut before = redis::cmd("GET");
    let before: Vec<u8> = before
        .arg(&row)
        .query_async(&mut database.beside)
        .await
        .unwrap();
    let record = RevocationReason::LoggedOut.at(now());
    assert!(store.revoke(session.id(), record).await.unwrap());
    redis::cmd("SET")
        .arg(&row)
        .arg(before)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    assert_eq!(
        store.find(session.id()).await.unwrap(),
        Some(session.clone())
    );

    let entered = store.revoked_since(None).await.unwrap().ids();
    store.delete_expired(now()).await.unwrap();
    let found = store.find(session.id()).await.unwrap().unwrap();
    let reason = found.revoked().map(|record| record.reason);
    assert_eq!(reason, Some(RevocationReason::Other));
    let page = store.revoked_since(None).await.unwrap();
    assert_eq!(page.ids(), entered, "it was entered once more");
}
