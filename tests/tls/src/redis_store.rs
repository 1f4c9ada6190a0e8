//! `RedisStore` over TLS.

use std::fs;

use redis::{Client, TlsCertificates};
use support::servers::{Database as _, RedisServer, connect_to_redis, process};
use tower_bearer::RedisStore;

use crate::certificates::Certificates;
use crate::works;

/// A server with the certificate of this authority, and its URL.
async fn server(certificates: &Certificates) -> (RedisServer, String) {
    let port = process::free_port().to_string();
    let settings = with_tls(certificates, &port);
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let server = RedisServer::start(&settings).await;
    (server, format!("rediss://127.0.0.1:{port}"))
}

/// The settings of a server that has this port for TLS.
pub(crate) fn with_tls(certificates: &Certificates, port: &str) -> [String; 10] {
    let settings = [
        "--tls-port",
        port,
        "--tls-cert-file",
        &certificates.text("server.pem"),
        "--tls-key-file",
        &certificates.text("server.key"),
        "--tls-ca-cert-file",
        &certificates.text("ca.pem"),
        "--tls-auth-clients",
        "no",
    ];
    settings.map(str::to_owned)
}

fn client(url: &str, certificates: &Certificates) -> Client {
    let trusted = TlsCertificates {
        client_tls: None,
        root_cert: Some(fs::read(certificates.path("ca.pem")).unwrap()),
    };
    Client::build_with_tls(url, trusted).unwrap()
}

#[tokio::test]
async fn every_connection_to_redis_is_encrypted() {
    let certificates = Certificates::new();
    let (server, url) = server(&certificates).await;
    let store = RedisStore::from_client(client(&url, &certificates))
        .await
        .unwrap();
    let _announcements = works(&store).await;
    let mut beside = connect_to_redis(&server.url()).await.unwrap();
    let clients: String = redis::cmd("CLIENT")
        .arg("LIST")
        .query_async(&mut beside)
        .await
        .unwrap();
    let port = url.rsplit(':').next().unwrap();
    let encrypted = clients
        .lines()
        .filter(|client| client.contains(&format!("laddr=127.0.0.1:{port}")))
        .count();
    assert!(encrypted >= 1, "{clients}");
    assert_eq!(encrypted + 1, clients.lines().count(), "{clients}");
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let (theirs, others) = (Certificates::new(), Certificates::new());
    let (_server, url) = server(&theirs).await;
    let refused = RedisStore::from_client(client(&url, &others)).await;
    let cause = refused.unwrap_err().to_string();
    assert!(cause.contains("certificate"), "{cause}");
}
