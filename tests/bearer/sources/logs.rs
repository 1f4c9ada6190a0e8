//! Wherever a token came from, neither the log nor a `Debug` shows it.

use http::Request;
use support::{Log, assert_silent_about, hello, send, sessions_of, tickets_of};
use tower::{Layer, ServiceExt};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::{AccessTokenWatch, Tickets, TokenSource};
use tower_bearer::keys::AccessToken;
use tower_bearer::test_util::TestTokens;

use crate::sources::{bare, cookie, own_header, with_headers};

fn everywhere(tokens: &TestTokens, tickets: &Tickets) -> BearerAuthLayer {
    let sources = [
        TokenSource::header(),
        cookie(),
        TokenSource::websocket_protocol(),
        TokenSource::ticket(tickets),
        own_header(),
    ];
    BearerAuthLayer::new(tokens.verifier()).with_token_sources(sources)
}

/// This token, in each place by itself.
fn in_each_place(token: &str) -> Vec<Request<String>> {
    let header = format!("Bearer {token}");
    let in_cookie = format!("a=b; session={token}");
    let entry = format!("feed.v1, bearer.{token}");
    let mut requests: Vec<_> = [
        ("authorization", header),
        ("cookie", in_cookie),
        ("sec-websocket-protocol", entry),
        ("x-token", token.to_owned()),
    ]
    .map(|(name, value)| with_headers([(name, value.as_bytes())]))
    .into();
    requests.push(
        Request::get(format!("/feed?ticket={token}"))
            .body(String::new())
            .unwrap(),
    );
    requests
}

#[tokio::test]
async fn what_passes_and_what_is_refused_leaves_no_token_in_the_log() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = everywhere(&tokens, &tickets_of(&tokens));
    let (good, expired) = (tokens.bearer("alice"), tokens.expired_bearer("alice"));
    let forged = TestTokens::new().bearer("alice");
    let secrets = [
        bare(&good),
        bare(&expired),
        bare(&forged),
        "xXmarkXx-xXmarkXx",
    ];
    for token in secrets {
        for request in in_each_place(token) {
            send(&layer, request.clone()).await;
            send(&layer.clone().require_scope("admin"), request.clone()).await;
            // Two of them.
            let mut twice = request;
            twice
                .headers_mut()
                .append("authorization", format!("Bearer {token}").parse().unwrap());
            twice.headers_mut().append(
                "cookie",
                format!("session={token}; session={token}").parse().unwrap(),
            );
            send(&layer, twice).await;
        }
    }
    let said = log.text();
    for reason in [
        "token_malformed",
        "token_expired",
        "token_invalid",
        "scope_missing",
    ] {
        assert!(said.contains(reason), "{said}");
    }
    assert_silent_about(&said, &secrets);
}

#[tokio::test]
async fn a_cookie_from_elsewhere_is_not_logged() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = everywhere(&tokens, &tickets_of(&tokens));
    let good = tokens.bearer("alice");
    let in_cookie = format!("session={}; a=xXmarkXx-xXmarkXx", bare(&good));
    let headers = [
        ("cookie", in_cookie.as_bytes()),
        ("sec-fetch-site", &b"cross-site"[..]),
        ("origin", b"https://xXmarkXx-elsewhere.test"),
    ];
    send(&layer, with_headers(headers))
        .await
        .assert_token_missing();
    let said = log.text();
    assert!(said.contains("token_missing"), "{said}");
    assert_silent_about(
        &said,
        &[bare(&good), "xXmarkXx-xXmarkXx", "xXmarkXx-elsewhere"],
    );
}

#[tokio::test]
async fn a_ticket_is_not_logged_spent_or_not() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let tickets = tickets_of(&tokens);
    let layer = everywhere(&tokens, &tickets);
    let claims = tokens
        .verifier()
        .verify(bare(&tokens.bearer("alice")))
        .unwrap();
    let ticket = tickets.issue(&claims).await.unwrap();
    let ask = || {
        Request::get(format!("/feed?ticket={}", ticket.secret()))
            .body(String::new())
            .unwrap()
    };
    send(&layer, ask()).await.assert_passed("alice");
    send(&layer, ask())
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    let said = log.text();
    assert!(said.contains("/feed"), "{said}");
    assert_silent_about(&said, &[ticket.secret()]);
    let waiting = tickets.issue(&claims).await.unwrap();
    for shown in [
        format!("{tickets:?} {tickets:#?} {waiting:?}"),
        format!("{layer:?} {layer:#?}"),
    ] {
        assert_silent_about(&shown, &[ticket.secret(), waiting.secret()]);
    }
}

#[tokio::test]
async fn no_debug_shows_what_a_source_knows() {
    let secret = "xXmarkXx-xXmarkXx";
    let captured = secret.to_owned();
    let function = TokenSource::from_fn(move |_| Some(AccessToken::new(captured.clone())));
    let tokens = TestTokens::new();
    let layer =
        BearerAuthLayer::new(tokens.verifier()).with_token_sources([function.clone(), cookie()]);
    let service = layer.layer(0);
    for shown in [
        format!("{function:?}"),
        format!("{layer:?} {layer:#?}"),
        format!("{service:?} {service:#?}"),
    ] {
        assert_silent_about(&shown, &[secret]);
    }
    // `Debug` may show where the layer looks.
    assert!(format!("{layer:?}").contains("session"));
}

#[tokio::test]
async fn neither_an_answer_nor_a_watch_shows_the_token() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let pair = support::log_in(&sessions, "alice").await;
    let layer = sessions.layer().with_token_sources([
        TokenSource::header(),
        TokenSource::websocket_protocol(),
        cookie(),
    ]);
    let token = pair.access_token().secret();
    for request in in_each_place(token).into_iter().take(3) {
        let future = layer.layer(hello()).oneshot(request.clone());
        let response = future.await.unwrap();
        assert_eq!(response.status(), 200);
        assert_silent_about(&format!("{response:?}"), &[token]);
        let watched = layer.layer(tower::service_fn(async |request: Request<String>| {
            let watch = AccessTokenWatch::from_extensions(request.extensions()).expect("a watch");
            Ok::<_, std::convert::Infallible>(http::Response::new(format!("{watch:?} {watch:#?}")))
        }));
        let shown = support::Received::of(watched.oneshot(request).await.unwrap()).await;
        assert!(shown.body.contains("alice"), "{shown:?}");
        assert_silent_about(
            &shown.body,
            &[token, pair.refresh_token().unwrap().secret()],
        );
    }
}

/// The handler's request is often shown whole: the entry is not there any more.
#[tokio::test]
async fn what_the_handler_sees_of_the_protocols_shows_no_token() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_token_sources([TokenSource::websocket_protocol()]);
    let handler = tower::service_fn(async |request: Request<String>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(format!("{request:?}")))
    });
    let good = tokens.bearer("alice");
    let entry = format!("feed.v1, bearer.{}", bare(&good));
    let request = with_headers([("sec-websocket-protocol", entry.as_bytes())]);
    let answer = support::Received::of(layer.layer(handler).oneshot(request).await.unwrap()).await;
    assert!(answer.body.contains("feed.v1"), "{answer:?}");
    assert_silent_about(&answer.body, &[bare(&good)]);
}
