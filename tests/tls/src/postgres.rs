//! `PostgresStore` over TLS.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use support::servers::{Database as _, PostgresServer};
use tower_bearer::PostgresStore;

use crate::certificates::Certificates;
use crate::works;

/// A server with the certificate of this authority.
async fn server(certificates: &Certificates) -> (PostgresServer, PgConnection) {
    let server = PostgresServer::start().await;
    let mut admin = PgConnection::connect(&server.url()).await.unwrap();
    let data: String = sqlx::query_scalar("SHOW data_directory")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let owner = fs::metadata(data).unwrap();
    let key = certificates.path("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    chown(key, Some(owner.uid()), Some(owner.gid())).unwrap();
    for statement in [
        format!(
            "ALTER SYSTEM SET ssl_cert_file = '{}'",
            certificates.text("server.pem")
        ),
        format!(
            "ALTER SYSTEM SET ssl_key_file = '{}'",
            certificates.text("server.key")
        ),
        "ALTER SYSTEM SET ssl = on".to_owned(),
        "SELECT pg_reload_conf()".to_owned(),
    ] {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut admin)
            .await
            .unwrap();
    }
    // Until the server has read them again.
    while PgConnection::connect(&format!("{}?sslmode=require", server.url()))
        .await
        .is_err()
    {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    (server, admin)
}

fn verified(server: &PostgresServer, certificates: &Certificates) -> String {
    let root = certificates.text("ca.pem");
    format!(
        "{}?sslmode=verify-full&sslrootcert={root}&application_name=store",
        server.url()
    )
}

#[tokio::test]
async fn every_connection_to_postgres_is_encrypted() {
    let certificates = Certificates::new();
    let (server, mut admin) = server(&certificates).await;
    let store = PostgresStore::open(&verified(&server, &certificates))
        .await
        .unwrap();
    let _announcements = works(&store).await;
    let encrypted: Vec<bool> = sqlx::query_scalar(
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
         WHERE application_name = 'store'",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert!(
        encrypted.len() >= 2,
        "the pool and the pulls: {encrypted:?}"
    );
    assert!(
        encrypted.iter().all(|encrypted| *encrypted),
        "{encrypted:?}"
    );
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let (theirs, others) = (Certificates::new(), Certificates::new());
    let (server, _admin) = server(&theirs).await;
    let refused = PostgresStore::open(&verified(&server, &others)).await;
    let cause = refused.unwrap_err().to_string();
    assert!(cause.contains("certificate"), "{cause}");
}
