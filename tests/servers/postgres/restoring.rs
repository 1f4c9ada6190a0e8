//! A restore as `docs/stores.md` says, with `pg_restore --single-transaction`.

use std::path::PathBuf;
use std::process::Command;

use tower_bearer::store::{RevocationReason, SessionStore};

use super::{Schema, connection, execute, now, server, session};

fn run(program: &str, arguments: &[&str]) {
    let folder = std::env::var("TEST_POSTGRES_BIN").expect("tests/run sets TEST_POSTGRES_BIN");
    let output = Command::new(PathBuf::from(folder).join(program))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn a_process_that_lives_through_a_restore_reads_the_whole_feed_again() {
    for schema in Schema::of_each_layout().await {
        let store = schema.store().await;
        let (ended, live) = (session(1, "alice"), session(2, "alice"));
        store.insert(&ended).await.unwrap();
        store.insert(&live).await.unwrap();
        let record = RevocationReason::LoggedOut.at(now());
        assert!(store.revoke(ended.id(), record).await.unwrap());
        let page = store.revoked_since(None).await.unwrap();

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("dump");
        let (file, url) = (file.to_str().unwrap(), server());
        let of_schema = ["--format=custom", "--schema", schema.name()];
        run(
            "pg_dump",
            &[&of_schema[..], &["--file", file, &url]].concat(),
        );
        let gone = format!("DROP SCHEMA {} CASCADE", schema.name());
        execute(&mut connection().await, gone).await;
        run(
            "pg_restore",
            &["--single-transaction", "--dbname", &url, file],
        );

        let again = store.revoked_since(Some(page.cursor)).await.unwrap();
        assert!(again.complete, "the process compares nothing");
        assert_eq!(again.ids(), [*ended.id()]);
        let found = store.find(live.id()).await.unwrap().unwrap();
        assert!(found.revoked().is_none());
        // The trigger is there too.
        let record = RevocationReason::LoggedOut.at(now());
        assert!(store.revoke(live.id(), record).await.unwrap());
        assert_eq!(store.revoked_since(None).await.unwrap().ids().len(), 2);
    }
}
