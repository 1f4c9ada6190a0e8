//! Requests to the layer, which looks for a token in each place that there is.

#![no_main]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use libfuzzer_sys::fuzz_target;
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::{Tickets, TokenSource};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, ConfigError, Grant, Identity};
use tower_bearer_fuzz::{Body, CANARY, Log, Reply, block_on, logged, request};

fuzz_target!(|input: &[u8]| {
    let tokens = TestTokens::new();
    let identity = Identity::new("alice");
    let token = tokens.token(&identity, &Grant::new(), Duration::from_secs(60));
    let expired = tokens.expired_bearer("alice");
    let tickets = Tickets::new().with_clock(Arc::new(tokens.clock().clone()));
    let claims = tokens.claims(&identity, &Grant::new());
    let ticket = block_on(tickets.issue(&claims)).expect("a ticket");
    let encoded = base64url(token.secret());
    let words = [
        ("$TOKEN", token.secret()),
        ("$BASE64", &*encoded),
        ("$EXPIRED", expired.trim_start_matches("Bearer ")),
        ("$TICKET", ticket.secret()),
        ("$CANARY", CANARY),
    ];
    let Some(request) = request(input, &words) else {
        return;
    };
    let has = |secret: &str| shown(&request).contains(secret);
    let is_signed_in = [token.secret(), &encoded, ticket.secret()]
        .into_iter()
        .any(has);

    let logged = logged(&request);
    let log = Log::start();
    // The one credential of the request, if it has only one. A ticket was used up, and stays in the
    // URL.
    let all = shown(&request);
    let count = |secret: &str| all.matches(secret).count();
    let credentials = [token.secret(), &encoded, ticket.secret()];
    let is_alone = credentials
        .iter()
        .map(|secret| count(secret))
        .sum::<usize>()
        == 1;
    let found = [token.secret(), &encoded]
        .into_iter()
        .find(|secret| is_alone && has(secret));
    let secret = found.map(str::to_owned);
    let handler = service_fn(move |request: Request<Body>| {
        // The token is taken out of the URL, and is not shown with the headers.
        let (parts, _) = request.into_parts();
        let seen = format!("{parts:?}");
        assert!(
            !secret.as_ref().is_some_and(|secret| seen.contains(secret)),
            "{seen}"
        );
        async { Ok::<_, Infallible>(Response::new(Body::default())) }
    });
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_token_sources(sources(&tickets).expect("the sources are right"));
    let reply = Reply::read(layer.layer(handler).oneshot(request));
    let secrets = [token.secret(), ticket.secret(), signature(&expired)];
    log.assert_harmless(&logged, &secrets);
    if reply.status == 200 {
        assert!(is_signed_in, "a request without a token has passed");
    } else {
        reply.assert_refusal(&secrets);
        assert!([400, 401].contains(&reply.status), "{reply:?}");
    }
});

fn sources(tickets: &Tickets) -> Result<[TokenSource; 7], ConfigError> {
    Ok([
        TokenSource::header(),
        TokenSource::cookie("token")?,
        TokenSource::websocket_protocol(),
        TokenSource::websocket_protocol_pair("access_token")?,
        TokenSource::websocket_protocol_base64url("base64url.")?,
        TokenSource::dangerous_query("access_token"),
        TokenSource::ticket(tickets),
    ])
}

/// Everything of a request, where a header that is sensitive is shown too.
fn shown(request: &Request<Body>) -> String {
    let values = values(request).map(|value| value.escape_ascii().to_string());
    let (method, uri) = (request.method(), request.uri());
    format!("{method} {uri} {}", values.collect::<Vec<_>>().join("\n"))
}

fn values(request: &Request<Body>) -> impl Iterator<Item = Vec<u8>> {
    request
        .headers()
        .values()
        .map(|value| value.as_bytes().to_vec())
}

fn base64url(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

fn signature(token: &str) -> &str {
    token.rsplit('.').next().unwrap_or_default()
}
