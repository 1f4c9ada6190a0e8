//! The length of a ticket, and how many tickets wait at a time.

use std::collections::HashSet;

use http::Request;
use support::{send, tickets_of};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::{BearerErrorKind, Tickets, TokenSource};
use tower_bearer::test_util::TestTokens;

use super::Feed;
use crate::sources::bare;

#[tokio::test]
async fn a_ticket_is_43_characters_for_an_address_and_no_two_are_alike() {
    let feed = Feed::new();
    let mut tickets = HashSet::new();
    for _ in 0..1000 {
        tickets.insert(feed.ticket("alice").await);
    }
    assert_eq!(tickets.len(), 1000);
    for ticket in tickets {
        let fits = ticket
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        assert!(ticket.len() == 43 && fits, "{ticket}");
    }
}

#[tokio::test]
async fn at_most_65_536_tickets_wait_at_a_time() {
    let feed = Feed::new();
    let claims = feed.claims(&feed.tokens.bearer("alice"));
    let last = feed.ticket("bob").await;
    let verifier = feed.tokens.verifier();
    for user in 1..=65_536 / 16 {
        // No user has more than sixteen.
        let bearer = feed.tokens.bearer(user);
        let claims = verifier.verify(bare(&bearer)).unwrap();
        for _ in 0..16 {
            let _ = feed.tickets.issue(&claims).await;
        }
    }
    assert_eq!(
        feed.tickets.issue(&claims).await.unwrap_err().kind(),
        BearerErrorKind::Unavailable
    );
    // Waiting tickets stay valid, and a used one makes room.
    feed.ask(&format!("ticket={last}"))
        .await
        .assert_passed("bob");
    let one_more = feed.ticket("alice").await;
    assert_eq!(
        feed.tickets.issue(&claims).await.unwrap_err().kind(),
        BearerErrorKind::Unavailable
    );
    feed.ask(&format!("ticket={one_more}"))
        .await
        .assert_passed("alice");
    let _one_more = feed.ticket("alice").await;
    // Tickets that were never used make room too.
    feed.tokens.clock().advance(Tickets::LIFETIME);
    let fresh = feed.ticket("alice").await;
    feed.ask(&format!("ticket={fresh}"))
        .await
        .assert_passed("alice");
}

/// One user does not take the places of others.
#[tokio::test]
async fn a_user_has_sixteen_tickets_and_a_new_one_takes_the_place_of_the_oldest() {
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    let claims = |user: &str| {
        tokens
            .verifier()
            .verify(&tokens.bearer(user)["Bearer ".len()..])
            .unwrap()
    };
    let of_bob = tickets.issue(&claims("bob")).await.unwrap();
    let mut of_alice = Vec::new();
    for _ in 0..17 {
        of_alice.push(tickets.issue(&claims("alice")).await.unwrap());
    }
    let layer =
        BearerAuthLayer::new(tokens.verifier()).with_token_sources([TokenSource::ticket(&tickets)]);
    let ask = async |ticket: &str| {
        send(
            &layer,
            Request::get(format!("/feed?ticket={ticket}"))
                .body(String::new())
                .unwrap(),
        )
        .await
    };
    ask(of_alice[0].secret())
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    for ticket in &of_alice[1..] {
        ask(ticket.secret()).await.assert_passed("alice");
    }
    ask(of_bob.secret()).await.assert_passed("bob");
}
