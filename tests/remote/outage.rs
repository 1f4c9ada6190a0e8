//! An issuer that is down: what is known goes on, what is not known is 503, and it is asked again.

use std::time::Duration;

use serde_json::Value;
use support::keys::{ED25519, P256, P384, key};
use support::{HMAC_KEY, Log, MINUTE, SECOND, ask, at_once, send, settle, sign, without_token};
use tower_bearer::KeySet;
use tower_bearer::clock::Clock;
use tower_bearer::keys::Algorithm;
use tower_bearer::token::{LegacyTokens, LegacyUser};

use crate::site::Site;

/// More than three quarters of ten minutes.
const DUE: Duration = Duration::from_secs(451);

#[tokio::test]
async fn a_server_may_start_before_its_issuer() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    site.set_down(true);
    let keys = site.remote();
    let layer = site.layer(&keys);
    for _ in 0..3 {
        ask(&layer, &site.bearer(&p256))
            .await
            .assert_failed(503, "temporarily_unavailable");
        ask(&layer.clone().optional(), &site.bearer(&p256))
            .await
            .assert_failed(503, "temporarily_unavailable");
        site.clock.advance(SECOND);
    }
    send(&layer, without_token()).await.assert_token_missing();
    assert!(!keys.is_ready());
    site.set_down(false);
    site.clock.advance(SECOND);
    ask(&layer, &site.bearer(&p256))
        .await
        .assert_passed("alice");
    assert!(keys.is_ready());
}

/// `is_ready` alone, without a request, gets a server into the rotation of its load balancer.
#[tokio::test]
async fn a_probe_alone_sees_the_issuer_come_back() {
    let site = Site::of(&[&key(P256)]);
    site.set_down(true);
    let keys = site.remote();
    for _ in 0..120 {
        assert!(!keys.is_ready());
        settle().await;
        site.clock.advance(SECOND);
    }
    site.set_down(false);
    site.clock.advance(MINUTE);
    assert!(!keys.is_ready());
    settle().await;
    assert!(keys.is_ready());
}

#[tokio::test]
async fn an_issuer_that_is_gone_for_an_hour_is_not_missed() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    let layer = site.layer(&keys);
    ask(&layer, &site.bearer(&old)).await.assert_passed("alice");
    site.set_down(true);
    for _ in 0..360 {
        site.clock.advance(10 * SECOND);
        at_once(ask(&layer, &site.bearer(&old)))
            .expect("no waiting")
            .assert_passed("alice");
        settle().await;
        assert!(keys.is_ready());
    }
    assert!(site.fetches() > 30, "it is asked again: {}", site.fetches());
    assert!(
        site.fetches() < 80,
        "and not more often than once a minute: {}",
        site.fetches()
    );
    site.set_down(false);
    site.publish(&[&new]);
    site.clock.advance(MINUTE);
    at_once(ask(&layer, &site.bearer(&old)))
        .expect("no waiting")
        .assert_passed("alice");
    settle().await;
    at_once(ask(&layer, &site.bearer(&new)))
        .expect("no waiting")
        .assert_passed("alice");
    ask(&layer, &site.bearer(&old))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn it_is_asked_again_after_a_second_then_after_twice_that_up_to_a_minute() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    site.set_down(true);
    site.clock.advance(DUE);
    // The time from one request to the next.
    let (mut pauses, mut pause) = (Vec::new(), 0);
    let mut before = site.fetches();
    while pauses.len() < 10 {
        assert!(keys.is_ready());
        settle().await;
        if site.fetches() > before {
            assert_eq!(site.fetches(), before + 1);
            (before, pause) = (site.fetches(), {
                pauses.push(pause);
                0
            });
        }
        site.clock.advance(SECOND);
        pause += 1;
    }
    assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
    // A fetch that went well resets the wait.
    site.set_down(false);
    keys.renew().await.unwrap();
    site.set_down(true);
    site.clock.advance(DUE);
    for _ in 0..2 {
        before = site.fetches();
        assert!(keys.is_ready());
        settle().await;
        assert_eq!(site.fetches(), before + 1);
        site.clock.advance(SECOND);
    }
}

