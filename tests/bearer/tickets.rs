//! A ticket opens one connection, within 30 seconds, for the user it was issued to.

mod lifetime;
mod limits;
mod other_layers;
mod processes;

use std::sync::Arc;

use http::Request;
use support::{Received, send, tickets_of};
use tower_bearer::bearer::{RequireLayer, Tickets, TokenSource};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{AccessTokenClaims, BearerAuthLayer, Grant, Identity, Scope};

use crate::sources::{bare, cookie};

struct Feed {
    tokens: TestTokens,
    tickets: Tickets,
    layer: BearerAuthLayer,
}

impl Feed {
    fn new() -> Self {
        let tokens = TestTokens::new();
        let tickets = tickets_of(&tokens);
        let sources = [
            TokenSource::header(),
            TokenSource::ticket(&tickets),
            cookie(),
        ];
        let layer = BearerAuthLayer::new(tokens.verifier()).with_token_sources(sources);
        Self {
            tokens,
            tickets,
            layer,
        }
    }

    fn claims(&self, authorization: &str) -> AccessTokenClaims {
        self.tokens.verifier().verify(bare(authorization)).unwrap()
    }

    async fn ticket(&self, subject: &str) -> String {
        self.tickets
            .issue(&self.claims(&self.tokens.bearer(subject)))
            .await
            .unwrap()
            .secret()
            .to_owned()
    }

    async fn ask(&self, query: &str) -> Received {
        ask(&self.layer, query).await
    }
}

