//! A signing key is changed: what signs, what verifies, and what is published, from one moment to
//! the next.

use std::time::Duration;

use support::keys::{ED25519, P256, P384, key};
use support::{DAY, HOUR, MILLISECOND, MINUTE, ask};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::endpoint::JwksEndpoint;
use tower_bearer::keys::SigningKeys;
use tower_bearer::{BearerAuthLayer, Secret, SigningKey};

use crate::rotation::{FORGOTTEN_AFTER, Server, kid, kid_of, published};

#[tokio::test]
async fn a_key_is_published_at_once_and_signs_from_its_moment() {
    let server = Server::new(key(P256));
    // One that was made before.
    let endpoint = JwksEndpoint::new(server.signer.keys());
    assert_eq!(published(&endpoint).await, [kid(&key(P256))]);
    server
        .keys
        .rotate_to(key(P384), server.clock.now() + 10 * MINUTE)
        .unwrap();
    assert_eq!(
        published(&endpoint).await,
        [kid(&key(P256)), kid(&key(P384))]
    );
    assert_eq!(
        published(&JwksEndpoint::new(server.signer.keys())).await,
        [kid(&key(P256)), kid(&key(P384))]
    );

    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P256)));
    server.clock.advance(10 * MINUTE - MILLISECOND);
    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P256)));
    server.clock.advance(MILLISECOND);
    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P384)));
    assert_eq!(
        published(&endpoint).await,
        [kid(&key(P256)), kid(&key(P384))]
    );
}

#[tokio::test]
async fn our_own_verifiers_believe_it_before_it_signs() {
    let server = Server::new(key(P256));
    let ahead = Server::beside(&server, key(P384));
    let token = ahead.sign(HOUR);
    server.assert_refused(&token).await;
    server
        .keys
        .rotate_to(key(P384), server.clock.now() + 10 * MINUTE)
        .unwrap();
    server.assert_passes(&token).await;
}

/// "A day and five minutes after the next key began to sign."
#[tokio::test]
async fn the_old_key_verifies_for_a_day_and_five_minutes() {
    let server = Server::new(key(P256));
    let elsewhere = Server::beside(&server, key(P256));
    // Another process signed the token, so its lifetime is not known here.
    let token = elsewhere.sign(10 * DAY);
    let endpoint = JwksEndpoint::new(server.signer.keys());
    server
        .keys
        .rotate_to(key(P384), server.clock.now() + 10 * MINUTE)
        .unwrap();
    server
        .clock
        .advance(10 * MINUTE + FORGOTTEN_AFTER - MILLISECOND);
    server.assert_passes(&token).await;
    assert_eq!(
        published(&endpoint).await,
        [kid(&key(P256)), kid(&key(P384))]
    );
    server.clock.advance(MILLISECOND);
    server.assert_refused(&token).await;
    assert_eq!(published(&endpoint).await, [kid(&key(P384))]);
    server.assert_passes(&server.sign(MINUTE)).await;
}

/// "Later, if `sign` gave a token of this process a longer one."
#[tokio::test]
async fn the_old_key_verifies_for_as_long_as_its_longest_token_lives() {
    let server = Server::new(key(P256));
    let endpoint = JwksEndpoint::new(server.signer.keys());
    let long = server.sign(10 * DAY);
    server
        .keys
        .rotate_to(key(P384), server.clock.now() + 10 * MINUTE)
        .unwrap();
    // Looked at meanwhile, and made after the rotation was announced.
    server.assert_passes(&long).await;
    let longer = server.sign(20 * DAY);
    server.clock.advance(10 * DAY - MILLISECOND);
    for token in [&long, &longer] {
        server.assert_passes(token).await;
    }
    server.clock.advance(10 * DAY);
    server.assert_passes(&longer).await;
    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P384)));
    // Five minutes of leeway, which a verifier may have.
    server.clock.advance(5 * MINUTE);
    assert_eq!(
        published(&endpoint).await,
        [kid(&key(P256)), kid(&key(P384))]
    );
    server.clock.advance(MILLISECOND);
    assert_eq!(published(&endpoint).await, [kid(&key(P384))]);
    assert_eq!(
        server.verifier().verify(&longer).unwrap_err().kind(),
        tower_bearer::token::VerifyErrorKind::UnknownKey
    );
}

/// "A moment that has passed means at once."
#[tokio::test]
async fn a_moment_that_has_passed_means_at_once() {
    for ago in [Duration::ZERO, MINUTE, 300 * DAY] {
        let server = Server::new(key(P256));
        server.keys.rotate_to(key(P384), server.ago(ago)).unwrap();
        assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P384)), "{ago:?} ago");
    }
    // And at the epoch.
    let server = Server::new(key(P256));
    server
        .keys
        .rotate_to(key(P384), Timestamp::from_secs(0))
        .unwrap();
    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P384)));
}