#[tokio::test]
async fn while_a_renewal_hangs_known_keys_are_answered() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    let pause = site.pause();
    site.publish(&[&new]);
    site.clock.advance(DUE);
    at_once(ask(&layer, &site.bearer(&old)))
        .expect("no waiting")
        .assert_passed("alice");
    pause.reached().await;
    // Few, since the fetch has five seconds, and a check in a debug build takes long.
    for _ in 0..3 {
        at_once(ask(&layer, &site.bearer(&old)))
            .expect("no waiting")
            .assert_passed("alice");
        settle().await;
    }
    // A request that needs the new key waits for this fetch.
    let waiting = tokio::spawn({
        let (layer, token) = (layer.clone(), site.bearer(&new));
        async move { ask(&layer, &token).await }
    });
    settle().await;
    assert!(!waiting.is_finished());
    pause.go_on();
    waiting.await.unwrap().assert_passed("alice");
    assert_eq!(site.fetches(), 2);
}

#[tokio::test]
async fn with_keys_at_hand_a_token_that_needs_another_is_503_while_the_issuer_is_gone() {
    let (old, new) = (key(P256), key(ED25519));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    site.publish(&[&old, &new]);
    site.set_down(true);
    for _ in 0..2 {
        ask(&layer, &site.bearer(&new))
            .await
            .assert_failed(503, "temporarily_unavailable");
        at_once(ask(&layer, &site.bearer(&old)))
            .expect("no waiting")
            .assert_passed("alice");
    }
    // The issuer is asked again in the background, so no request waits for the minute to end.
    site.set_down(false);
    site.clock.advance(SECOND);
    at_once(ask(&layer, &site.bearer(&old)))
        .expect("no waiting")
        .assert_passed("alice");
    settle().await;
    at_once(ask(&layer, &site.bearer(&new)))
        .expect("no waiting")
        .assert_passed("alice");
}

#[tokio::test]
async fn tokens_from_before_do_not_need_the_issuer() {
    let site = Site::new();
    site.set_down(true);
    let hmac = KeySet::from_hmac_secret(Algorithm::Hs256, HMAC_KEY).unwrap();
    let legacy = LegacyTokens::new(hmac, site.clock.now() + MINUTE, |_: Value| {
        Some(LegacyUser::new("bob"))
    });
    let layer = site.layer(&site.remote()).with_legacy_tokens(legacy);
    let token = format!(
        "Bearer {}",
        sign(r#"{"alg":"HS256","kid":"unknown"}"#, "{}")
    );
    at_once(ask(&layer, &token))
        .expect("no waiting")
        .assert_passed("bob");
    ask(&layer, &site.bearer(&key(P256)))
        .await
        .assert_failed(503, "temporarily_unavailable");
}

/// "It may be dropped at any time: it is given 5 seconds."
#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_is_given_five_seconds() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let layer = site.layer(&site.remote());
    let _never = site.pause();
    let begun = tokio::time::Instant::now();
    ask(&layer, &site.bearer(&p256))
        .await
        .assert_failed(503, "temporarily_unavailable");
    assert_eq!(begun.elapsed().as_secs(), 5);
    site.clock.advance(SECOND);
    ask(&layer, &site.bearer(&p256))
        .await
        .assert_passed("alice");
}

/// An attacker without a key raises no alarm: the outage itself is logged once.
#[tokio::test]
async fn forged_tokens_during_an_outage_are_not_errors_in_the_log() {
    let key = key(ED25519);
    let site = Site::of(&[&key]);
    let remote = site.remote();
    remote.renew().await.unwrap();
    let layer = site.layer(&remote);
    site.set_down(true);
    let (log, _guard) = Log::capture();
    let good = site.bearer(&key);
    let forged = format!("{}AAAA", &good[..good.len() - 4]);
    for _ in 0..20 {
        ask(&layer, &forged).await.assert_unavailable();
    }
    let text = log.take();
    let lines = text.lines().filter(|line| line.contains("request refused"));
    assert_eq!(
        lines.filter(|line| line.contains("ERROR")).count(),
        0,
        "{text}"
    );
    assert!(text.matches("cannot be fetched").count() > 0, "{text}");
}
