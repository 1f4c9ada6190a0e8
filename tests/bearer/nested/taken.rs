//! An inner layer keeps the caller whose token the outer layer has taken out of the request.

use http::Request;
use support::{HMAC_KEY, Received, hello, tickets_of};
use tower::{Layer, ServiceExt};
use tower_bearer::bearer::TokenSource;
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, KeySet};

use super::{Names, through, without_token};
use crate::sources::{bare, layer_of};

/// A source, and a request that has its token there.
type Case = (TokenSource, Request<String>);

async fn cases(tokens: &TestTokens) -> Vec<Case> {
    let authorization = tokens.bearer("alice");
    let token = bare(&authorization);
    let tickets = tickets_of(tokens);
    let claims = tokens.verifier().verify(token).unwrap();
    let ticket = tickets.issue(&claims).await.unwrap();
    let get = |uri: &str| Request::get(uri).body(String::new()).unwrap();
    let offer = |protocols: &str| {
        let mut request = get("/feed");
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", protocols.parse().unwrap());
        request
    };
    vec![
        (
            TokenSource::ticket(&tickets),
            get(&format!("/feed?ticket={}", ticket.secret())),
        ),
        (
            TokenSource::dangerous_query("access_token"),
            get(&format!("/feed?access_token={token}")),
        ),
        (
            TokenSource::websocket_protocol(),
            offer(&format!("feed.v1, bearer.{token}")),
        ),
        (
            TokenSource::websocket_protocol_pair("access_token").unwrap(),
            offer(&format!("access_token, {token}")),
        ),
    ]
}

/// Through two layers that look in the same places.
async fn through_both(
    tokens: &TestTokens,
    source: TokenSource,
    request: Request<String>,
    inner: impl FnOnce(BearerAuthLayer) -> BearerAuthLayer,
) -> Received {
    let layer = layer_of(tokens, [TokenSource::header(), source]);
    let outer = layer.clone().with_user_loader(Names);
    through(&outer, &inner(layer), request).await
}

#[tokio::test]
async fn a_token_that_the_outer_layer_took_counts_for_the_inner_one() {
    let tokens = TestTokens::new();
    for (source, request) in cases(&tokens).await {
        through_both(&tokens, source, request, |inner| inner)
            .await
            .assert_passed("alice ALICE");
    }
    for (source, request) in cases(&tokens).await {
        through_both(&tokens, source, request, BearerAuthLayer::optional)
            .await
            .assert_passed("alice ALICE");
    }
}

#[tokio::test]
async fn it_counts_for_each_layer_further_in() {
    let tokens = TestTokens::new();
    for (source, request) in cases(&tokens).await {
        let layer = layer_of(&tokens, [source]);
        let service = layer.layer(layer.layer(layer.layer(hello())));
        let answer = service.oneshot(request).await.unwrap();
        Received::of(answer).await.assert_passed("alice");
    }
}

#[tokio::test]
async fn the_checks_of_the_inner_layer_hold_for_it() {
    let tokens = TestTokens::new();
    for (source, request) in cases(&tokens).await {
        let admin = |inner: BearerAuthLayer| inner.require_scope("admin");
        through_both(&tokens, source, request, admin)
            .await
            .assert_refused(403, "insufficient_scope", "scope_missing");
    }
    let keys = KeySet::from_hmac_secret(Algorithm::Hs256, HMAC_KEY).unwrap();
    let other = AccessTokenVerifier::builder(keys)
        .issuer("https://issuer.test")
        .audience("other");
    let other = BearerAuthLayer::new(other.build().unwrap());
    for (source, request) in cases(&tokens).await {
        let other = other.clone().with_token_sources([source.clone()]);
        through_both(&tokens, source, request, |_| other)
            .await
            .assert_token_missing();
    }
}

/// A layer that looks elsewhere wants a token there.
#[tokio::test]
async fn it_does_not_count_for_a_layer_that_looks_elsewhere() {
    let tokens = TestTokens::new();
    for (source, request) in cases(&tokens).await {
        let elsewhere = layer_of(&tokens, [TokenSource::header()]);
        through_both(&tokens, source, request, |_| elsewhere)
            .await
            .assert_token_missing();
    }
    for (source, _) in cases(&tokens).await {
        let layer = layer_of(&tokens, [source]);
        through(&layer.clone().optional(), &layer, without_token())
            .await
            .assert_token_missing();
    }
}
