//! Guesses at two servers behind proxies count as one.

use serde_json::Value;
use support::Received;
use support::app_server::AppServer;
use support::servers::{Database, PostgresServer, RedisServer};

use crate::proxy::{self, PROXY, Proxy};
use crate::site;

const RIGHT: &str = "username=alice&password=wonderland-7";
const WRONG: &str = "username=alice&password=guessed";

#[tokio::test]
async fn guesses_at_two_servers_behind_proxies_count_as_one_over_postgres() {
    count_as_one(&PostgresServer::start().await).await;
}

#[tokio::test]
async fn guesses_at_two_servers_behind_proxies_count_as_one_over_redis() {
    count_as_one(&RedisServer::start(&[]).await).await;
}

async fn count_as_one(database: &impl Database) {
    let (folder, url) = (tempfile::tempdir().unwrap(), database.url());
    let start = || site::start(folder.path(), &url, &[("TRUSTED_PROXIES", PROXY)]);
    let servers: [AppServer; 2] = tokio::join!(start(), start()).into();
    let proxies = [
        Proxy::before(&servers[0]).await,
        Proxy::before(&servers[1]).await,
    ];

    let known = proxies[0].log_in("127.1.0.1", &[], RIGHT).await;
    assert_eq!(known.status, 200, "{known:?}");
    let mark: Value = known.value()["device_mark"].clone();

    // One network has five at once at a name.
    let network = async |n: usize| proxies[n % 2].log_in("127.2.0.1", &[], WRONG).await;
    assert_eq!(judged(10, network).await, 5);
    // All strangers together have thirty: each of these has another network.
    let other = async |n: usize| {
        let from = format!("127.3.{n}.1");
        proxies[n % 2].log_in(&from, &[], WRONG).await
    };
    assert_eq!(judged(60, other).await, 25);

    for proxy in &proxies {
        let stranger = proxy.log_in("127.4.0.1", &[], RIGHT).await;
        assert_refused(&stranger);
        // The owner's device is known, wherever it is and whichever server it asks.
        let marked = format!("{RIGHT}&device_mark={}", mark.as_str().unwrap());
        let owner = proxy.log_in("127.5.0.1", &[], &marked).await;
        assert_eq!(owner.status, 200, "{owner:?}");
    }

    // A client that writes the header itself is counted at the address of its connection: without a
    // proxy and behind one.
    let direct = servers.each_ref().map(|one| one.addr().parse().unwrap());
    let forged = |n: usize| format!("x-forwarded-for: 198.51.{n}.7");
    let without = async |n: usize| {
        let form = "username=bob&password=guessed";
        proxy::log_in(direct[n % 2], "127.0.0.1", &[&forged(n)], form).await
    };
    assert_eq!(judged(10, without).await, 5);
    let behind = async |n: usize| {
        let form = "username=stranger&password=guessed";
        let proxy = &proxies[n % 2];
        proxy.log_in("127.6.0.1", &[&forged(n)], form).await
    };
    assert_eq!(judged(10, behind).await, 5);
}

/// Returns how many of so many guesses were looked at.
async fn judged(guesses: usize, guess: impl AsyncFn(usize) -> Received) -> usize {
    let mut judged = 0;
    for n in 0..guesses {
        let answer = guess(n).await;
        if answer.status == 400 {
            assert_eq!(answer.value()["reason"], "credentials_invalid");
            judged += 1;
        } else {
            assert_refused(&answer);
        }
    }
    judged
}

fn assert_refused(answer: &Received) {
    assert_eq!(answer.status, 429, "{answer:?}");
    assert_eq!(answer.value()["reason"], "too_many_attempts");
    assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
}
