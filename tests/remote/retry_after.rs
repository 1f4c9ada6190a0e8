//! An issuer that wants not to be asked for a while gets what it wants.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use support::keys::{P256, P384, key};
use support::{SECOND, ask, at_once, settle};
use tower_bearer::RemoteJwks;
use tower_bearer::clock::Timestamp;

use crate::site::{JWKS, Site};

fn busy(site: &Site, url: &str, status: u16, retry_after: &str) {
    let response = Response::builder()
        .status(status)
        .header("retry-after", retry_after);
    site.answer(url, response.body(Bytes::new()).unwrap());
}

/// Asserts that nothing reaches the issuer for so many seconds, and that it is asked after them.
async fn assert_left_alone(site: &Site, keys: &RemoteJwks, seconds: u64) {
    let layer = site.layer(keys);
    let before = site.fetches();
    for _ in 0..2 {
        ask(&layer, &site.bearer(&key(P384)))
            .await
            .assert_failed(503, "temporarily_unavailable");
        assert!(keys.renew().await.is_err());
        let _ = keys.is_ready();
        settle().await;
        assert_eq!(site.fetches(), before);
        site.clock.advance(Duration::from_secs(seconds - 1) / 2);
    }
    let rest = Duration::from_secs(seconds) - Duration::from_secs(seconds - 1) / 2 * 2;
    site.publish(&[&key(P384)]);
    site.clock.advance(rest);
    let _ = keys.is_ready();
    settle().await;
    assert_eq!(site.fetches(), before + 1, "after {seconds} s");
    at_once(ask(&layer, &site.bearer(&key(P384))))
        .expect("no waiting")
        .assert_passed("alice");
}

#[tokio::test]
async fn without_keys_it_is_not_asked_before() {
    for (status, header, seconds) in [
        (429, "60", 60),
        (503, "60", 60),
        (429, "7", 7),
        // At most an hour.
        (429, "86400", 3600),
        (503, "99999999999999999999", 3600),
        (429, "Sun, 06 Nov 1994 08:50:37 GMT", 60),
        (503, "Sun, 06 Nov 1994 23:00:00 GMT", 3600),
    ] {
        let site = Site::new();
        site.clock.jump(Timestamp::from_secs(784_111_777));
        busy(&site, JWKS, status, header);
        let keys = site.remote();
        let error = keys.renew().await.unwrap_err();
        assert!(
            format!("{error:?}").contains(&status.to_string()),
            "{error:?}"
        );
        assert_left_alone(&site, &keys, seconds).await;
    }
}

#[tokio::test]
async fn with_keys_at_hand_no_token_hurries_it_and_good_tokens_pass() {
    let old = key(P256);
    let site = Site::of(&[&old]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    busy(&site, JWKS, 429, "600");
    ask(&layer, &site.bearer(&key(P384)))
        .await
        .assert_failed(503, "temporarily_unavailable");
    for _ in 0..9 {
        site.clock.advance(Duration::from_secs(66));
        at_once(ask(&layer, &site.bearer(&old)))
            .expect("no waiting")
            .assert_passed("alice");
        settle().await;
        ask(&layer, &site.bearer(&key(P384)))
            .await
            .assert_failed(503, "temporarily_unavailable");
    }
    assert_eq!(site.fetches(), 2);
    site.publish(&[&key(P384)]);
    site.clock.advance(Duration::from_secs(6));
    at_once(ask(&layer, &site.bearer(&old)))
        .expect("no waiting")
        .assert_passed("alice");
    settle().await;
    assert_eq!(site.fetches(), 3);
    ask(&layer, &site.bearer(&key(P384)))
        .await
        .assert_passed("alice");
}

/// Another status, or a header that says nothing, means the usual pause.
#[tokio::test]
async fn what_says_nothing_changes_nothing() {
    for (status, header) in [
        (500, "60"),
        (404, "60"),
        (429, "soon"),
        (503, "-1"),
        (429, "0"),
    ] {
        let site = Site::new();
        busy(&site, JWKS, status, header);
        let keys = site.remote();
        assert!(keys.renew().await.is_err());
        site.publish(&[&key(P256)]);
        site.clock.advance(SECOND);
        let _ = keys.is_ready();
        settle().await;
        assert!(keys.is_ready(), "{status} {header}");
    }
}

#[tokio::test]
async fn metadata_counts_too_and_the_other_url_is_not_tried() {
    let openid = "https://id.test/.well-known/openid-configuration";
    let site = Site::new();
    busy(&site, openid, 429, "60");
    let keys = site.fetched_by(RemoteJwks::discover("https://id.test").unwrap());
    assert!(keys.renew().await.is_err());
    assert!(keys.renew().await.is_err());
    site.clock.advance(Duration::from_secs(59));
    assert!(keys.renew().await.is_err());
    assert_eq!(site.take_asked(), [openid]);
}

/// A caller that waits for the next fetch does not wait until its own deadline.
#[tokio::test]
async fn a_caller_that_waits_for_the_next_fetch_gets_the_refusal() {
    let site = Site::new();
    busy(&site, JWKS, 429, "60");
    let keys = site.remote();
    let pause = site.pause();
    assert!(!keys.is_ready());
    pause.reached().await;
    let renewal = tokio::spawn({
        let keys = keys.clone();
        async move { keys.renew().await }
    });
    settle().await;
    pause.go_on();
    assert!(renewal.await.unwrap().is_err());
    assert_eq!(site.fetches(), 1);
}
