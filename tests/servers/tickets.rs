//! A ticket of one process opens a connection at another, through PostgreSQL and through Redis.

use http::Request;
use support::send;
use tower_bearer::bearer::{Tickets, TokenSource};
use tower_bearer::store::SessionStore;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, Secret};

/// The two stores are handles of two processes on one place.
pub(crate) async fn opens_at_the_other_process(stores: [impl SessionStore; 2]) {
    let (tokens, secret) = (TestTokens::new(), Secret::random().unwrap());
    let claims = tokens
        .verifier()
        .verify(tokens.bearer("alice").trim_start_matches("Bearer "))
        .unwrap();
    // The clock of the tokens is not that of the server.
    let [one, other] = stores.map(|store| {
        Tickets::in_store(store, &secret).with_clock(std::sync::Arc::new(tokens.clock().clone()))
    });
    let layer =
        BearerAuthLayer::new(tokens.verifier()).with_token_sources([TokenSource::ticket(&other)]);
    let ask = async |ticket: &str| {
        let request = Request::get(format!("/feed?ticket={ticket}"));
        send(&layer, request.body(String::new()).unwrap()).await
    };
    let mut tickets = Vec::new();
    for _ in 0..17 {
        tickets.push(one.issue(&claims).await.unwrap());
    }
    // A user has sixteen.
    let mut passed = 0;
    for ticket in &tickets {
        let answer = ask(ticket.secret()).await;
        if answer.status == 200 {
            answer.assert_passed("alice");
            passed += 1;
        }
        let again = ask(ticket.secret()).await;
        again.assert_refused(401, "invalid_token", "token_invalid");
    }
    assert_eq!(passed, 16);
}
