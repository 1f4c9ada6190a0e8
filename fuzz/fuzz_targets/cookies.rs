//! Requests of browsers: the cookies that come, those that are set, and the pages of other sites.

#![no_main]

use http::header::{COOKIE, SET_COOKIE};
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{CookieDelivery, Identity};
use tower_bearer_fuzz::{CANARY, Log, PASSWORD, Reply, block_on, logged, request, sessions};

fuzz_target!(|input: &[u8]| {
    let tokens = TestTokens::new();
    let sessions = sessions(&tokens)
        .public_origin(OURS)
        .build()
        .expect("the settings are right");
    let begun = block_on(sessions.start(Identity::new("alice"))).expect("a session");
    let access = begun.access_token().secret();
    let refresh = begun
        .refresh_token()
        .expect("it was not taken away")
        .secret();
    let words = [
        ("$ACCESS", access),
        ("$REFRESH", refresh),
        ("$PASSWORD", PASSWORD),
        ("$CANARY", CANARY),
    ];
    let Some(request) = request(input, &words) else {
        return;
    };
    let (logged, headers) = (logged(&request), request.headers().clone());
    let cookies = CookieDelivery::new()
        .with_access_token()
        .with_origin(LISTED);
    let endpoints = sessions
        .endpoints()
        .with_cookies(cookies.expect("an origin"));
    let log = Log::start();
    let reply = Reply::read(endpoints.oneshot(request));
    let secrets = [access, refresh, PASSWORD];
    log.assert_harmless(&logged, &secrets);

    let set: Vec<&str> = reply.headers.get_all(SET_COOKIE).iter().map(text).collect();
    assert!(set.len() <= 8, "{reply:?}");
    for cookie in &set {
        let name = cookie.split('=').next().unwrap_or_default();
        assert!(NAMES.contains(&name), "{cookie}");
        for attribute in ["HttpOnly", "Secure", "Path=/", "SameSite="] {
            assert!(cookie.contains(attribute), "{cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
        assert!(cookie.len() <= 4096, "{cookie}");
    }
    if !(200..300).contains(&reply.status) {
        assert!(set.is_empty(), "a refusal sets a cookie: {reply:?}");
        reply.assert_refusal(&secrets);
    }
    // Only a page of ours, or of a listed origin, gets cookies.
    let says = |name: &str, any: &[&str]| {
        let mut values = headers.get_all(name).iter();
        // A host has no case.
        let is = |value: &[u8]| {
            any.iter()
                .any(|one| value.eq_ignore_ascii_case(one.as_bytes()))
        };
        values.any(|value| is(value.as_bytes()))
    };
    let is_ours =
        says("sec-fetch-site", &["same-origin", "none"]) || says("origin", &[OURS, LISTED]);
    let is_empty = |cookie: &&str| cookie.contains("=;");
    assert!(
        is_ours || set.iter().all(is_empty),
        "another site sets cookies: {reply:?}"
    );
    // A refresh token that came in no cookie and no body is not there.
    let is_sent = headers
        .get_all(COOKIE)
        .iter()
        .any(|line| has(line.as_bytes(), refresh));
    let is_in_body = has(input, "$REFRESH") || has(input, refresh);
    if reply.body.contains("access_token") {
        assert!(is_sent || is_in_body || has(input, "$PASSWORD") || has(input, PASSWORD));
    }
    // A script never sees the refresh token that a cookie has.
    if set
        .iter()
        .any(|cookie| cookie.starts_with("__Host-refresh_token=rt1_"))
    {
        assert!(!reply.body.contains("rt1_"), "{reply:?}");
    }
});

fn text(value: &http::HeaderValue) -> &str {
    value.to_str().expect("a cookie of text")
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

const OURS: &str = "https://api.example.com";
const LISTED: &str = "https://app.example.com";
const NAMES: [&str; 3] = [
    "__Host-refresh_token",
    "__Host-access_token",
    "__Host-device_mark",
];
