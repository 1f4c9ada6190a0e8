//! The lifetime of a key set: three quarters of what its issuer allows, within bounds.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use support::keys::{P256, key};
use support::{SECOND, ask, at_once, settle};
use tower_bearer::clock::Clock;

use crate::site::{JWKS, Site, jwk};

/// Asserts that the set is renewed so many seconds after it was fetched, and not before; and that
/// no request waits for that.
async fn assert_renewed_after(site: &Site, secs: u64) {
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    // The first renewal, and those after it.
    for _ in 0..2 {
        let before = site.fetches();
        site.clock.advance(Duration::from_secs(secs - 1));
        at_once(ask(&layer, &site.bearer(&key(P256))))
            .expect("no waiting")
            .assert_passed("alice");
        settle().await;
        assert_eq!(site.fetches(), before, "a second too early, of {secs}");
        site.clock.advance(SECOND);
        at_once(ask(&layer, &site.bearer(&key(P256))))
            .expect("no waiting")
            .assert_passed("alice");
        settle().await;
        assert_eq!(site.fetches(), before + 1, "late, after {secs}");
    }
}

#[tokio::test]
async fn a_set_is_renewed_at_three_quarters_of_what_its_issuer_allows() {
    for (said, secs) in [
        ("max-age=3600", 2700),
        ("public, max-age=600, must-revalidate", 450),
        ("MAX-AGE=3600", 2700),
        // One minute to one day.
        ("max-age=15", 45),
        ("max-age=0", 45),
        ("no-store", 45),
        ("no-cache, max-age=3600", 45),
        ("max-age=31536000", 64_800),
        ("max-age=18446744073709551615", 64_800),
        // A value that cannot be parsed.
        ("public", 450),
        ("max-age=an hour", 450),
    ] {
        let site = Site::new();
        site.publish_for(&[jwk(&key(P256))], said);
        assert_renewed_after(&site, secs).await;
    }
}

#[tokio::test]
async fn a_set_that_says_nothing_is_kept_for_ten_minutes() {
    assert_renewed_after(&Site::of(&[&key(P256)]), 450).await;
}

/// "`Cache-Control` and `Age` count."
#[tokio::test]
async fn what_a_cache_on_the_way_has_kept_already_is_taken_off() {
    for (age, secs) in [
        ("600", 2250),
        ("0", 2700),
        ("3600", 45),
        ("100000", 45),
        ("soon", 2700),
    ] {
        let site = Site::new();
        let document = Bytes::from(serde_json::json!({ "keys": [jwk(&key(P256))] }).to_string());
        let response = Response::builder()
            .header("cache-control", "max-age=3600")
            .header("age", age);
        site.answer(JWKS, response.body(document).unwrap());
        assert_renewed_after(&site, secs).await;
    }
}

#[tokio::test]
async fn a_clock_that_is_set_renews_nothing() {
    let site = Site::of(&[&key(P256)]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    for years in [1, 0] {
        site.clock
            .jump(site.clock.now() + Duration::from_secs(years * 365 * 24 * 3600));
        ask(&layer, &site.bearer(&key(P256)))
            .await
            .assert_passed("alice");
        settle().await;
    }
    assert_eq!(site.fetches(), 1);
    // Nor does it put a renewal off.
    site.clock
        .jump(tower_bearer::clock::Timestamp::from_secs(1_000_000));
    site.clock.advance(Duration::from_secs(450));
    ask(&layer, &site.bearer(&key(P256)))
        .await
        .assert_passed("alice");
    settle().await;
    assert_eq!(site.fetches(), 2);
}

/// The last set counts, with what was said of that one.
#[tokio::test]
async fn every_answer_says_anew_how_long_it_may_be_kept() {
    let site = Site::new();
    site.publish_for(&[jwk(&key(P256))], "max-age=86400");
    let keys = site.remote();
    keys.renew().await.unwrap();
    site.publish_for(&[jwk(&key(P256))], "max-age=60");
    keys.renew().await.unwrap();
    site.clock.advance(Duration::from_secs(45));
    assert!(keys.is_ready());
    settle().await;
    assert_eq!(site.fetches(), 3);
}
