//! A late answer: an older token never overwrites a newer one, and what the browser has it keeps.

use http::request::Parts;
use http::{Request, Response};
use support::{App, MINUTE};
use tower_bearer::{CookieDelivery, Identity, TokenResponse};

/// The head of a request with this cookie.
fn holding(token: Option<&TokenResponse>) -> Parts {
    let mut request = Request::get("/callback").header("sec-fetch-site", "same-origin");
    if let Some(token) = token {
        request = request.header(
            "cookie",
            format!("__Host-refresh_token={}", refresh_token(token)),
        );
    }
    request.body(()).unwrap().into_parts().0
}

fn refresh_token(tokens: &TokenResponse) -> &str {
    tokens.refresh_token().unwrap().secret()
}

/// The refresh token that a handler of the application's own sets.
fn set(cookies: &CookieDelivery, tokens: &TokenResponse, parts: &Parts) -> Option<String> {
    let answer = cookies.set_cookies(
        tokens,
        parts,
        Response::builder().status(303).body(()).unwrap(),
    );
    assert_eq!(answer.status(), 303);
    let lines: Vec<&str> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap())
        .collect();
    assert!(lines.len() <= 1, "{lines:?}");
    let value = lines
        .first()?
        .strip_prefix("__Host-refresh_token=")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    Some(value.to_owned())
}

/// Three generations of one session.
async fn generations(app: &App) -> [TokenResponse; 3] {
    let first = app.sessions.start(Identity::new("alice")).await.unwrap();
    app.clock.advance(MINUTE);
    let second = app
        .sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap();
    app.clock.advance(MINUTE);
    let third = app
        .sessions
        .refresh(second.refresh_token().unwrap().clone())
        .await
        .unwrap();
    [first, second, third]
}

#[tokio::test]
async fn a_newer_token_is_set_and_an_older_or_equal_one_is_not() {
    let app = App::new();
    let cookies = CookieDelivery::new();
    let generations = generations(&app).await;
    for (made, tokens) in generations.iter().enumerate() {
        for (held, held_tokens) in generations.iter().enumerate() {
            let expected = (made > held).then(|| refresh_token(tokens).to_owned());
            assert_eq!(
                set(&cookies, tokens, &holding(Some(held_tokens))),
                expected,
                "{made} to a browser that has {held}"
            );
        }
        assert_eq!(
            set(&cookies, tokens, &holding(None)).as_deref(),
            Some(refresh_token(tokens))
        );
    }
}

#[tokio::test]
async fn a_token_of_another_session_is_set_whatever_its_age() {
    let app = App::new();
    let cookies = CookieDelivery::new();
    let [_, _, newest] = generations(&app).await;
    let other = app.sessions.start(Identity::new("alice")).await.unwrap();
    assert_eq!(
        set(&cookies, &other, &holding(Some(&newest))).as_deref(),
        Some(refresh_token(&other))
    );
    assert_eq!(
        set(&cookies, &newest, &holding(Some(&other))).as_deref(),
        Some(refresh_token(&newest))
    );
}

#[tokio::test]
async fn what_is_not_a_token_is_overwritten() {
    let app = App::new();
    let cookies = CookieDelivery::new();
    let tokens = app.sessions.start(Identity::new("alice")).await.unwrap();
    for held in ["", "nonsense", "rt1_", "rt1_nonsense"] {
        let request = Request::get("/")
            .header("cookie", format!("__Host-refresh_token={held}"))
            .body(())
            .unwrap();
        assert_eq!(
            set(&cookies, &tokens, &request.into_parts().0).as_deref(),
            Some(refresh_token(&tokens)),
            "{held:?}"
        );
    }
}

/// The endpoint, too: the token is in the body, and the browser has a newer one already.
#[tokio::test]
async fn a_late_refresh_sets_nothing_that_is_older() {
    let app = App::new();
    let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
    let first = app.sessions.start(Identity::new("alice")).await.unwrap();
    app.clock.advance(MINUTE);
    let second = app
        .sessions
        .refresh(first.refresh_token().unwrap().clone())
        .await
        .unwrap();
    let third = app
        .sessions
        .refresh(second.refresh_token().unwrap().clone())
        .await
        .unwrap();
    // Within the overlap the second token is answered with the third: the browser has it.
    let request = support::form(
        "/refresh",
        &[
            ("refresh_token", refresh_token(&second)),
            ("delivery", "cookie"),
        ],
    );
    let cookie = format!("__Host-refresh_token={}", refresh_token(&third));
    let request = support::with_header(
        support::with_header(request, "cookie", &cookie),
        "sec-fetch-site",
        "same-origin",
    );
    let answer = support::Received::read(tower::ServiceExt::oneshot(endpoints, request)).await;
    assert_eq!(
        (answer.status, super::set_cookies(&answer).len()),
        (200, 0),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_older_access_token_never_overwrites_a_newer_one() {
    let app = App::new();
    let cookies = CookieDelivery::new().with_access_token();
    let [_, older, newer] = generations(&app).await;
    let cookie = |name: &str, value: &str| format!("__Host-{name}={value}");
    let held = [
        cookie("refresh_token", refresh_token(&newer)),
        cookie("access_token", newer.access_token().secret()),
    ];
    let parts = Request::get("/callback")
        .header("cookie", held.join("; "))
        .body(())
        .unwrap()
        .into_parts()
        .0;
    for tokens in [&newer, &older] {
        let answer = cookies.set_cookies(tokens, &parts, Response::new(()));
        assert_eq!(
            answer.headers().get_all("set-cookie").iter().count(),
            0,
            "{:?}",
            tokens.claims().expires_at()
        );
    }
}
