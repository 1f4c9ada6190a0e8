//! Credentials that change while the store is open.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::stream::{self, BoxStream, StreamExt};
use support::servers::{Database as _, RedisServer};
use tokio::sync::watch;
use tokio::time::timeout;
use tower_bearer::RedisStore;
use tower_bearer::store::redis_driver::{
    self as redis, BasicAuth, RedisResult, StreamingCredentialsProvider,
};
use tower_bearer::store::{RevocationReason, SessionStore};

use super::{Database, now, session};

async fn ask<T: redis::FromRedisValue>(database: &mut Database, command: &str) -> T {
    let mut words = command.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    words.for_each(|word| {
        command.arg(word);
    });
    command.query_async(&mut database.beside).await.unwrap()
}

#[tokio::test]
async fn a_password_that_rotates_is_used_by_every_new_connection() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    ask::<()>(&mut database, "ACL SETUSER app on >first ~* &* +@all").await;
    let password = Arc::new(Mutex::new("first"));
    let known = Arc::clone(&password);
    let store = RedisStore::open_with_credentials(&server.url(), move || {
        let password = *known.lock().unwrap();
        async move { Ok(BasicAuth::new("app".to_owned(), password.to_owned())) }
    })
    .await
    .unwrap();
    let mut announcements = store.announcements().await.unwrap().unwrap();

    for next in ["second", "third"] {
        *password.lock().unwrap() = next;
        let change = format!("ACL SETUSER app resetpass >{next}");
        ask::<()>(&mut database, &change).await;
        let killed: u64 = ask(&mut database, "CLIENT KILL USER app").await;
        assert_eq!(killed, 2, "one connection for everything, one that listens");
        let lost = timeout(PATIENCE, announcements.next()).await.unwrap();
        lost.unwrap_err();

        // The first call finds the connection gone.
        let _ = store.revoked_since(None).await;
        store.revoked_since(None).await.unwrap();
        announcements = store.announcements().await.unwrap().unwrap();
        let session = session("user");
        store.insert(&session).await.unwrap();
        let record = RevocationReason::LoggedOut.at(now());
        assert!(store.revoke(session.id(), record).await.unwrap());
        timeout(PATIENCE, announcements.next())
            .await
            .expect("nothing is announced after the password rotated")
            .unwrap();
    }
}

#[tokio::test]
async fn credentials_that_are_wrong_or_missing_refuse_to_open() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    ask::<()>(&mut database, "ACL SETUSER app on >right ~* &* +@all").await;
    let url = server.url();
    let wrong = RedisStore::open_with_credentials(&url, || async {
        Ok(BasicAuth::new("app".to_owned(), "wrong".to_owned()))
    });
    let refused = format!("{:?}", wrong.await.unwrap_err());
    assert!(!refused.contains("wrong"), "{refused}");
    let missing = RedisStore::open_with_credentials(&url, || async {
        Err(std::io::Error::other("the vault is sealed").into())
    });
    let refused = missing.await.unwrap_err().to_string();
    assert!(refused.contains("the vault is sealed"), "{refused}");
}

/// Tokens, the first of which is replaced while it is in use.
struct Tokens(watch::Receiver<&'static str>);

impl StreamingCredentialsProvider for Tokens {
    fn subscribe(&self) -> BoxStream<'static, RedisResult<BasicAuth>> {
        let next = |(mut tokens, first): (watch::Receiver<&'static str>, bool)| async move {
            if !first {
                tokens.changed().await.ok()?;
            }
            let user = *tokens.borrow_and_update();
            let basic = BasicAuth::new(user.to_owned(), "token".to_owned());
            Some((Ok(basic), (tokens, false)))
        };
        stream::unfold((self.0.clone(), true), next).boxed()
    }
}

#[tokio::test]
async fn a_provider_of_the_driver_logs_a_connection_in_again() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    for user in ["early", "late"] {
        let user = format!("ACL SETUSER {user} on >token ~* &* +@all");
        ask::<()>(&mut database, &user).await;
    }
    let (tokens, known) = watch::channel("early");
    let client = redis::Client::open(server.url()).unwrap();
    let store = RedisStore::from_client_with_credentials(client, Tokens(known))
        .await
        .unwrap();
    store.revoked_since(None).await.unwrap();
    tokens.send("late").unwrap();
    let limit = Instant::now() + PATIENCE;
    loop {
        let clients: String = ask(&mut database, "CLIENT LIST").await;
        if clients.contains("user=late") && !clients.contains("user=early") {
            break;
        }
        assert!(Instant::now() < limit, "{clients}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    store.revoked_since(None).await.unwrap();
}

/// Far more than any of this takes.
const PATIENCE: Duration = Duration::from_secs(5);
