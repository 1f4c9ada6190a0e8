//! A signing key is changed, and somebody sets the clock.

use std::sync::Arc;

use crate::rotation::{DAY, FORGOTTEN_AFTER, HOUR, MINUTE, Server, ed25519, kid, kid_of, p256, p384, published};
use support::{AUDIENCE, ISSUER};
use tower_bearer::test_util::ManualClock;
use tower_bearer::{AccessTokenSigner, Clock, Grant, JwksEndpoint};

#[tokio::test]
async fn a_clock_that_is_set_back_brings_the_old_key_back() {
    let server = Server::new(p256());
    let endpoint = JwksEndpoint::new(server.signer.keys());
    let begin = server.clock.now();
    let before = Server::beside(&server, p256()).sign(30 * DAY);
    server.keys.rotate_to(p384(), begin + HOUR).unwrap();
    server.clock.advance(HOUR + FORGOTTEN_AFTER);
    let after = server.sign(30 * DAY);
    assert_eq!(kid_of(&after), kid(&p384()));
    server.assert_refused(&before).await;
    assert_eq!(published(&endpoint).await, [kid(&p384())]);

    server.clock.jump(begin);
    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&p256()));
    for token in [&before, &after] {
        server.assert_passes(token).await;
    }
    assert_eq!(published(&endpoint).await, [kid(&p256()), kid(&p384())]);
    // And forward again.
    server.clock.jump(begin + HOUR + FORGOTTEN_AFTER);
    server.assert_refused(&before).await;
    server.assert_passes(&after).await;
}

/// "Later, if `sign` gave a token of this process a longer one", whenever that was.
#[tokio::test]
async fn what_was_signed_while_the_clock_was_set_back_is_accepted_while_it_lives() {
    let server = Server::new(p256());
    let begin = server.clock.now();
    server.keys.rotate_to(p384(), begin + HOUR).unwrap();
    server.clock.advance(HOUR + FORGOTTEN_AFTER);
    server.assert_passes(&server.sign(MINUTE)).await;
    // Nobody comes with a token meanwhile.
    server.clock.jump(begin);
    let long = server.sign(30 * DAY);
    assert_eq!(kid_of(&long), kid(&p256()));
    server.clock.jump(begin + HOUR + FORGOTTEN_AFTER);
    server.assert_passes(&long).await;
}

#[tokio::test]
async fn a_clock_at_the_epoch_signs_with_the_first_key() {
    let server = Server::new(p256());
    server.keys.rotate_to(p384(), server.clock.now()).unwrap();
    server.keys.rotate_to(ed25519(), server.clock.now() + HOUR).unwrap();
    server.clock.jump(tower_bearer::Timestamp::from_secs(0));
    let token = server.sign(MINUTE);
    assert_eq!(kid_of(&token), kid(&p256()));
    server.assert_passes(&token).await;
}

/// Two signers share the keys, and each has its own idea of the time.
#[tokio::test]
async fn each_signer_goes_by_its_own_clock() {
    let server = Server::new(p256());
    let late = ManualClock::at(server.clock.now() + 40 * DAY);
    let signer = AccessTokenSigner::new(ISSUER, AUDIENCE, server.keys.clone()).unwrap().with_clock(Arc::new(late.clone()));
    server.keys.rotate_to(p384(), server.clock.now() + HOUR).unwrap();
    let (own, other) = (JwksEndpoint::new(server.signer.keys()), JwksEndpoint::new(signer.keys()));
    for _ in 0..3 {
        assert_eq!(kid_of(&server.sign(MINUTE)), kid(&p256()));
        let token = signer.sign(&Grant::new("alice"), MINUTE).unwrap();
        assert_eq!(kid_of(token.secret()), kid(&p384()));
        assert_eq!(published(&own).await, [kid(&p256()), kid(&p384())]);
        assert_eq!(published(&other).await, [kid(&p384())]);
    }
}
