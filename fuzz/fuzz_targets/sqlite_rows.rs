//! Rows that any program may have written into the tables of SQLite.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sqlx::sqlite::SqlitePool;
use tower_bearer::SqliteStore;
use tower_bearer::clock::Timestamp;
use tower_bearer::names::SessionId;
use tower_bearer::store::{Session, SessionParts, SessionSelection, SessionStore, sqlx};
use tower_bearer_fuzz::with_sqlite;

// A value for each column, in their order: a byte says of which type, and how long it is.
fuzz_target!(|input: &[u8]| {
    with_sqlite(async |pool, store| check(input, pool, store).await);
});

async fn check(input: &[u8], pool: &SqlitePool, store: &SqliteStore) {
    for statement in [
        "DELETE FROM tower_bearer_sessions",
        "DELETE FROM tower_bearer_revocations",
    ] {
        sqlx::query(statement).execute(pool).await.expect("a table");
    }
    let mut insert = sqlx::query(INSERT).bind(&[7; 16][..]);
    let mut rest = input;
    let values: Vec<Value> = (1..COLUMNS).map(|_| value(&mut rest)).collect();
    for value in &values {
        insert = match value {
            Value::Null => insert.bind(None::<i64>),
            Value::Whole(number) => insert.bind(*number),
            Value::Float(number) => insert.bind(*number),
            Value::Text(text) => insert.bind(text),
            Value::Bytes(bytes) => insert.bind(bytes),
        };
    }
    // A column that must not be NULL.
    if insert.execute(pool).await.is_err() {
        return;
    }
    let id = SessionId::from_bytes([7; 16]);
    match store.find(&id).await {
        Ok(row) => {
            let session = row.expect("it is there");
            check_columns(&values, session.parts());
            check_copy(&session, store).await;
        }
        Err(error) => assert!(error.to_string().len() <= 4096, "{error}"),
    }
    // A row that is not understood is one error, and a revocation reaches it all the same.
    let _ = store.revoked_since(None).await;
}

/// Each field was read from its own column.
fn check_columns(values: &[Value], parts: &SessionParts) {
    let hash = |hash: Option<[u8; 16]>| hash.map(|hash| hash.to_vec());
    for (column, read) in [
        (STAMP, hash(parts.stamp)),
        (DATA, parts.data.as_deref().map(<[u8]>::to_vec)),
        (MORE, Some(parts.more.as_bytes().to_vec())),
        (RETRY_KEY, hash(parts.retry_key)),
    ] {
        if let Value::Bytes(bytes) = &values[column - 1] {
            assert_eq!(read.as_ref(), Some(bytes), "column {column}");
        }
    }
    for (column, read) in [
        (CREATED_AT, parts.created_at.as_millis()),
        (EXPIRES_AT, parts.expires_at.as_millis()),
        (GENERATION, parts.generation.into()),
        (RECOVERIES, parts.recoveries.into()),
        (REVISION, parts.revision),
    ] {
        if let Value::Whole(number) = values[column - 1] {
            assert_eq!(u64::try_from(number), Ok(read), "column {column}");
        }
    }
}

/// What was read is written and read back as it was.
async fn check_copy(session: &Session, store: &SqliteStore) {
    let mut parts = session.clone().into_parts();
    parts.id = SessionId::from_bytes([8; 16]);
    let copy = Session::from_parts(parts);
    store.insert(&copy).await.expect("a row of ours");
    assert_eq!(
        store.find(copy.id()).await.expect("a row of ours").as_ref(),
        Some(&copy)
    );
    let owners = [session.parts().owner];
    let of_subject = SessionSelection::new(session.subject().clone(), owners);
    let listed = store
        .list(&of_subject, Timestamp::from_millis(0))
        .await
        .expect("rows of ours");
    assert!(listed.len() <= 2);
}

enum Value {
    Null,
    Whole(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
}

fn value(rest: &mut &[u8]) -> Value {
    let kind = take(rest, 1).first().copied().unwrap_or(0);
    let length = usize::from(kind >> 3);
    match kind & 7 {
        0 => Value::Null,
        1 => Value::Whole(length as i64),
        2 | 3 => Value::Whole(i64::from_le_bytes(eight(rest))),
        4 => Value::Float(f64::from_le_bytes(eight(rest))),
        5 => Value::Text(String::from_utf8_lossy(take(rest, length)).into_owned()),
        _ => Value::Bytes(take(rest, length).to_vec()),
    }
}

fn eight(rest: &mut &[u8]) -> [u8; 8] {
    let mut bytes = [0; 8];
    for (byte, taken) in bytes.iter_mut().zip(take(rest, 8)) {
        *byte = *taken;
    }
    bytes
}

fn take<'i>(rest: &mut &'i [u8], length: usize) -> &'i [u8] {
    let (taken, after) = rest.split_at(length.min(rest.len()));
    *rest = after;
    taken
}

const COLUMNS: usize = 23;
// The places of some of them.
const CREATED_AT: usize = 3;
const EXPIRES_AT: usize = 4;
const STAMP: usize = 7;
const DATA: usize = 12;
const MORE: usize = 13;
const GENERATION: usize = 14;
const RECOVERIES: usize = 17;
const RETRY_KEY: usize = 19;
const REVISION: usize = 20;
const INSERT: &str = "INSERT INTO tower_bearer_sessions (id, subject, kind, created_at, \
    expires_at, owner, device, stamp, receipts, idle_timeout, until_browser_closes, \
    authenticated_at, data, more, generation, rotated_at, confirmed, recoveries, recovered, \
    retry_key, revision, revoked_because, revoked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
    ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)";
