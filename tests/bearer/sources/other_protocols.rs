//! Forms of the token that clients of other servers have: two protocols, a prefix, base64url, and
//! the query string.

use std::convert::Infallible;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{Method, Request, Response};
use support::{Received, SlowUsers};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::TokenSource;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{AccessTokenClaims, BearerAuthLayer};

use crate::sources::{bare, layer_of};

/// Says who asks, and what the handler sees of the protocols and the URI.
async fn ask(layer: &BearerAuthLayer, method: &Method, uri: &str, protocols: &[&str]) -> Received {
    let handler = service_fn(async |request: Request<String>| {
        let claims = AccessTokenClaims::from_extensions(request.extensions());
        let who = claims.map_or("nobody".to_owned(), |claims| claims.subject().to_string());
        let seen = request.headers().get(SEC_WEBSOCKET_PROTOCOL);
        let seen = seen.map_or("none", |seen| seen.to_str().unwrap());
        let uri = request.uri();
        Ok::<_, Infallible>(Response::new(format!("{who} {seen} {uri}")))
    });
    let mut request = Request::builder().method(method).uri(uri);
    for line in protocols {
        request = request.header(SEC_WEBSOCKET_PROTOCOL, *line);
    }
    let request = request.body(String::new()).unwrap();
    Received::of(layer.layer(handler).oneshot(request).await.unwrap()).await
}

/// Offers these lines, in which `{m}` is the marker and `{t}` the token.
async fn offer(layer: &BearerAuthLayer, marker: &str, token: &str, lines: &[&str]) -> Received {
    let fill = |line: &&str| line.replace("{m}", marker).replace("{t}", token);
    let lines: Vec<String> = lines.iter().map(fill).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    ask(layer, &Method::GET, "/feed", &lines).await
}

/// The layer as it answers at once, in optional mode, and as it has to wait; and a token.
fn protected(source: TokenSource) -> ([BearerAuthLayer; 3], String) {
    let tokens = TestTokens::new();
    let layer = layer_of(&tokens, [TokenSource::header(), source]);
    let token = bare(&tokens.bearer("alice")).to_owned();
    assert!(!token.is_empty());
    let waits = layer.clone().with_user_loader(SlowUsers);
    ([layer.clone(), layer.optional(), waits], token)
}

#[tokio::test]
async fn the_token_behind_its_marker_is_taken_out_and_the_marker_stays() {
    for marker in ["access_token", "Authorization", "Bearer", "graphql-ws"] {
        let source = TokenSource::websocket_protocol_pair(marker).unwrap();
        let (layers, token) = protected(source);
        for layer in layers {
            for (lines, seen) in [
                (&["{m}, {t}"][..], "{m}"),
                (&["{m},{t}"], "{m}"),
                (&["a, {m}, {t}, b"], "a, {m}, b"),
                (&["a", "{m}", "{t}", "b"], "a, {m}, b"),
                (&["a, {m}", ", {t}, b"], "a, {m}, b"),
            ] {
                let seen = seen.replace("{m}", marker);
                offer(&layer, marker, &token, lines)
                    .await
                    .assert_passed(&format!("alice {seen} /feed"));
            }
        }
    }
}

#[tokio::test]
async fn the_closure_of_a_refusal_does_not_see_the_token() {
    let tokens = TestTokens::new();
    let query = TokenSource::dangerous_query("access_token");
    let sources = [TokenSource::websocket_protocol(), query];
    let layer = layer_of(&tokens, sources).with_rejection(|error, parts| {
        let protocols = parts.headers.get(SEC_WEBSOCKET_PROTOCOL);
        let seen = format!("{} {protocols:?}", parts.uri);
        (error.status(), serde_json::json!({ "seen": seen }))
    });
    let expired = tokens.expired_bearer("alice");
    let token = bare(&expired);
    for layer in [layer.clone(), layer.with_user_loader(SlowUsers)] {
        let uri = format!("/feed?a=1&access_token={token}");
        let refused = ask(&layer, &Method::GET, &uri, &[]).await;
        assert_eq!((refused.status, refused.challenge().is_some()), (401, true));
        assert_eq!(refused.json()["seen"], "/feed?a=1 None");
        let offered = format!("bearer.{token}");
        let refused = ask(&layer, &Method::GET, "/feed", &[&offered]).await;
        assert_eq!((refused.status, refused.challenge().is_some()), (401, true));
        assert_eq!(refused.json()["seen"], "/feed None");
    }
}

