//! The promises of `announcements`.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::support::{WORKS, inserted, logins, now, revoked_by};
use crate::store::contract::SessionStore;
use crate::store::feed::Announcements;
use crate::store::revocation_reason::RevocationReason;

async fn assert_announced(announcements: &mut Box<dyn Announcements>, what: &str) {
    let announced = timeout(PATIENCE, announcements.next()).await;
    announced
        .unwrap_or_else(|_| panic!("{what} was not announced"))
        .expect(WORKS);
}

/// A store with announcements announces every way in which a session ends.
///
/// A logout then reaches every process in milliseconds. Without announcements it takes a second.
pub async fn every_revocation_is_announced(store: Arc<dyn SessionStore>) {
    let sessions = [
        inserted(&store, "user").await,
        inserted(&store, "other").await,
        inserted(&store, "third").await,
    ];
    let Some(mut announcements) = store.announcements().await.expect(WORKS) else {
        return;
    };
    store
        .revoke(sessions[0].id(), RevocationReason::LoggedOut.at(now()))
        .await
        .expect(WORKS);
    assert_announced(&mut announcements, "revoke").await;
    revoked_by(&store, &logins("other")).await;
    assert_announced(&mut announcements, "revoke_all").await;
    store
        .assert_revoked(&[*sessions[2].id()], now())
        .await
        .expect(WORKS);
    assert_announced(&mut announcements, "assert_revoked").await;
}

/// A process that was woken finds the revocation in the feed: an announcement never comes before
/// its revocation.
pub async fn what_is_announced_is_in_the_feed(store: Arc<dyn SessionStore>) {
    let Some(mut announcements) = store.announcements().await.expect(WORKS) else {
        return;
    };
    for _ in 0..10 {
        let session = inserted(&store, "user").await;
        let revoking = tokio::spawn({
            let (store, id) = (Arc::clone(&store), *session.id());
            async move {
                store
                    .revoke(&id, RevocationReason::LoggedOut.at(now()))
                    .await
            }
        });
        assert_announced(&mut announcements, "revoke").await;
        let page = store.revoked_since(None).await.expect(WORKS);
        assert!(
            page.contains(session.id()),
            "an announcement came before its revocation"
        );
        revoking.await.expect(WORKS).expect(WORKS);
    }
}

/// Far more than an announcement takes.
const PATIENCE: Duration = Duration::from_secs(5);
