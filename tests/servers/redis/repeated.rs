//! Logouts that are repeated in a cluster, where a row and its entry in the feed are on two nodes.

use std::time::Duration;

use support::{SECOND, logins, process};
use tower_bearer::clock::Timestamp;
use tower_bearer::names::{SessionId, Subject};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::store::redis_driver::cluster::ClusterClient;
use tower_bearer::store::redis_driver::cluster_async::ClusterConnection;
use tower_bearer::store::redis_driver::{self as redis};
use tower_bearer::store::{REVOCATION_RETENTION, RevocationReason, SessionStore};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Identity, RedisStore, Secret};

use super::{entries, feeds, now, open, prefix, session};
use crate::url;

/// Two processes, and a connection beside them.
struct Processes {
    here: RedisStore,
    there: RedisStore,
    prefix: String,
    beside: ClusterConnection,
}

impl Processes {
    async fn new() -> Self {
        let (url, prefix) = (url("TEST_REDIS_CLUSTER_URL"), prefix());
        let hosts = url.trim_start_matches("redis-cluster://").split(',');
        let seeds: Vec<String> = hosts.map(|host| format!("redis://{host}")).collect();
        let beside = ClusterClient::new(seeds).unwrap();
        Self {
            here: open(&url, &prefix).await,
            there: open(&url, &prefix).await,
            prefix,
            beside: beside.get_async_connection().await.unwrap(),
        }
    }

    /// Does what a failover of its nodes may do.
    async fn lose_the_feed(&mut self) {
        for feed in feeds(&self.prefix, &mut self.beside).await {
            let mut delete = redis::cmd("DEL");
            delete.arg(feed).exec_async(&mut self.beside).await.unwrap();
        }
    }
}

async fn assert_heard_of(store: &RedisStore, id: &SessionId) {
    let page = store.revoked_since(None).await.unwrap();
    assert!(page.contains(id), "the logout was not heard of");
}

#[tokio::test]
async fn a_logout_whose_entry_was_lost_is_complete_once_it_is_repeated() {
    let mut processes = Processes::new().await;
    let (session, user) = (session("user"), logins("user"));
    processes.here.insert(&session).await.unwrap();
    let record = RevocationReason::LoggedOut.at(now());
    assert!(processes.here.revoke(session.id(), record).await.unwrap());

    processes.lose_the_feed().await;
    assert!(!processes.there.revoke(session.id(), record).await.unwrap());
    assert_heard_of(&processes.here, session.id()).await;

    processes.lose_the_feed().await;
    let other = open(&url("TEST_REDIS_CLUSTER_URL"), &processes.prefix).await;
    let ended = other.revoke_all(&user, record).await.unwrap();
    assert_eq!(ended.count(), 0);
    assert_heard_of(&processes.here, session.id()).await;
}

/// The caller of the first one may have failed before it knew which sessions had ended.
#[tokio::test]
async fn a_logout_everywhere_is_complete_once_the_same_process_repeats_it() {
    let mut processes = Processes::new().await;
    let (session, user) = (session("user"), logins("user"));
    processes.here.insert(&session).await.unwrap();
    let record = RevocationReason::Everywhere.at(now());
    let ended = processes.here.revoke_all(&user, record).await.unwrap();
    assert_eq!(ended.count(), 1);

    processes.lose_the_feed().await;
    let ended = processes.here.revoke_all(&user, record).await.unwrap();
    assert_eq!(ended.count(), 0);
    assert_heard_of(&processes.there, session.id()).await;
}

#[tokio::test]
async fn a_user_who_ends_a_session_once_more_completes_it() {
    let mut processes = Processes::new().await;
    let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
    let here = process(&tokens, &secret, processes.here.clone());
    let there = process(&tokens, &secret, processes.there.clone());
    let session = here.start(Identity::new("alice")).await.unwrap();
    let (alice, id) = (Subject::from("alice"), *session.session_id());
    assert_eq!(here.revoke(&alice, &id).await.unwrap().count(), 1);
    processes.lose_the_feed().await;
    assert_eq!(there.revoke(&alice, &id).await.unwrap().count(), 0);
    let other = open(&url("TEST_REDIS_CLUSTER_URL"), &processes.prefix).await;
    assert_heard_of(&other, &id).await;
}

/// The session of a thief: a refresh token came twice, which ended it, and nobody logs out.
#[tokio::test]
async fn a_refresh_that_finds_its_session_ended_completes_it() {
    let mut processes = Processes::new().await;
    let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
    let here = process(&tokens, &secret, processes.here.clone());
    let session = here.start(Identity::new("alice")).await.unwrap();
    // The thief has used the access token until its end.
    let half_an_hour_ago = Timestamp::from_millis(now().as_millis() - 30 * 60 * 1000);
    let reused = RevocationReason::Reused.at(half_an_hour_ago);
    let ended = processes.here.revoke(session.session_id(), reused).await;
    assert!(ended.unwrap());
    processes.lose_the_feed().await;

    let there = process(&tokens, &secret, processes.there.clone());
    let refresh_token = session.refresh_token().unwrap().clone();
    let refused = there.refresh(refresh_token).await.unwrap_err();
    assert_eq!(refused.kind(), SessionErrorKind::SessionRevoked);
    let other = open(&url("TEST_REDIS_CLUSTER_URL"), &processes.prefix).await;
    assert_heard_of(&other, session.session_id()).await;
}

#[tokio::test]
async fn a_session_that_ended_long_ago_is_not_entered_again() {
    let mut processes = Processes::new().await;
    let session = session("user");
    processes.here.insert(&session).await.unwrap();
    let record = RevocationReason::LoggedOut.at(now());
    assert!(processes.here.revoke(session.id(), record).await.unwrap());
    processes.lose_the_feed().await;
    let later = |after| RevocationReason::LoggedOut.at(now() + after);
    let (there, user) = (&processes.there, logins("user"));
    let in_ten_minutes = later(Duration::from_secs(601));
    there.revoke_all(&user, in_ten_minutes).await.unwrap();
    let in_a_day = later(REVOCATION_RETENTION + SECOND);
    there.revoke(session.id(), in_a_day).await.unwrap();
    assert_eq!(entries(&processes.prefix, &mut processes.beside).await, 0);
}

#[tokio::test]
async fn a_client_that_logs_out_again_and_again_does_not_make_the_feed_grow() {
    let mut processes = Processes::new().await;
    let session = session("user");
    processes.here.insert(&session).await.unwrap();
    let record = RevocationReason::LoggedOut.at(now());
    let user = logins("user");
    for store in [&processes.here, &processes.there] {
        for _ in 0..50 {
            store.revoke(session.id(), record).await.unwrap();
            store.revoke_all(&user, record).await.unwrap();
        }
    }
    let entries = entries(&processes.prefix, &mut processes.beside).await;
    // One that took long is entered twice.
    assert!((1..=4).contains(&entries), "{entries}");
}