#[tokio::test]
async fn a_marker_without_a_good_token_is_refused() {
    let source = TokenSource::websocket_protocol_pair("access_token").unwrap();
    let (layers, token) = protected(source);
    for (i, layer) in layers.iter().enumerate() {
        for lines in [
            &["{m}"][..],
            &["a, {m}"],
            &["{m}", ""],
            &["{m}, {t}, {m}"],
            &["{m}, {t}, {m}, {t}"],
            &["{m}, {m}, {t}"],
        ] {
            let answer = offer(layer, "access_token", &token, lines).await;
            answer.assert_refused(400, "invalid_request", "token_malformed");
        }
        for lines in [&["{m}, abc"][..], &["{m}, a, {t}"], &["{m}, {t}x"]] {
            let answer = offer(layer, "access_token", &token, lines).await;
            answer.assert_refused(401, "invalid_token", "token_invalid");
        }
        // Without the marker there is no token.
        for lines in [&["{t}"][..], &["Access_Token, {t}"], &["{t}, a"], &[]] {
            let answer = offer(layer, "access_token", &token, lines).await;
            if i == 1 {
                assert_eq!(answer.status, 200, "{answer:?}");
                assert!(answer.body.starts_with("nobody "), "{answer:?}");
            } else {
                answer.assert_token_missing();
            }
        }
    }
}

#[tokio::test]
async fn a_token_behind_a_prefix_is_taken_out() {
    let (layers, token) = protected(TokenSource::websocket_protocol_prefix("jwt-").unwrap());
    for layer in layers {
        offer(&layer, "jwt-", &token, &["feed.v1, {m}{t}"])
            .await
            .assert_passed("alice feed.v1 /feed");
        offer(&layer, "jwt-", &token, &["feed.v1, {m}"])
            .await
            .assert_refused(400, "invalid_request", "token_malformed");
    }
}

#[tokio::test]
async fn a_token_in_base64url_is_read() {
    let k8s = "base64url.bearer.authorization.k8s.io.";
    let (layers, token) = protected(TokenSource::websocket_protocol_base64url(k8s).unwrap());
    let encoded = URL_SAFE_NO_PAD.encode(&token);
    for layer in layers {
        offer(&layer, k8s, &encoded, &["{m}{t}, base64.binary.k8s.io"])
            .await
            .assert_passed("alice base64.binary.k8s.io /feed");
        for bad in ["{m}", "{m}a.b.c", "{m}_w", "{m}{t}, {m}{t}"] {
            offer(&layer, k8s, &encoded, &[bad]).await.assert_refused(
                400,
                "invalid_request",
                "token_malformed",
            );
        }
        for bad in ["YWJj", &URL_SAFE_NO_PAD.encode(&encoded)] {
            offer(&layer, k8s, bad, &["{m}{t}"]).await.assert_refused(
                401,
                "invalid_token",
                "token_invalid",
            );
        }
    }
}

#[test]
fn a_marker_is_a_protocol() {
    for name in ["", "access token", "a,b", "a=", "caf\u{e9}", "a/b"] {
        for source in [
            TokenSource::websocket_protocol_pair(name),
            TokenSource::websocket_protocol_prefix(name),
            TokenSource::websocket_protocol_base64url(name),
        ] {
            let error = source.unwrap_err().to_string();
            assert!(error.contains("a WebSocket protocol is made of"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_token_in_the_query_string_is_read_only_where_the_layer_says_so() {
    let (layers, token) = protected(TokenSource::dangerous_query("access_token"));
    let get = |query: String| format!("/feed?{query}");
    for layer in layers {
        for (query, seen) in [
            (format!("access_token={token}"), "/feed"),
            (format!("id=7&access_token={token}"), "/feed?id=7"),
            (format!("access_token={token}&id=7&b"), "/feed?id=7&b"),
            (
                format!("a=%20&access_token={token}&xaccess_token=1"),
                "/feed?a=%20&xaccess_token=1",
            ),
        ] {
            ask(&layer, &Method::GET, &get(query), &[])
                .await
                .assert_passed(&format!("alice none {seen}"));
        }
        let absolute = format!("https://api.example.com/feed?access_token={token}&id=7");
        ask(&layer, &Method::GET, &absolute, &[])
            .await
            .assert_passed("alice none https://api.example.com/feed?id=7");
        ask(&layer, &Method::GET, "/feed?access_token=abc", &[])
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
        for twice in [
            format!("access_token={token}&access_token={token}"),
            format!("access_token={token}&access_token="),
        ] {
            ask(&layer, &Method::GET, &get(twice), &[])
                .await
                .assert_refused(400, "invalid_request", "token_malformed");
        }
    }
    let ([layer, ..], token) = protected(TokenSource::dangerous_query("access_token"));
    let query = get(format!("access_token={token}"));
    ask(&layer, &Method::POST, &query, &[])
        .await
        .assert_token_missing();
    for query in [
        "/feed?access_token=",
        "/feed?access_token",
        "/feed?Access_Token=a",
    ] {
        ask(&layer, &Method::GET, query, &[])
            .await
            .assert_token_missing();
    }
}
