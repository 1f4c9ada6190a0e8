//! A ticket opens one connection, within 30 seconds, for whom it was issued.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use support::{MILLISECOND, Received, log_in, send, sessions_of, tickets_of};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    AccessTokenClaims, BearerAuthLayer, BearerErrorKind, Clock, Grant, Identity, RequireLayer,
    Scope, Tickets, TokenResponse, TokenSource,
};

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

    fn ticket(&self, subject: &str) -> String {
        self.tickets
            .issue(&self.claims(&self.tokens.bearer(subject)))
            .unwrap()
            .to_string()
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
    let (first, second) = (feed.ticket("alice"), feed.ticket("alice"));
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
        let query = format!("ticket={}", feed.ticket("alice"));
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
async fn a_ticket_waits_for_thirty_seconds() {
    assert_eq!(Tickets::LIFETIME, Duration::from_secs(30));
    let feed = Feed::new();
    let (early, late) = (feed.ticket("alice"), feed.ticket("alice"));
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
    let (one, other) = (feed.ticket("alice"), feed.ticket("alice"));
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
    let [early, late] = [0, 1].map(|_| feed.tickets.issue(&claims).unwrap().to_string());
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
    let issue = |pair: &TokenResponse| {
        let claims = sessions
            .verifier()
            .verify(pair.access_token().secret())
            .unwrap();
        format!("ticket={}", &*tickets.issue(&claims).unwrap())
    };
    let (ended, living) = (
        log_in(&sessions, "alice").await,
        log_in(&sessions, "alice").await,
    );
    let (of_ended, of_living) = (issue(&ended), issue(&living));
    sessions
        .log_out(ended.refresh_token().unwrap().secret())
        .await
        .unwrap();
    ask(&layer, &of_ended)
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
    ask(&layer, &of_living).await.assert_passed("alice");
    // A holder of the claims gains nothing.
    ask(&layer, &issue(&ended))
        .await
        .assert_refused(401, "invalid_token", "session_revoked");
}

#[tokio::test]
async fn what_was_not_issued_here_is_no_ticket() {
    let feed = Feed::new();
    let good = feed.ticket("alice");
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
        &*Feed::new().ticket("alice"),
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
    // An escape that nobody asked for: whatever it means, the ticket is good for one request at
    // most.
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
    let good = feed.ticket("alice");
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
    let (one, other) = (feed.ticket("alice"), feed.ticket("alice"));
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
    let beside = |subject: &str, name: &'static str, value: &str| {
        let request =
            Request::get(format!("/feed?ticket={}", feed.ticket(subject))).header(name, value);
        request.body(String::new()).unwrap()
    };
    let bob = feed.tokens.bearer("bob");
    let answer = send(&feed.layer, beside("alice", "authorization", &bob)).await;
    answer.assert_refused(400, "invalid_request", "token_malformed");
    send(
        &feed.layer,
        beside("alice", "cookie", &format!("session={}", bare(&bob))),
    )
    .await
    .assert_passed("alice");
}

#[tokio::test]
async fn a_layer_that_does_not_look_for_tickets_takes_none() {
    let feed = Feed::new();
    let layer = BearerAuthLayer::new(feed.tokens.verifier());
    let query = format!("ticket={}", feed.ticket("alice"));
    ask(&layer, &query).await.assert_token_missing();
    feed.ask(&query).await.assert_passed("alice");
}

#[tokio::test]
async fn a_ticket_allows_what_its_access_token_does() {
    let feed = Feed::new();
    let ticket = |authorization: &str| {
        format!(
            "ticket={}",
            &*feed.tickets.issue(&feed.claims(authorization)).unwrap()
        )
    };
    let (reads, writes) = (
        feed.tokens.bearer_with_scope("alice", "read"),
        feed.tokens.bearer_with_scope("alice", "read write"),
    );
    let layer = feed.layer.clone().require_scope("write");
    ask(&layer, &ticket(&reads))
        .await
        .assert_refused(403, "insufficient_scope", "scope_missing");
    ask(&layer, &ticket(&writes)).await.assert_passed("alice");
    let inner = tower::Layer::layer(
        &feed.layer,
        tower::Layer::layer(&RequireLayer::scope("write"), support::hello()),
    );
    let request = Request::get(format!("/feed?{}", ticket(&reads)))
        .body(String::new())
        .unwrap();
    let answer = Received::of(tower::ServiceExt::oneshot(inner, request).await.unwrap()).await;
    answer.assert_refused(403, "insufficient_scope", "scope_missing");

    let grant = Grant::new()
        .with_scope(Scope::from_static("read"))
        .with_claim("tenant", "t-1");
    let query = ticket(&feed.tokens.bearer_for(&Identity::new("alice"), &grant));
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

#[test]
fn a_ticket_is_43_characters_for_an_address_and_no_two_are_alike() {
    let feed = Feed::new();
    let tickets: HashSet<String> = (0..1000).map(|_| feed.ticket("alice")).collect();
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
    let last = feed.ticket("bob");
    for user in 1..=65_536 / 16 {
        // No user has more than sixteen.
        let claims = feed.claims(&feed.tokens.bearer(user));
        (0..16).for_each(|_| drop(feed.tickets.issue(&claims)));
    }
    assert_eq!(
        feed.tickets.issue(&claims).unwrap_err().kind(),
        BearerErrorKind::Unavailable
    );
    // Those that wait are as good as ever, and one that is spent makes room.
    feed.ask(&format!("ticket={last}"))
        .await
        .assert_passed("bob");
    let one_more = feed.ticket("alice");
    assert_eq!(
        feed.tickets.issue(&claims).unwrap_err().kind(),
        BearerErrorKind::Unavailable
    );
    feed.ask(&format!("ticket={one_more}"))
        .await
        .assert_passed("alice");
    let _one_more = feed.ticket("alice");
    // So do those that nobody came for.
    feed.tokens.clock().advance(Tickets::LIFETIME);
    let fresh = feed.ticket("alice");
    feed.ask(&format!("ticket={fresh}"))
        .await
        .assert_passed("alice");
}

/// One user takes nobody else's place.
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
    let of_bob = tickets.issue(&claims("bob")).unwrap();
    let of_alice: Vec<_> = (0..17)
        .map(|_| tickets.issue(&claims("alice")).unwrap())
        .collect();
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
    ask(&of_alice[0])
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    for ticket in &of_alice[1..] {
        ask(ticket).await.assert_passed("alice");
    }
    ask(&of_bob).await.assert_passed("bob");
}
