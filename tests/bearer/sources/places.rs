//! Where a request may have its token: the list of places, and requests that have two (RFC 6750
//! section 2).

use http::{Method, Request};
use support::{SlowUsers, ask, send, without_token};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::TokenSource;
use tower_bearer::keys::AccessToken;
use tower_bearer::test_util::TestTokens;

use crate::sources::{bare, cookie, layer_of, own_header, with_headers};

/// One header for each explicit place, with this token.
fn explicit(token: &str) -> [(&'static str, String); 3] {
    [
        ("authorization", format!("Bearer {token}")),
        ("sec-websocket-protocol", format!("bearer.{token}")),
        ("x-token", token.to_owned()),
    ]
}

fn explicit_sources() -> [TokenSource; 3] {
    [
        TokenSource::header(),
        TokenSource::websocket_protocol(),
        own_header(),
    ]
}

fn request(headers: &[(&'static str, String)]) -> Request<String> {
    with_headers(
        headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes())),
    )
}

#[tokio::test]
async fn by_default_the_header_is_the_only_place() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let good = tokens.bearer("alice");
    let good = bare(&good);
    let [header, protocol, own] = explicit(good);
    send(&layer, request(&[header]))
        .await
        .assert_passed("alice");
    let in_cookies = [
        "session",
        "access_token",
        "token",
        "bearer",
        "Authorization",
    ]
    .map(|name| ("cookie", format!("{name}={good}")));
    for elsewhere in in_cookies.into_iter().chain([protocol, own]) {
        send(&layer, request(&[elsewhere]))
            .await
            .assert_token_missing();
    }
    for address in [format!("/?ticket={good}"), format!("/?access_token={good}")] {
        send(&layer, Request::get(address).body(String::new()).unwrap())
            .await
            .assert_token_missing();
    }
}

#[tokio::test]
async fn a_list_leaves_the_other_places_alone() {
    let tokens = TestTokens::new();
    let (good, bad) = (tokens.bearer("alice"), tokens.expired_bearer("alice"));
    for source in [cookie(), TokenSource::websocket_protocol(), own_header()] {
        let layer = layer_of(&tokens, [source]);
        // Valid, invalid or malformed: the token is not read.
        for header in [&*good, &bad, "Bearer", "Bearer a b"] {
            ask(&layer, header).await.assert_token_missing();
        }
    }
    let layer = layer_of(&tokens, [cookie()]);
    let good = bare(&good);
    let beside = [
        ("cookie", format!("session={good}")),
        ("authorization", "Bearer".to_owned()),
        ("x-token", "bad".to_owned()),
    ];
    send(&layer, request(&beside)).await.assert_passed("alice");
}

#[tokio::test]
async fn of_two_lists_the_later_counts() {
    let tokens = TestTokens::new();
    let layer = layer_of(&tokens, explicit_sources()).with_token_sources([own_header()]);
    let [header, protocol, own] = explicit(bare(&tokens.bearer("alice")));
    send(&layer, request(&[header, protocol, own.clone()]))
        .await
        .assert_passed("alice");
    let [header, protocol, _] = explicit(bare(&tokens.bearer("alice")));
    for elsewhere in [header, protocol] {
        send(&layer, request(&[elsewhere]))
            .await
            .assert_token_missing();
    }
}

#[tokio::test]
async fn without_any_place_nobody_bears_a_token() {
    let tokens = TestTokens::new();
    let layer = layer_of(&tokens, []);
    ask(&layer, &tokens.bearer("alice"))
        .await
        .assert_token_missing();
    ask(&layer.optional(), &tokens.bearer("alice"))
        .await
        .assert_passed("nobody");
}

#[tokio::test]
async fn each_place_is_enough_in_any_order_of_the_list() {
    let tokens = TestTokens::new();
    let good = tokens.bearer("alice");
    let mut sources = explicit_sources().to_vec();
    sources.push(cookie());
    for _ in 0..sources.len() {
        sources.rotate_left(1);
        let layer = layer_of(&tokens, sources.clone());
        for place in explicit(bare(&good)) {
            send(&layer, request(&[place])).await.assert_passed("alice");
        }
        send(
            &layer,
            request(&[("cookie", format!("session={}", bare(&good)))]),
        )
        .await
        .assert_passed("alice");
        send(&layer, without_token()).await.assert_token_missing();
    }
}

#[tokio::test]
async fn two_tokens_in_two_places_are_an_invalid_request() {
    let tokens = TestTokens::new();
    let layer = layer_of(&tokens, explicit_sources());
    let (good, other, bad) = (
        tokens.bearer("alice"),
        tokens.bearer("bob"),
        tokens.expired_bearer("alice"),
    );
    // The same one twice is two as well.
    for second in [&good, &other, &bad] {
        for (one, another) in [(0, 1), (0, 2), (1, 2)] {
            for [first, second] in [[&good, second], [second, &good]] {
                let places = [
                    explicit(bare(first))[one].clone(),
                    explicit(bare(second))[another].clone(),
                ];
                for layer in [layer.clone(), layer.clone().optional()] {
                    send(&layer, request(&places)).await.assert_refused(
                        400,
                        "invalid_request",
                        "token_malformed",
                    );
                }
            }
        }
    }
    send(&layer, request(&explicit(bare(&good))))
        .await
        .assert_refused(400, "invalid_request", "token_malformed");
}

