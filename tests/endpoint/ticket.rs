//! `POST` for a ticket, behind the layer.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{Method, Request};
use serde_json::json;
use support::{Log, MILLISECOND, Received, log_in, sessions_of, tickets_of};
use tower::{Layer, ServiceExt};
use tower_bearer::bearer::{Tickets, TokenSource};
use tower_bearer::endpoint::TicketEndpoint;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, Grant, Identity};

fn post(authorization: Option<&str>) -> Request<String> {
    let mut request = Request::post("/feed/ticket").body(String::new()).unwrap();
    if let Some(value) = authorization {
        request
            .headers_mut()
            .insert(AUTHORIZATION, value.parse().unwrap());
    }
    request
}

async fn ask(layer: &BearerAuthLayer, tickets: &Tickets, request: Request<String>) -> Received {
    Received::of(
        layer
            .layer(TicketEndpoint::new(tickets))
            .oneshot(request)
            .await
            .unwrap(),
    )
    .await
}

#[track_caller]
fn assert_not_stored(answer: &Received) {
    assert_eq!(answer.headers[CACHE_CONTROL], "no-store", "{answer:?}");
}

#[tokio::test]
async fn whoever_is_let_through_gets_a_ticket_that_opens_the_feed() {
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    let layer = BearerAuthLayer::new(tokens.verifier());
    let answer = ask(&layer, &tickets, post(Some(&tokens.bearer("alice")))).await;
    assert_eq!(
        (answer.status, answer.challenge()),
        (200, None),
        "{answer:?}"
    );
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
    assert_not_stored(&answer);
    let ticket = answer.json()["ticket"]
        .as_str()
        .expect("a ticket")
        .to_owned();
    assert_eq!(answer.json(), json!({ "ticket": ticket, "expires_in": 30 }));

    let feed = layer.with_token_sources([TokenSource::ticket(&tickets)]);
    let open = || {
        Request::get(format!("/feed?ticket={ticket}"))
            .body(String::new())
            .unwrap()
    };
    support::send(&feed, open()).await.assert_passed("alice");
    support::send(&feed, open())
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

/// Its access token may end before that, or have ended already where the layer gives it leeway.
#[tokio::test]
async fn a_ticket_counts_for_as_long_as_was_said() {
    for lifetime in [300, 5, 0] {
        let tokens = TestTokens::new();
        let tickets = tickets_of(&tokens);
        let layer = BearerAuthLayer::new(tokens.verifier());
        let token = tokens.token(
            &Identity::new("alice"),
            &Grant::new(),
            Duration::from_secs(lifetime),
        );
        let answer = ask(
            &layer,
            &tickets,
            post(Some(&format!("Bearer {}", token.secret()))),
        )
        .await;
        if answer.status == 401 {
            // The access token has expired, so a ticket would be useless.
            answer.assert_refused(401, "invalid_token", "token_expired");
            continue;
        }
        let (ticket, expires_in) = (
            answer.json()["ticket"].clone(),
            answer.json()["expires_in"].as_u64().unwrap(),
        );
        tokens
            .clock()
            .advance(Duration::from_secs(expires_in).saturating_sub(MILLISECOND));
        let feed = layer.with_token_sources([TokenSource::ticket(&tickets)]);
        let open = Request::get(format!("/feed?ticket={}", ticket.as_str().unwrap()))
            .body(String::new())
            .unwrap();
        let opened = support::send(&feed, open).await;
        assert_eq!(
            (opened.status, opened.challenge()),
            (200, None),
            "{lifetime} seconds were left, {expires_in} were said"
        );
    }
}

#[tokio::test]
async fn a_body_is_not_looked_at() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    for (media_type, body) in [
        ("text/plain", "x"),
        ("application/json", "{"),
        ("image/png", &*"x".repeat(100_000)),
    ] {
        let mut request = post(Some(&tokens.bearer("alice")));
        request
            .headers_mut()
            .insert(CONTENT_TYPE, media_type.parse().unwrap());
        *request.body_mut() = body.to_owned();
        assert_eq!(ask(&layer, &tickets_of(&tokens), request).await.status, 200);
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    let layer = BearerAuthLayer::new(tokens.verifier());
    for method in [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ] {
        let mut request = post(Some(&tokens.bearer("alice")));
        *request.method_mut() = method;
        let answer = ask(&layer, &tickets, request).await;
        assert_eq!(
            (answer.status, answer.challenge()),
            (405, None),
            "{answer:?}"
        );
        assert_eq!(answer.headers[ALLOW], "POST");
        assert_eq!(answer.json()["error"], "invalid_request");
        assert_not_stored(&answer);
    }
    assert!(format!("{tickets:?}").contains("waiting: 0"), "{tickets:?}");
}

#[tokio::test]
async fn parameters_in_the_address_are_refused() {
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    let mut request = post(Some(&tokens.bearer("alice")));
    *request.uri_mut() = "/feed/ticket?access_token=xXmarkXx".parse().unwrap();
    let answer = ask(&BearerAuthLayer::new(tokens.verifier()), &tickets, request).await;
    assert_eq!(
        (answer.status, answer.challenge()),
        (400, None),
        "{answer:?}"
    );
    assert_eq!(answer.json()["error"], "invalid_request");
    assert!(!answer.body.contains("xXmarkXx"));
    assert_not_stored(&answer);
}

#[tokio::test]
async fn it_refuses_as_the_layer_does() {
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    let layer = BearerAuthLayer::new(tokens.verifier());
    for layer in [layer.clone(), layer.clone().optional()] {
        ask(&layer, &tickets, post(None))
            .await
            .assert_token_missing();
        ask(&layer, &tickets, post(Some("Bearer abc")))
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
        let expired = tokens.expired_bearer("alice");
        ask(&layer, &tickets, post(Some(&expired)))
            .await
            .assert_refused(401, "invalid_token", "token_expired");
        ask(&layer, &tickets, post(Some("Bearer")))
            .await
            .assert_refused(400, "invalid_request", "token_malformed");
    }
    let scoped = layer.clone().require_scope("feed");
    let alice = tokens.bearer("alice");
    ask(&scoped, &tickets, post(Some(&alice)))
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
    // In its own words too, where it is the endpoint that finds no token.
    let optional = layer.optional();
    let realm = ask(
        &optional.clone().with_realm("feed").unwrap(),
        &tickets,
        post(None),
    )
    .await;
    assert_eq!(
        (realm.status, realm.challenge()),
        (401, Some("Bearer realm=\"feed\""))
    );
    assert_not_stored(&realm);
    let own = optional
        .with_rejection(|error, _| error.to_response().map(|_| Bytes::from("please log in")));
    let own = ask(&own, &tickets, post(None)).await;
    assert_eq!(
        (own.status, own.challenge(), &*own.body),
        (401, Some("Bearer"), "please log in")
    );
    assert_not_stored(&own);
    assert!(format!("{tickets:?}").contains("waiting: 0"), "{tickets:?}");
}

#[tokio::test]
async fn a_session_that_was_ended_gets_no_ticket() {
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    let sessions = sessions_of(&tokens);
    let pair = log_in(&sessions, "alice").await;
    let ask = async || {
        ask(
            &sessions.layer(),
            &tickets,
            post(Some(&support::bearer_of(&pair))),
        )
        .await
    };
    assert_eq!(ask().await.status, 200);
    sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    ask()
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

#[tokio::test]
async fn without_the_layer_nobody_gets_a_ticket_and_the_log_names_the_cure() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    for request in [post(None), post(Some(&tokens.bearer("alice")))] {
        let answer = Received::of(
            TicketEndpoint::new(&tickets)
                .oneshot(request)
                .await
                .unwrap(),
        )
        .await;
        answer.assert_failed(500, "server_error");
        assert_not_stored(&answer);
        assert!(
            !answer.body.contains("BearerAuthLayer"),
            "the cure is for the log"
        );
        let said = log.take();
        assert!(
            said.contains("ERROR")
                && said.contains("BearerAuthLayer")
                && said.contains("/feed/ticket"),
            "{said}"
        );
    }
    assert!(format!("{tickets:?}").contains("waiting: 0"), "{tickets:?}");
}

#[tokio::test]
async fn where_too_many_wait_it_is_503_until_they_are_gone() {
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    let layer = BearerAuthLayer::new(tokens.verifier());
    let alice = tokens.bearer("alice");
    let verifier = tokens.verifier();
    for user in 0..65_536 / 16 {
        let claims = verifier
            .verify(
                tokens
                    .token(
                        &Identity::new(user),
                        &Grant::new(),
                        Duration::from_secs(600),
                    )
                    .secret(),
            )
            .unwrap();
        for _ in 0..16 {
            let _ = tickets.issue(&claims).await;
        }
    }
    let answer = ask(&layer, &tickets, post(Some(&alice))).await;
    answer.assert_failed(503, "temporarily_unavailable");
    assert_not_stored(&answer);
    tokens.clock().advance(Tickets::LIFETIME);
    assert_eq!(ask(&layer, &tickets, post(Some(&alice))).await.status, 200);
}
