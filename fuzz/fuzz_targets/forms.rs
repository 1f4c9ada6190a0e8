//! Requests to the endpoints: forms, JSON, and whatever else.

#![no_main]

use std::borrow::Cow;

use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower::ServiceExt;
use tower_bearer::Identity;
use tower_bearer::test_util::TestTokens;
use tower_bearer_fuzz::{
    Body, CANARY, Log, PASSWORD, Reply, USER, block_on, logged, request, sessions,
};

fuzz_target!(|input: &[u8]| {
    let tokens = TestTokens::new();
    let sessions = sessions(&tokens).build().expect("the settings are right");
    let begun = block_on(sessions.start(Identity::new(USER))).expect("a session");
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
    let logged = logged(&request);
    let (parts, body) = request.into_parts();
    let body = block_on(body.collect()).expect("it is there").to_bytes();
    let (has_access, has_refresh) = (
        parts
            .headers
            .values()
            .any(|value| has(value.as_bytes(), access)),
        has(&body, refresh),
    );
    let may_log_in = names_the_user(parts.headers.get(CONTENT_TYPE), &body);
    let path = parts.uri.path().to_owned();

    let log = Log::start();
    let request = Request::from_parts(parts, Body::new(body.clone()));
    let reply = Reply::read(sessions.endpoints().oneshot(request));
    let secrets = [access, refresh, PASSWORD];
    log.assert_harmless(&logged, &secrets);
    if reply.status == 200 {
        assert_eq!(reply.headers["cache-control"], "no-store", "{reply:?}");
        assert!(reply.body.len() <= 4096, "{} bytes", reply.body.len());
        let value: Value = serde_json::from_str(&reply.body).expect("JSON");
        let is_good = match &*path {
            "/login" => may_log_in,
            "/refresh" => has_refresh,
            "/token" => may_log_in || has_refresh,
            // It needs the session and the password.
            "/reauthenticate" => has_access && has(&body, PASSWORD),
            "/logout" => true,
            _ => has_access,
        };
        assert!(is_good, "{path}: {reply:?}");
        assert!(!value.is_null());
    } else if reply.status == 204 {
        assert!(has_access, "{reply:?}");
    } else {
        reply.assert_refusal(&secrets);
        // A refused client must not get a token.
        assert!(!reply.body.contains("rt1_"), "{reply:?}");
    }
});

fn has(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

/// Returns whether another reader finds the user and their password in a body.
fn names_the_user(media_type: Option<&http::HeaderValue>, body: &[u8]) -> bool {
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if media_type.to_ascii_lowercase().contains("json") {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        return value["username"] == USER && value["password"] == PASSWORD;
    }
    let one = |wanted: &str| {
        let all = form_urlencoded::parse(body).filter(|(name, _)| name == wanted);
        let all: Vec<Cow<'_, str>> = all.map(|(_, value)| value).collect();
        (all.len() == 1).then(|| all.concat())
    };
    one("username").as_deref() == Some(USER) && one("password").as_deref() == Some(PASSWORD)
}