#[tokio::test]
async fn another_scheme_is_no_token_beside_one() {
    let tokens = TestTokens::new();
    let layer = layer_of(&tokens, explicit_sources());
    let [_, protocol, own] = explicit(bare(&tokens.bearer("alice")));
    for place in [protocol, own] {
        let basic = ("authorization", "Basic YTpi".to_owned());
        send(&layer, request(&[basic, place]))
            .await
            .assert_passed("alice");
    }
}

#[tokio::test]
async fn a_header_that_holds_no_token_is_refused_whatever_else_there_is() {
    let tokens = TestTokens::new();
    let [_, protocol, own] = explicit(bare(&tokens.bearer("alice")));
    let in_cookie = (
        "cookie",
        format!("session={}", bare(&tokens.bearer("alice"))),
    );
    let layer = layer_of(&tokens, explicit_sources().into_iter().chain([cookie()]));
    for place in [protocol, own, in_cookie] {
        for malformed in ["Bearer", "Bearer ", "Bearer a b"] {
            let answer = send(
                &layer,
                request(&[place.clone(), ("authorization", malformed.to_owned())]),
            )
            .await;
            answer.assert_refused(400, "invalid_request", "token_malformed");
        }
    }
}

/// The browser sends the cookie by itself. A client that also sends a token of its own means that
/// token.
#[tokio::test]
async fn a_cookie_is_no_second_token_and_gives_way() {
    let tokens = TestTokens::new();
    let in_cookie = |bearer: &str| ("cookie", format!("session={}", bare(bearer)));
    let (alice, bob, expired) = (
        tokens.bearer("alice"),
        tokens.bearer("bob"),
        tokens.expired_bearer("alice"),
    );
    for cookie_first in [false, true] {
        let mut sources = explicit_sources().to_vec();
        sources.insert(if cookie_first { 0 } else { 3 }, cookie());
        let layer = layer_of(&tokens, sources);
        for place in 0..3 {
            let beside = |explicit_one: &str, cookie: &str| {
                request(&[
                    explicit(bare(explicit_one))[place].clone(),
                    in_cookie(cookie),
                ])
            };
            send(&layer, beside(&alice, &bob))
                .await
                .assert_passed("alice");
            send(&layer, beside(&alice, &alice))
                .await
                .assert_passed("alice");
            send(&layer, beside(&alice, &expired))
                .await
                .assert_passed("alice");
            // A bad token is not made good by a cookie.
            send(&layer, beside(&expired, &bob)).await.assert_refused(
                401,
                "invalid_token",
                "token_expired",
            );
            send(&layer, beside("Bearer abc", &bob))
                .await
                .assert_refused(401, "invalid_token", "token_invalid");
        }
    }
}

#[tokio::test]
async fn a_function_sees_the_whole_head_of_the_request() {
    let tokens = TestTokens::new();
    let source = TokenSource::from_fn(|parts| {
        let token = parts.extensions.get::<String>()?;
        let asked = parts.method == Method::PUT
            && parts.uri.path() == "/a"
            && parts.headers.contains_key("x-own");
        asked.then(|| AccessToken::new(token.clone()))
    });
    let layer = layer_of(&tokens, [source]);
    let mut asked = Request::put("/a?b")
        .header("x-own", "1")
        .body(String::new())
        .unwrap();
    asked
        .extensions_mut()
        .insert(bare(&tokens.bearer("alice")).to_owned());
    send(&layer, asked.clone()).await.assert_passed("alice");
    *asked.method_mut() = Method::POST;
    send(&layer, asked).await.assert_token_missing();
}

#[tokio::test]
async fn what_a_function_finds_is_checked_like_any_token() {
    let tokens = TestTokens::new();
    let (expired, foreign) = (
        tokens.expired_bearer("alice"),
        TestTokens::new().bearer("alice"),
    );
    let more = format!("{} ", bare(&tokens.bearer("alice")));
    for layer in [
        layer_of(&tokens, [own_header()]),
        layer_of(&tokens, [own_header()]).optional(),
    ] {
        for (bad, reason) in [
            (bare(&expired), "token_expired"),
            (bare(&foreign), "token_invalid"),
            ("abc", "token_invalid"),
        ] {
            send(&layer, request(&[("x-token", bad.to_owned())]))
                .await
                .assert_refused(401, "invalid_token", reason);
        }
    }
    // Tokens that no header could hold.
    for odd in [
        String::new(),
        more,
        "\n".to_owned(),
        "caf\u{e9}".to_owned(),
        "\0".to_owned(),
        "a".repeat(1_000_000),
    ] {
        let layer = layer_of(
            &tokens,
            [TokenSource::from_fn(move |_| {
                Some(AccessToken::new(odd.clone()))
            })],
        );
        send(&layer, without_token())
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
}

#[tokio::test]
async fn every_place_does_where_the_request_has_to_wait() {
    let tokens = TestTokens::new();
    let layer = layer_of(&tokens, explicit_sources().into_iter().chain([cookie()]))
        .with_user_loader(SlowUsers);
    let good = tokens.bearer("alice");
    for place in explicit(bare(&good))
        .into_iter()
        .chain([("cookie", format!("session={}", bare(&good)))])
    {
        send(&layer, request(&[place])).await.assert_passed("alice");
    }
    send(&layer, request(&explicit("abc")[1..2]))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    let [header, protocol, _] = explicit(bare(&good));
    send(&layer, request(&[header, protocol]))
        .await
        .assert_refused(400, "invalid_request", "token_malformed");
}