/// The key that leaked may have been rotated to itself: an hour ago, say.
#[tokio::test]
async fn a_moment_that_has_passed_means_at_once_after_an_earlier_rotation_too() {
    let server = Server::new(key(P256));
    server
        .keys
        .rotate_to(key(P384), server.clock.now())
        .unwrap();
    server.clock.advance(HOUR);
    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(P384)));
    // The key leaked.
    server
        .keys
        .rotate_to(key(ED25519), server.ago(MINUTE))
        .unwrap();
    assert_eq!(kid_of(&server.sign(MINUTE)), kid(&key(ED25519)));
}

/// "What the old key signed is accepted all the same for as long as it lives", by whichever
/// process.
#[tokio::test]
async fn what_another_process_signed_is_accepted_after_a_rotation_at_once() {
    for moment in [
        |server: &Server| server.clock.now(),
        |server: &Server| server.ago(HOUR),
    ] {
        let server = Server::new(key(P256));
        let elsewhere = Server::beside(&server, key(P256));
        let token = elsewhere.sign(30 * MINUTE);
        server.assert_passes(&token).await;
        server.keys.rotate_to(key(P384), moment(&server)).unwrap();
        server.assert_passes(&token).await;
        server.clock.advance(29 * MINUTE);
        server.assert_passes(&token).await;
    }
}

#[tokio::test]
async fn several_keys_follow_each_other_in_the_order_of_their_moments() {
    let server = Server::new(key(P256));
    let now = server.clock.now();
    server.keys.rotate_to(key(P384), now + HOUR).unwrap();
    server.keys.rotate_to(key(ED25519), now + 2 * HOUR).unwrap();
    // The other order has no meaning.
    assert!(server.keys.rotate_to(key(P256), now + HOUR).is_err());
    let first = server.sign(3 * HOUR);
    server.clock.advance(HOUR);
    let second = server.sign(3 * HOUR);
    server.clock.advance(HOUR);
    let third = server.sign(3 * HOUR);
    assert_eq!(
        [kid_of(&first), kid_of(&second), kid_of(&third)],
        [kid(&key(P256)), kid(&key(P384)), kid(&key(ED25519))]
    );
    for token in [&first, &second, &third] {
        server.assert_passes(token).await;
    }
    // Each is forgotten in its turn.
    let endpoint = JwksEndpoint::new(server.signer.keys());
    server.clock.advance(FORGOTTEN_AFTER - HOUR);
    assert_eq!(
        published(&endpoint).await,
        [kid(&key(P384)), kid(&key(ED25519))]
    );
    server.clock.advance(HOUR);
    assert_eq!(published(&endpoint).await, [kid(&key(ED25519))]);
}

#[tokio::test]
async fn every_clone_sees_it() {
    let server = Server::new(key(P256));
    let (keys, signer, verifier) = (
        server.keys.clone(),
        server.signer.clone(),
        server.verifier(),
    );
    let layer = BearerAuthLayer::new(verifier.clone());
    let others = [
        layer.clone(),
        layer.clone().optional(),
        BearerAuthLayer::new(signer.verifier()),
    ];
    keys.rotate_to(key(P384), server.clock.now()).unwrap();
    let token = server.sign(MINUTE);
    assert_eq!(kid_of(&token), kid(&key(P384)));
    verifier.clone().verify(&token).unwrap();
    for layer in others.iter().chain([&layer]) {
        ask(layer, &format!("Bearer {token}"))
            .await
            .assert_passed("alice");
    }
    assert_eq!(signer.keys().key_set().unwrap().len(), 2);
}

/// HMAC keys are never in the JWK set, whatever is beside them.
#[tokio::test]
async fn a_rotation_publishes_no_hmac_key() {
    let secret = || SigningKey::hs256(&Secret::random().unwrap()).unwrap();
    let server = Server::new(secret());
    let endpoint = JwksEndpoint::new(server.signer.keys());
    let old = server.sign(HOUR);
    server.keys.rotate_to(secret(), server.clock.now()).unwrap();
    assert!(published(&endpoint).await.is_empty());
    let new = server.sign(HOUR);
    assert_ne!(kid_of(&old), kid_of(&new));
    // From a secret to a published key.
    server
        .keys
        .rotate_to(key(P256), server.clock.now())
        .unwrap();
    assert_eq!(published(&endpoint).await, [kid(&key(P256))]);
    for token in [&old, &new, &server.sign(HOUR)] {
        server.assert_passes(token).await;
    }
}

#[test]
fn debug_tells_no_key() {
    let keys = SigningKeys::new(key(P256));
    keys.rotate_to(key(P384), Timestamp::from_secs(0)).unwrap();
    let text = format!("{keys:?}");
    assert!(
        text.contains("Es256") && text.contains("Es384") && !text.contains("PRIVATE"),
        "{text}"
    );
}
