//! A signing key is changed, and the clock is set.

use std::sync::Arc;

use support::keys::{ED25519, P256, P384, key};
use support::{AUDIENCE, DAY, HOUR, ISSUER, MINUTE};
use tower_bearer::clock::Clock;
use tower_bearer::endpoint::JwksEndpoint;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{Grant, Identity};

use crate::rotation::{FORGOTTEN_AFTER, Server, kid, kid_of, published};

#[tokio::test]
async fn a_clock_that_is_set_back_brings_the_old_key_back() {
    let server = Server::new(key(P256));
    let endpoint = JwksEndpoint::new(server.signer.keys());
    let begin = server.clock.now();
    let before = Server::beside(&server, key(P256)).sign(30 * DAY);
    server.keys.rotate_to(key(P384), begin + HOUR).unwrap();
    server.clock.advance(HOUR + FORGOTTEN_AFTER);
    let after = server.sign(30 * DAY);
    assert_eq!(kid_of(&after), kid(&key(P384)));
    server.assert_refused(&before).await;
    assert_eq!(published(&endpoint).await, [kid(&key(P384))]);

    server.clock.jump(begin);
    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P256)));
    for token in [&before, &after] {
        server.assert_passes(token).await;
    }
    assert_eq!(
        published(&endpoint).await,
        [kid(&key(P256)), kid(&key(P384))]
    );
    // And forward again.
    server.clock.jump(begin + HOUR + FORGOTTEN_AFTER);
    server.assert_refused(&before).await;
    server.assert_passes(&after).await;
}

/// "Later, if `sign` gave a token of this process a longer one", whenever that was.
#[tokio::test]
async fn what_was_signed_while_the_clock_was_set_back_is_accepted_while_it_lives() {
    let server = Server::new(key(P256));
    let begin = server.clock.now();
    server.keys.rotate_to(key(P384), begin + HOUR).unwrap();
    server.clock.advance(HOUR + FORGOTTEN_AFTER);
    server.assert_passes(&server.sign(MINUTE)).await;
    // No token is presented meanwhile.
    server.clock.jump(begin);
    let long = server.sign(30 * DAY);
    assert_eq!(kid_of(&long), kid(&key(P256)));
    server.clock.jump(begin + HOUR + FORGOTTEN_AFTER);
    server.assert_passes(&long).await;
}

#[tokio::test]
async fn a_clock_at_the_epoch_signs_with_the_first_key() {
    let server = Server::new(key(P256));
    server
        .keys
        .rotate_to(key(P384), server.clock.now())
        .unwrap();
    server
        .keys
        .rotate_to(key(ED25519), server.clock.now() + HOUR)
        .unwrap();
    server
        .clock
        .jump(tower_bearer::clock::Timestamp::from_secs(0));
    let token = server.sign(MINUTE);
    assert_eq!(kid_of(&token), kid(&key(P256)));
    server.assert_passes(&token).await;
}

/// Two signers share the keys, and each has its own idea of the time.
#[tokio::test]
async fn each_signer_goes_by_its_own_clock() {
    let server = Server::new(key(P256));
    let late = ManualClock::at(server.clock.now() + 40 * DAY);
    let signer = AccessTokenSigner::new(ISSUER, AUDIENCE, server.keys.clone())
        .unwrap()
        .with_clock(Arc::new(late.clone()));
    server
        .keys
        .rotate_to(key(P384), server.clock.now() + HOUR)
        .unwrap();
    let (own, other) = (
        JwksEndpoint::new(server.signer.keys()),
        JwksEndpoint::new(signer.keys()),
    );
    for _ in 0..3 {
        assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P256)));
        let token = signer
            .sign(&Identity::new("alice"), &Grant::new(), MINUTE)
            .unwrap();
        assert_eq!(kid_of(token.secret()), kid(&key(P384)));
        assert_eq!(published(&own).await, [kid(&key(P256)), kid(&key(P384))]);
        assert_eq!(published(&other).await, [kid(&key(P384))]);
    }
}
