//! The token among the protocols of a WebSocket: found, and taken out before the handler sees the
//! request.

use std::convert::Infallible;

use http::header::SEC_WEBSOCKET_PROTOCOL;
use http::{Request, Response};
use support::{Received, SlowUsers};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::TokenSource;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{AccessTokenClaims, BearerAuthLayer};

use crate::sources::{bare, layer_of, with_headers};

/// Says who asks, and which protocols the handler sees: entries parted by `|`, or `none` without
/// the header.
async fn offer(
    layer: &BearerAuthLayer,
    lines: &[&[u8]],
    more: &[(&'static str, &[u8])],
) -> Received {
    let handler = service_fn(async |request: Request<String>| {
        let who = AccessTokenClaims::from_extensions(request.extensions())
            .map(|claims| claims.subject().to_string());
        let lines: Vec<_> = request
            .headers()
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .collect();
        let text: Vec<_> = lines
            .iter()
            .map(|line| String::from_utf8_lossy(line.as_bytes()))
            .collect();
        let entries = text
            .iter()
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("|");
        let seen = if lines.is_empty() { "none" } else { &entries };
        Ok::<_, Infallible>(Response::new(format!(
            "{} {seen}",
            who.as_deref().unwrap_or("nobody")
        )))
    });
    let headers = lines
        .iter()
        .map(|line| ("sec-websocket-protocol", *line))
        .chain(more.iter().copied());
    Received::of(
        layer
            .layer(handler)
            .oneshot(with_headers(headers))
            .await
            .expect("infallible"),
    )
    .await
}

/// The same, with text in which `T` is the token.
async fn offer_text(layer: &BearerAuthLayer, token: &str, lines: &[&str]) -> Received {
    let lines: Vec<String> = lines.iter().map(|line| line.replace('T', token)).collect();
    offer(
        layer,
        &lines.iter().map(String::as_bytes).collect::<Vec<_>>(),
        &[],
    )
    .await
}

/// The layer as it answers at once, in optional mode, and as it has to wait; and a token.
fn protected() -> ([BearerAuthLayer; 3], String) {
    let tokens = TestTokens::new();
    let layer = layer_of(
        &tokens,
        [TokenSource::header(), TokenSource::websocket_protocol()],
    );
    (
        [
            layer.clone(),
            layer.clone().optional(),
            layer.with_user_loader(SlowUsers),
        ],
        bare(&tokens.bearer("alice")).to_owned(),
    )
}

// requirement 68
#[tokio::test]
async fn the_entry_is_taken_out_and_the_others_stay_in_order() {
    let (layers, token) = protected();
    for layer in layers {
        for (lines, seen) in [
            (&["feed.v1, bearer.T"][..], "feed.v1"),
            (&["bearer.T, feed.v1"], "feed.v1"),
            (&["b, bearer.T, a"], "b|a"),
            (&["c,b,bearer.T,a"], "c|b|a"),
            (&[" ,\tb ,, bearer.T\t, a ,"], "b|a"),
            (&["b", "bearer.T", "a"], "b|a"),
            (&["c, b", "a, bearer.T, d", "e"], "c|b|a|d|e"),
            (&["bearer.T, feed.v1, feed.v1"], "feed.v1|feed.v1"),
            // The first three only look like a token.
            (
                &["bearer, bearerx, xbearer.y, bearer.T"],
                "bearer|bearerx|xbearer.y",
            ),
            // Only the token: no subprotocol is left to agree on.
            (&["bearer.T"], "none"),
            (&["", "bearer.T", " , "], "none"),
        ] {
            offer_text(&layer, &token, lines)
                .await
                .assert_passed(&format!("alice {seen}"));
        }
    }
}

#[tokio::test]
async fn a_bad_token_is_refused() {
    let ([at_once, optional, waits], token) = protected();
    let cut = &token[..token.len() - 1];
    let tokens = TestTokens::new();
    for layer in [at_once, optional, waits] {
        for bad in [
            "bearer.abc",
            "feed.v1, bearer.a.b.c",
            "bearer.T.T",
            "bearer. T",
            "bearer.\"T\"",
            "bearer.bearer.T",
            "bearer.Bearer T",
        ] {
            offer_text(&layer, &token, &[bad]).await.assert_refused(
                401,
                "invalid_token",
                "token_invalid",
            );
        }
        offer_text(&layer, cut, &["bearer.T"]).await.assert_refused(
            401,
            "invalid_token",
            "token_invalid",
        );
    }
    let expired = layer_of(&tokens, [TokenSource::websocket_protocol()]);
    let answer = offer_text(
        &expired,
        bare(&tokens.expired_bearer("alice")),
        &["feed.v1, bearer.T"],
    )
    .await;
    answer.assert_refused(401, "invalid_token", "token_expired");
}

#[tokio::test]
async fn an_entry_without_a_token_is_malformed() {
    let (layers, token) = protected();
    for layer in layers {
        for lines in [
            &["bearer."][..],
            &["feed.v1, bearer. , x"],
            &["a", "bearer."],
        ] {
            offer_text(&layer, &token, lines).await.assert_refused(
                400,
                "invalid_request",
                "token_malformed",
            );
        }
    }
}

#[tokio::test]
async fn two_entries_are_an_invalid_request() {
    let (layers, token) = protected();
    for layer in layers {
        for lines in [
            &["bearer.T, bearer.T"][..],
            &["bearer.T, feed.v1, bearer.abc"],
            &["bearer.abc", "bearer.T"],
            &["bearer.T", "feed.v1", "bearer."],
        ] {
            offer_text(&layer, &token, lines).await.assert_refused(
                400,
                "invalid_request",
                "token_malformed",
            );
        }
        let (entry, header) = (format!("bearer.{token}"), format!("Bearer {token}"));
        let beside = offer(
            &layer,
            &[entry.as_bytes()],
            &[("authorization", header.as_bytes())],
        )
        .await;
        beside.assert_refused(400, "invalid_request", "token_malformed");
    }
}

#[tokio::test]
async fn without_an_entry_the_protocols_stay_as_they_are() {
    let ([at_once, optional, waits], token) = protected();
    let lines = ["c, b", "a", "bearer", "bearerT", "x.bearer.y"];
    for layer in [&at_once, &waits] {
        offer_text(layer, "t", &lines).await.assert_token_missing();
    }
    offer_text(&optional, "t", &lines)
        .await
        .assert_passed("nobody c|b|a|bearer|bearert|x.bearer.y");
    offer_text(&optional, "t", &[])
        .await
        .assert_passed("nobody none");
    // The token came in the header.
    let header = format!("Bearer {token}");
    for layer in [at_once, optional, waits] {
        let answer = offer(&layer, &[b"b, a"], &[("authorization", header.as_bytes())]).await;
        answer.assert_passed("alice b|a");
    }
}

#[tokio::test]
async fn a_layer_that_does_not_look_there_takes_nothing_out() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    offer_text(&layer, "t", &["feed.v1, bearer.T"])
        .await
        .assert_token_missing();
    let header = tokens.bearer("alice");
    let answer = offer(
        &layer,
        &[b"feed.v1, bearer.abc"],
        &[("authorization", header.as_bytes())],
    )
    .await;
    answer.assert_passed("alice feed.v1|bearer.abc");
}

/// A line that is not text has no token that counts, and passes none on.
#[tokio::test]
async fn a_line_that_is_no_text_lets_nobody_in_and_tells_nothing() {
    let ([at_once, optional, waits], token) = protected();
    for line in [
        format!("bearer.{token}, caf\u{e9}"),
        format!("feed.v1, bearer.{token}\u{e9}"),
    ] {
        for layer in [&at_once, &waits] {
            let answer = offer(layer, &[line.as_bytes()], &[]).await;
            assert_eq!(answer.status, 401, "{answer:?}");
            assert!(
                answer
                    .challenge()
                    .is_some_and(|challenge| challenge.starts_with("Bearer")),
                "{answer:?}"
            );
        }
        let answer = offer(&optional, &[line.as_bytes(), b"feed.v2"], &[]).await;
        assert!(!answer.body.contains("bearer."), "{answer:?}");
    }
    // Beside a well-formed line, the token is good.
    let entry = format!("bearer.{token}");
    for layer in [at_once, optional, waits] {
        let answer = offer(&layer, &[b"\xff\xfe", entry.as_bytes(), b"feed.v1"], &[]).await;
        assert_eq!(
            (answer.status, answer.challenge()),
            (200, None),
            "{answer:?}"
        );
        assert!(
            answer.body.starts_with("alice") && answer.body.ends_with("feed.v1"),
            "{answer:?}"
        );
    }
}
