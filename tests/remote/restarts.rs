//! The task in the background dies: with its runtime, or by a client that panics. The next request
//! starts another.

use std::time::Duration;

use support::keys::{P256, P384, key};
use support::{ask, settle};
use tokio::runtime::{Builder, Runtime};

use crate::site::Site;

/// Time is paused, and passes when every task waits.
fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
}

#[test]
fn keys_outlive_the_runtime_that_fetched_them() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    for fetches in [1, 1, 2] {
        runtime().block_on(async {
            ask(&site.layer(&keys), &site.bearer(&p256))
                .await
                .assert_passed("alice");
            settle().await;
            site.clock.advance(Duration::from_secs(230));
        });
        assert_eq!(site.fetches(), fetches);
    }
}

#[test]
fn a_first_fetch_that_died_with_its_runtime_is_made_again() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    let pause = site.pause();
    runtime().block_on(async {
        assert!(!keys.is_ready());
        pause.reached().await;
    });
    runtime().block_on(async {
        ask(&site.layer(&keys), &site.bearer(&p256))
            .await
            .assert_passed("alice");
    });
}

#[test]
fn a_later_fetch_that_died_with_its_runtime_is_made_again() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    let pause = runtime().block_on(async {
        keys.renew().await.unwrap();
        site.publish(&[&old, &new]);
        let pause = site.pause();
        let (layer, token) = (site.layer(&keys), site.bearer(&new));
        let _waiting = tokio::spawn(async move { ask(&layer, &token).await });
        pause.reached().await;
        pause
    });
    drop(pause);
    site.clock.advance(Duration::from_secs(61));
    runtime().block_on(async {
        let begun = tokio::time::Instant::now();
        let answer = ask(&site.layer(&keys), &site.bearer(&new)).await;
        assert_eq!(
            begun.elapsed(),
            Duration::ZERO,
            "somebody waited for a fetch that nobody makes: {answer:?}"
        );
        answer.assert_passed("alice");
    });
}

#[tokio::test(start_paused = true)]
async fn a_client_that_panics_once_is_asked_again() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    site.panic_once();
    assert!(!keys.is_ready());
    settle().await;
    assert!(!keys.is_ready());
    settle().await;
    assert!(keys.is_ready());
    ask(&site.layer(&keys), &site.bearer(&p256))
        .await
        .assert_passed("alice");
}

#[tokio::test(start_paused = true)]
async fn with_keys_at_hand_a_client_that_panics_once_is_asked_again() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    site.publish(&[&old, &new]);
    site.panic_once();
    // The client that made it panic learns nothing.
    ask(&layer, &site.bearer(&new))
        .await
        .assert_failed(503, "temporarily_unavailable");
    ask(&layer, &site.bearer(&old)).await.assert_passed("alice");
    site.clock.advance(Duration::from_secs(61));
    ask(&layer, &site.bearer(&new)).await.assert_passed("alice");
}
