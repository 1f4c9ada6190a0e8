//! A signing key is changed under sessions that go on.

use std::sync::Arc;

use support::keys::{ED25519, P256, P384, key};
use support::{DAY, HOUR, MILLISECOND, MINUTE, ask, assert_ended, bearer_of, log_in, signed_with};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::endpoint::JwksEndpoint;
use tower_bearer::session::SessionsBuilder;
use tower_bearer::{MemoryStore, Secret, SessionPolicy, Sessions};

use crate::rotation::{FORGOTTEN_AFTER, Server, kid, kid_of, published};

fn builder(server: &Server) -> SessionsBuilder {
    signed_with(server.keys.clone(), MemoryStore::new(), &server.clock)
}

fn sessions(server: &Server) -> Sessions {
    builder(server).build().unwrap()
}

#[tokio::test]
async fn nobody_is_logged_out() {
    let server = Server::new(key(P256));
    let sessions = sessions(&server);
    // The layer and the endpoint were made before the rotation, and see it.
    let (layer, endpoint) = (sessions.layer(), JwksEndpoint::new(sessions.keys()));
    let mut pair = log_in(&sessions, "alice").await;
    let idle = log_in(&sessions, "bob").await;
    server
        .keys
        .rotate_to(key(P384), server.clock.now() + 10 * MINUTE)
        .unwrap();
    assert_eq!(published(&endpoint).await.len(), 2);
    let mut seen = Vec::new();
    for _ in 0..20 {
        ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
        seen.push(kid_of(pair.access_token().secret()));
        server.clock.advance(3 * MINUTE);
        // The access token from before the rotation is still good.
        ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
        pair = sessions
            .refresh(pair.refresh_token().unwrap().clone())
            .await
            .expect("a session that goes on");
    }
    seen.dedup();
    assert_eq!(seen, [kid(&key(P256)), kid(&key(P384))]);
    // A user comes back when the old key is forgotten.
    server.clock.advance(FORGOTTEN_AFTER);
    assert_eq!(published(&endpoint).await, [kid(&key(P384))]);
    let back = sessions
        .refresh(idle.refresh_token().unwrap().clone())
        .await
        .expect("a session that goes on");
    ask(&layer, &bearer_of(&back)).await.assert_passed("bob");
}

#[tokio::test]
async fn a_token_of_the_old_key_still_names_its_session() {
    let server = Server::new(key(P256));
    let sessions = sessions(&server);
    let layer = sessions.layer();
    let (by_access, by_refresh) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "alice").await,
    );
    server
        .keys
        .rotate_to(key(P384), server.clock.now())
        .unwrap();
    let id = *sessions
        .verifier()
        .verify(by_access.access_token().secret())
        .unwrap()
        .session_id()
        .unwrap();
    assert_eq!(
        sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .iter()
            .filter(|session| *session.id() == id)
            .count(),
        1
    );
    sessions
        .log_out(by_access.access_token().secret())
        .await
        .unwrap();
    sessions
        .log_out(by_refresh.refresh_token().unwrap().secret())
        .await
        .unwrap();
    for pair in [&by_access, &by_refresh] {
        assert_ended(&layer, pair).await;
    }
}

/// "The longest life of a session's access token": the policy allows a day.
#[tokio::test]
async fn the_last_access_token_of_the_old_key_lives_its_whole_day() {
    let server = Server::new(key(P256));
    let policy = SessionPolicy::default().with_access_token_lifetime(DAY);
    let sessions = builder(&server)
        .policy(policy)
        .leeway(5 * MINUTE)
        .build()
        .unwrap();
    let layer = sessions.layer();
    let now = server.clock.now();
    server.keys.rotate_to(key(P384), now + HOUR).unwrap();
    server.clock.jump(now + (HOUR - MILLISECOND));
    // Another process, with the same keys and the same moments.
    let other = Server::beside(&server, key(P256));
    other.keys.rotate_to(key(P384), now + HOUR).unwrap();
    let elsewhere = builder(&other).policy(policy).build().unwrap();
    let pair = log_in(&elsewhere, "alice").await;
    assert_eq!(kid_of(pair.access_token().secret()), kid(&key(P256)));
    let exp = support::segment(pair.access_token().secret(), 1)["exp"]
        .as_u64()
        .unwrap();
    // `exp` and all of the leeway.
    server
        .clock
        .jump(Timestamp::from_millis((exp + 300) * 1000 - 1));
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
    server.clock.advance(MILLISECOND);
    ask(&layer, &bearer_of(&pair))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
}

/// "A process that starts in between the old key too, as below."
#[tokio::test]
async fn a_process_that_starts_in_between_knows_both() {
    let server = Server::new(key(P256));
    let store = Arc::new(MemoryStore::new());
    let secret = Secret::random().unwrap();
    let process = |server: &Server| {
        signed_with(server.keys.clone(), Arc::clone(&store), &server.clock)
            .secret(secret.clone())
            .build()
            .unwrap()
    };
    let moment = server.clock.now() + 10 * MINUTE;
    server.keys.rotate_to(key(P384), moment).unwrap();
    let before = log_in(&process(&server), "alice").await;
    server.clock.advance(20 * MINUTE);
    let restarted = Server::beside(&server, key(P256));
    restarted.keys.rotate_to(key(P384), moment).unwrap();
    let sessions = process(&restarted);
    ask(&sessions.layer(), &bearer_of(&before))
        .await
        .assert_passed("alice");
    let after = sessions
        .refresh(before.refresh_token().unwrap().clone())
        .await
        .unwrap();
    assert_eq!(kid_of(after.access_token().secret()), kid(&key(P384)));
    ask(&process(&server).layer(), &bearer_of(&after))
        .await
        .assert_passed("alice");
    // "To refuse that too, start with the new key alone."
    let alone = Server::beside(&server, key(P384));
    ask(&process(&alone).layer(), &bearer_of(&before))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    ask(&process(&alone).layer(), &bearer_of(&after))
        .await
        .assert_passed("alice");
}

/// A ring of keys that was given before keys could rotate.
#[tokio::test]
async fn a_key_brings_those_before_it_along() {
    let server = Server::new(key(P256).with_previous(key(ED25519)));
    let older = Server::beside(&server, key(ED25519)).sign(HOUR);
    server
        .keys
        .rotate_to(key(P384), server.clock.now())
        .unwrap();
    server.assert_passes(&older).await;
}
