//! Rows that any program may have written to Redis.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_bearer::MemoryStore;
use tower_bearer::names::SessionId;
use tower_bearer::store::SessionStore;
use tower_bearer::store::redis_rows::{read_row, write_row};
use tower_bearer_fuzz::block_on;

fuzz_target!(|bytes: &[u8]| {
    let id = SessionId::from_bytes([7; 16]);
    let session = match read_row(id, bytes) {
        Ok(session) => session,
        Err(error) => {
            assert!(error.to_string().len() <= 256, "{error}");
            return;
        }
    };
    assert_eq!(session.id(), &id);
    // What was read is written, and read back as it was. One way of writing is the same each time.
    match write_row(&session) {
        Ok(written) => {
            assert_eq!(read_row(id, &written).expect("a row of ours"), session);
            assert!(written.len() <= bytes.len() + 16, "{} bytes", written.len());
        }
        Err(_) => assert!(bytes.len() > 16 * 1024, "{session:?}"),
    }
    // Hashes and data are not shown.
    assert!(format!("{session:?}").len() <= 1024 + 6 * bytes.len());
    // Other stores keep the same.
    let store = MemoryStore::new();
    block_on(store.insert(&session)).expect("memory");
    assert_eq!(block_on(store.find(&id)).expect("memory"), Some(session));
});