async fn ask(layer: &BearerAuthLayer, query: &str) -> Received {
    send(
        layer,
        Request::get(format!("/feed?{query}"))
            .body(String::new())
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn a_ticket_counts_once() {
    let feed = Feed::new();
    let (first, second) = (feed.ticket("alice").await, feed.ticket("alice").await);
    feed.ask(&format!("ticket={first}"))
        .await
        .assert_passed("alice");
    for _ in 0..2 {
        feed.ask(&format!("ticket={first}")).await.assert_refused(
            401,
            "invalid_token",
            "token_invalid",
        );
    }
    feed.ask(&format!("ticket={second}"))
        .await
        .assert_passed("alice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_come_at_once_with_one_ticket_one_gets_in() {
    let feed = Arc::new(Feed::new());
    for _ in 0..20 {
        let query = format!("ticket={}", feed.ticket("alice").await);
        let requests: Vec<_> = (0..32)
            .map(|_| {
                let (feed, query) = (Arc::clone(&feed), query.clone());
                tokio::spawn(async move { feed.ask(&query).await })
            })
            .collect();
        let mut passed = 0;
        for request in requests {
            let answer = request.await.unwrap();
            if answer.status == 200 {
                answer.assert_passed("alice");
                passed += 1;
            } else {
                answer.assert_refused(401, "invalid_token", "token_invalid");
            }
        }
        assert_eq!(passed, 1);
    }
}

#[tokio::test]
async fn what_was_not_issued_here_is_no_ticket() {
    let feed = Feed::new();
    let good = feed.ticket("alice").await;
    let bearer = feed.tokens.bearer("alice");
    let swapped: String = good
        .chars()
        .map(|c| {
            if c.is_ascii_uppercase() {
                c.to_ascii_lowercase()
            } else {
                c.to_ascii_uppercase()
            }
        })
        .collect();
    let escaped = format!("%{:02X}{}", good.as_bytes()[0], &good[1..]);
    for other in [
        &*Feed::new().ticket("alice").await,
        bare(&bearer),
        "abc",
        &swapped,
        &good[..42],
        &format!("{good}A"),
        &format!("{good}="),
        &format!("%20{good}"),
    ] {
        for layer in [feed.layer.clone(), feed.layer.clone().optional()] {
            ask(&layer, &format!("ticket={other}"))
                .await
                .assert_refused(401, "invalid_token", "token_invalid");
        }
    }
    // A needless escape: whatever it means, the ticket is good for one request at most.
    let first = feed.ask(&format!("ticket={escaped}")).await.status;
    let second = feed.ask(&format!("ticket={good}")).await.status;
    assert!(
        [(200, 401), (401, 200)].contains(&(first, second)),
        "{first} {second}"
    );
}

#[tokio::test]
async fn another_parameter_is_no_ticket() {
    let feed = Feed::new();
    let good = feed.ticket("alice").await;
    for query in [
        "",
        "ticket",
        "ticket=",
        "a=b&ticket=&c",
        "tickets=T",
        "Ticket=T",
        "xticket=T",
        "T",
        "access_token=T",
        "a=ticket=T",
    ] {
        let query = query.replace('T', &good);
        feed.ask(&query).await.assert_token_missing();
        ask(&feed.layer.clone().optional(), &query)
            .await
            .assert_passed("nobody");
    }
    // None of them has spent it.
    feed.ask(&format!("a=b&tickets=c&ticket={good}&d"))
        .await
        .assert_passed("alice");
}

#[tokio::test]
async fn two_tickets_are_an_invalid_request() {
    let feed = Feed::new();
    let (one, other) = (feed.ticket("alice").await, feed.ticket("alice").await);
    for query in [
        format!("ticket={one}&ticket={other}"),
        format!("ticket={one}&ticket={one}"),
        format!("ticket={one}&a=b&ticket=abc"),
        format!("ticket={one}&ticket="),
        format!("ticket=&ticket={one}"),
    ] {
        for layer in [feed.layer.clone(), feed.layer.clone().optional()] {
            ask(&layer, &query)
                .await
                .assert_refused(400, "invalid_request", "token_malformed");
        }
    }
}

#[tokio::test]
async fn a_ticket_is_an_explicit_token() {
    let feed = Feed::new();
    let beside = async |subject: &str, name: &'static str, value: &str| {
        let ticket = feed.ticket(subject).await;
        let request = Request::get(format!("/feed?ticket={ticket}")).header(name, value);
        request.body(String::new()).unwrap()
    };
    let bob = feed.tokens.bearer("bob");
    let answer = send(&feed.layer, beside("alice", "authorization", &bob).await).await;
    answer.assert_refused(400, "invalid_request", "token_malformed");
    send(
        &feed.layer,
        beside("alice", "cookie", &format!("session={}", bare(&bob))).await,
    )
    .await
    .assert_passed("alice");
}

#[tokio::test]
async fn a_layer_that_does_not_look_for_tickets_takes_none() {
    let feed = Feed::new();
    let layer = BearerAuthLayer::new(feed.tokens.verifier());
    let query = format!("ticket={}", feed.ticket("alice").await);
    ask(&layer, &query).await.assert_token_missing();
    feed.ask(&query).await.assert_passed("alice");
}

#[tokio::test]
async fn a_ticket_allows_what_its_access_token_does() {
    let feed = Feed::new();
    let ticket = async |authorization: &str| {
        let issued = feed.tickets.issue(&feed.claims(authorization)).await;
        format!("ticket={}", issued.unwrap().secret())
    };
    let (reads, writes) = (
        feed.tokens.bearer_with_scope("alice", "read"),
        feed.tokens.bearer_with_scope("alice", "read write"),
    );
    let layer = feed.layer.clone().require_scope("write");
    ask(&layer, &ticket(&reads).await).await.assert_refused(
        403,
        "insufficient_scope",
        "scope_missing",
    );
    ask(&layer, &ticket(&writes).await)
        .await
        .assert_passed("alice");
    let inner = tower::Layer::layer(
        &feed.layer,
        tower::Layer::layer(&RequireLayer::scope("write"), support::hello()),
    );
    let request = Request::get(format!("/feed?{}", ticket(&reads).await))
        .body(String::new())
        .unwrap();
    let answer = Received::of(tower::ServiceExt::oneshot(inner, request).await.unwrap()).await;
    answer.assert_refused(403, "insufficient_scope", "scope_missing");

    let grant = Grant::new()
        .with_scope(Scope::from_static("read"))
        .with_claim("tenant", "t-1");
    let query = ticket(&feed.tokens.bearer_for(&Identity::new("alice"), &grant)).await;
    let handler = tower::service_fn(async |request: Request<String>| {
        let claims = AccessTokenClaims::from_extensions(request.extensions()).unwrap();
        let said = format!(
            "{} {} {}",
            claims.subject(),
            claims.scope(),
            claims.claim::<String>("tenant").unwrap().unwrap()
        );
        Ok::<_, std::convert::Infallible>(http::Response::new(said))
    });
    let request = Request::get(format!("/feed?{query}"))
        .body(String::new())
        .unwrap();
    let answer = tower::ServiceExt::oneshot(tower::Layer::layer(&feed.layer, handler), request)
        .await
        .unwrap();
    Received::of(answer).await.assert_passed("alice read t-1");
}

/// As with any URL that a client may be made to open: a ticket changes nothing.
#[tokio::test]
async fn a_ticket_counts_only_with_get_and_connect_and_is_not_used_up_by_others() {
    let feed = Feed::new();
    for method in ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY"] {
        let ticket = feed.ticket("alice").await;
        let request = |authorization: Option<&str>| {
            let request = Request::builder().uri(format!("/feed?ticket={ticket}"));
            let request = request.method(method);
            let request = authorization.into_iter().fold(request, |request, value| {
                request.header("authorization", value)
            });
            request.body(String::new()).unwrap()
        };
        send(&feed.layer, request(None))
            .await
            .assert_token_missing();
        // It is not a second token either.
        let bob = feed.tokens.bearer("bob");
        send(&feed.layer, request(Some(&bob)))
            .await
            .assert_passed("bob");
        feed.ask(&format!("ticket={ticket}"))
            .await
            .assert_passed("alice");
    }
    let ticket = feed.ticket("alice").await;
    let connect = Request::builder()
        .method("CONNECT")
        .uri(format!("https://api.example/feed?ticket={ticket}"))
        .body(String::new())
        .unwrap();
    send(&feed.layer, connect).await.assert_passed("alice");
}
