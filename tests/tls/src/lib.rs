//! Stores over TLS, with a certificate authority of their own, as `docs/stores.md` says.

#![cfg(test)]

mod certificates;
mod postgres;
mod redis_cluster;
mod redis_store;

use std::time::Duration;

use tokio::time::timeout;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::{Announcements, RevocationReason, Session, SessionParts, SessionStore};

/// What the document says to install where other dependencies bring another provider.
const _: fn() -> rustls::crypto::CryptoProvider = rustls::crypto::aws_lc_rs::default_provider;

/// A login and a logout, which is announced. Returns the announcements, whose connection is open.
async fn works(store: &impl SessionStore) -> Box<dyn Announcements> {
    let now = SystemClock.now();
    let id = SessionId::from_bytes([1; 16]);
    let end = now + Duration::from_secs(3600);
    let session = Session::from_parts(SessionParts::new(id, "alice".into(), now, end));
    store.insert(&session).await.unwrap();
    let mut announcements = store.announcements().await.unwrap().unwrap();
    let record = RevocationReason::LoggedOut.at(now);
    assert!(store.revoke(&id, record).await.unwrap());
    timeout(Duration::from_secs(5), announcements.next())
        .await
        .expect("nothing was announced")
        .unwrap();
    assert!(store.revoked_since(None).await.unwrap().contains(&id));
    announcements
}

#[test]
fn the_features_are_those_of_the_document() {
    let document = include_str!("../../../docs/stores.md");
    let block = document.split("```toml\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let lines: Vec<&str> = block.lines().map(str::trim).collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert!(include_str!("../Cargo.toml").contains(line), "{line}");
    }
}
