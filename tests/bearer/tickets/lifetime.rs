//! The lifetime of a ticket: 30 seconds, and never longer than its token or its session.

use std::time::Duration;

use support::{MILLISECOND, log_in, sessions_of, tickets_of};
use tower_bearer::bearer::{Tickets, TokenSource};
use tower_bearer::clock::Clock;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Grant, Identity, TokenResponse};

use super::{Feed, ask};

#[tokio::test]
async fn a_ticket_waits_for_thirty_seconds() {
    assert_eq!(Tickets::LIFETIME, Duration::from_secs(30));
    let feed = Feed::new();
    let (early, late) = (feed.ticket("alice").await, feed.ticket("alice").await);
    feed.tokens.clock().advance(Tickets::LIFETIME - MILLISECOND);
    feed.ask(&format!("ticket={early}"))
        .await
        .assert_passed("alice");
    feed.tokens.clock().advance(MILLISECOND);
    feed.ask(&format!("ticket={late}"))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn setting_the_clock_makes_no_ticket_older_or_younger() {
    let feed = Feed::new();
    let (one, other) = (feed.ticket("alice").await, feed.ticket("alice").await);
    let now = feed.tokens.clock().now();
    feed.tokens.clock().jump(now + Duration::from_secs(29 * 60));
    feed.ask(&format!("ticket={one}"))
        .await
        .assert_passed("alice");
    feed.tokens.clock().jump(now);
    feed.tokens.clock().advance(Tickets::LIFETIME);
    feed.tokens.clock().jump(now);
    feed.ask(&format!("ticket={other}")).await.assert_refused(
        401,
        "invalid_token",
        "token_invalid",
    );
}

#[tokio::test]
async fn a_ticket_ends_with_its_access_token() {
    let feed = Feed::new();
    let token = feed.tokens.token(
        &Identity::new("alice"),
        &Grant::new(),
        Duration::from_secs(10),
    );
    let claims = feed.tokens.verifier().verify(token.secret()).unwrap();
    let issued = async || feed.tickets.issue(&claims).await.unwrap();
    let ticket = async || issued().await.secret().to_owned();
    let [early, late] = [ticket().await, ticket().await];
    feed.tokens
        .clock()
        .advance(Duration::from_secs(10) - MILLISECOND);
    feed.ask(&format!("ticket={early}"))
        .await
        .assert_passed("alice");
    feed.tokens.clock().advance(MILLISECOND);
    feed.ask(&format!("ticket={late}"))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
    feed.ask(&format!("ticket={late}"))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn a_ticket_of_a_session_that_was_ended_meanwhile_lets_nobody_in() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let tickets = tickets_of(&tokens);
    let layer = sessions
        .layer()
        .with_token_sources([TokenSource::ticket(&tickets)]);
    let issue = async |pair: &TokenResponse| {
        let claims = sessions
            .verifier()
            .verify(pair.access_token().secret())
            .unwrap();
        format!("ticket={}", tickets.issue(&claims).await.unwrap().secret())
    };
    let (ended, living) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "alice").await,
    );
    let (of_ended, of_living) = (issue(&ended).await, issue(&living).await);
    sessions
        .log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();
    ask(&layer, &of_ended)
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
    ask(&layer, &of_living).await.assert_passed("alice");
    // A holder of the claims gains nothing.
    ask(&layer, &issue(&ended).await)
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}
