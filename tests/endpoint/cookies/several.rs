//! Several cookies of one name: of a neighbouring host, of an older path, of an earlier login.

use support::{App, Call, DAY, MINUTE, Received, Tokens, form, log_in_form, with_header};
use tower::ServiceExt;
use tower_bearer::session::Refresh;
use tower_bearer::{CookieDelivery, keys::RefreshToken};

use super::set_cookies;

const NAME: &str = "__Secure-refresh_token";

fn cookies() -> CookieDelivery {
    CookieDelivery::new().with_path("/auth").unwrap()
}

/// A request of our page, with these refresh cookies.
async fn post(app: &App, path: &str, held: &[&str]) -> Received {
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    let mut request = with_header(form(path, &credentials), "sec-fetch-site", "same-origin");
    let pairs: Vec<String> = held.iter().map(|value| format!("{NAME}={value}")).collect();
    if !pairs.is_empty() {
        request = with_header(
            request,
            "cookie",
            &format!("a=b; {}; c=d", pairs.join("; ")),
        );
    }
    let answer = Received::read(app.endpoints().with_cookies(cookies()).oneshot(request)).await;
    answer.assert_not_stored();
    answer
}

/// The refresh token that an answer sets.
fn set(answer: &Received) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookies = set_cookies(answer);
    let (name, value, _) = &cookies[0];
    assert_eq!(name, NAME);
    value.clone()
}

async fn logged_in(app: &App) -> Tokens {
    app.send(log_in_form()).await.tokens()
}

#[tokio::test]
async fn a_refresh_takes_the_one_that_is_good_wherever_it_is() {
    let app = App::new();
    let foreign = logged_in(&App::new()).await.refresh;
    let ended = logged_in(&app).await.refresh;
    assert_eq!(post(&app, "/logout", &[&ended]).await.status, 200);
    let mut good = logged_in(&app).await.refresh;
    let mut used = Vec::new();
    for others in [
        vec!["rt1_nonsense"],
        vec!["\u{e4}"],
        vec![&*foreign],
        vec![&*ended],
        vec!["rt1_nonsense", "x", "y", "z", &foreign, &ended],
    ] {
        for at in 0..=others.len() {
            app.clock.advance(MINUTE);
            let mut held = others.clone();
            held.insert(at, &good);
            let next = set(&post(&app, "/refresh", &held).await);
            used.push(std::mem::replace(&mut good, next));
        }
    }
    // A token of the same session that is used up does not raise an alarm.
    let oldest = used[0].clone();
    for held in [[&*oldest, &*good], [&*good, &*oldest]] {
        assert_eq!(post(&app, "/refresh", &held).await.status, 200, "{held:?}");
    }
    assert_eq!(app.live().await.len(), 1);
    // Alone it is one, as ever.
    app.clock.advance(MINUTE);
    let alone = post(&app, "/refresh", &[&oldest]).await;
    alone.assert_error(400, "invalid_grant", Some("refresh_reused"));
}

#[tokio::test]
async fn a_used_token_of_a_live_session_is_not_presented_beside_a_good_one() {
    let app = App::new();
    let good = logged_in(&app).await.refresh;
    app.clock.advance(MINUTE);
    // Its session is a later one, and goes on elsewhere, with newer tokens.
    let stale = logged_in(&app).await.refresh;
    let mut elsewhere = stale.clone();
    for _ in 0..3 {
        app.clock.advance(MINUTE);
        elsewhere = app.refresh(&elsewhere).await.tokens().refresh;
    }
    app.clock.advance(MINUTE);
    for held in [[&*stale, &*good], [&*good, &*stale]] {
        let answer = post(&app, "/refresh", &held).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert_eq!(app.live().await.len(), 2);
    app.refresh(&elsewhere).await.tokens();
}

#[tokio::test]
async fn of_two_logins_of_one_user_the_later_one_counts() {
    let app = App::new();
    let first = logged_in(&app).await;
    app.clock.advance(MINUTE);
    let second = logged_in(&app).await;
    app.clock.advance(MINUTE);
    for held in [
        [&*first.refresh, &*second.refresh],
        [&second.refresh, &first.refresh],
    ] {
        let answer = post(&app, "/refresh", &held).await.json();
        let access = answer["access_token"].as_str().unwrap();
        let session = support::claims_of(access)["sid"].clone();
        assert_eq!(session, second.session_id().to_string());
    }
}

/// A neighbouring host could have planted one of them, to let a user act as somebody else.
#[tokio::test]
async fn two_good_tokens_of_two_users_are_refused_until_the_next_login() {
    let app = App::new();
    let alice = logged_in(&app).await.refresh;
    let bob = [("username", "bob"), ("password", "wonderland-7")];
    let bob = app.send(form("/login", &bob)).await.tokens().refresh;
    for held in [[&*alice, &*bob], [&*bob, &*alice]] {
        let answer = post(&app, "/refresh", &held).await;
        answer.assert_error(400, "invalid_grant", Some("token_invalid"));
        assert!(set_cookies(&answer).is_empty());
    }
    let next = set(&post(&app, "/login", &[&alice, &bob]).await);
    set_or_same(&post(&app, "/refresh", &[&alice, &bob, &next]).await);
}

/// However many cookies a neighbouring host plants before the user's own.
#[tokio::test]
async fn planted_cookies_neither_switch_the_user_nor_hide_a_session_from_a_logout() {
    let app = App::new();
    let alice = logged_in(&app).await.refresh;
    let mallory = [("username", "mallory"), ("password", "wonderland-7")];
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let tokens = app.send(form("/login", &mallory)).await.tokens();
        sessions.push(tokens.refresh);
    }
    let junk: Vec<String> = (0..60).map(|n| format!("x{n}")).collect();
    let many: Vec<&str> = sessions.iter().map(|token| &**token).collect();
    let hidden: Vec<&str> = std::iter::once(&*sessions[0])
        .chain(junk.iter().map(|value| &**value))
        .collect();
    for planted in [many, hidden] {
        let held = [&planted[..], &[&alice]].concat();
        let answer = post(&app, "/refresh", &held).await;
        answer.assert_error(400, "invalid_grant", Some("token_invalid"));
    }
    let held: Vec<&str> = junk.iter().map(|value| &**value).chain([&*alice]).collect();
    assert_eq!(post(&app, "/logout", &held).await.status, 200);
    let answer = post(&app, "/refresh", &[&alice]).await;
    answer.assert_error(400, "invalid_grant", Some("session_revoked"));
}

/// A thief has rotated alice's token, and plants a good token of another user beside it.
#[tokio::test]
async fn a_used_token_of_a_live_session_counts_as_its_user() {
    let app = App::new();
    let alice = logged_in(&app).await.refresh;
    app.clock.advance(MINUTE);
    app.refresh(&alice).await.tokens();
    let mallory = [("username", "mallory"), ("password", "wonderland-7")];
    let mallory = app.send(form("/login", &mallory)).await.tokens().refresh;
    let answer = post(&app, "/refresh", &[&alice, &mallory]).await;
    answer.assert_error(400, "invalid_grant", Some("token_invalid"));
}

fn set_or_same(answer: &Received) {
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a_login_ends_the_sessions_of_all_and_a_logout_too() {
    for path in ["/login", "/logout"] {
        let app = App::new();
        let (one, two) = (logged_in(&app).await, logged_in(&app).await);
        let held = ["rt1_nonsense", &one.refresh, &two.refresh];
        let answer = post(&app, path, &held).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(app.live().await.len(), usize::from(path == "/login"));
        for tokens in [one, two] {
            app.me(&tokens.access)
                .await
                .assert_invalid_token("session_revoked");
        }
        // A logout also clears the cookies of the paths above.
        let paths: Vec<_> = set_cookies(&answer)
            .into_iter()
            .map(|(_, value, attributes)| {
                assert_eq!(value.is_empty(), path == "/logout");
                let path = attributes.into_iter().find(|one| one.starts_with("path="));
                path.unwrap()
            })
            .collect();
        match path {
            "/login" => assert_eq!(paths, ["path=/auth"]),
            _ => assert_eq!(paths, ["path=/auth", "path=/"]),
        }
    }
}

#[tokio::test]
async fn where_none_is_good_the_refusal_says_why_and_ends_nothing() {
    let app = App::new();
    let old = logged_in(&app).await.refresh;
    app.clock.advance(8 * DAY);
    let stale = logged_in(&app).await.refresh;
    let mut current = stale.clone();
    for _ in 0..2 {
        app.clock.advance(MINUTE);
        current = app.refresh(&current).await.tokens().refresh;
    }
    app.clock.advance(MINUTE);
    for held in [[&*old, &*stale], [&*stale, &*old]] {
        let answer = post(&app, "/refresh", &held).await;
        answer.assert_error(400, "invalid_grant", Some("session_expired"));
    }
    app.refresh(&current).await.tokens();
    let answer = post(&app, "/refresh", &["rt1_a", "rt1_b"]).await;
    answer.assert_error(400, "invalid_grant", Some("token_invalid"));
}

#[tokio::test]
async fn a_store_that_is_down_is_503_and_harms_nothing() {
    let app = App::new();
    let (one, two) = (logged_in(&app).await.refresh, logged_in(&app).await.refresh);
    app.store.set_fault(Some(support::StoreFault::All));
    post(&app, "/refresh", &[&one, &two])
        .await
        .assert_unavailable();
    app.store.set_fault(None);
    assert_eq!(post(&app, "/refresh", &[&one, &two]).await.status, 200);
}

#[tokio::test]
async fn a_handler_of_the_applications_own_does_the_same() {
    let app = App::new();
    let good = logged_in(&app).await.refresh;
    let parts = http::Request::get("/")
        .header(
            "cookie",
            format!("{NAME}=rt1_x; {NAME}={good}; {NAME}={good}"),
        )
        .body(())
        .unwrap()
        .into_parts()
        .0;
    let held = cookies();
    let held = held.refresh_tokens(&parts);
    assert_eq!(held, ["rt1_x", &good]);
    let refresh = Refresh::one_of(held.into_iter().map(RefreshToken::new));
    app.sessions.refresh(refresh).await.unwrap();
    let none = app.sessions.refresh(Refresh::one_of([])).await.unwrap_err();
    assert_eq!(none.reason(), Some("token_invalid"));
}

/// A form's handler, which knows only the head of its request.
#[tokio::test]
async fn a_login_and_a_logout_of_the_applications_own_end_every_session_of_the_browser() {
    use tower_bearer::session::RequestContext;
    use tower_bearer::{Login, PasswordCredentials};

    let cookies = CookieDelivery::new().with_access_token();
    for is_login in [true, false] {
        let app = App::new();
        let (one, two) = (logged_in(&app).await, logged_in(&app).await);
        let three = logged_in(&app).await;
        let line = format!(
            "__Host-refresh_token={}; __Host-refresh_token={}; __Host-access_token={}",
            one.refresh, two.refresh, three.access
        );
        let request = http::Request::post("/").header("cookie", line);
        let parts = request.body(()).unwrap().into_parts().0;
        let held = cookies.session_tokens(&parts);
        assert_eq!(held, [&*one.refresh, &*two.refresh, &*three.access]);
        if is_login {
            let credentials = PasswordCredentials::new("alice", "wonderland-7");
            let login = Login::from_request(credentials, RequestContext::from(&parts));
            let login = held.into_iter().fold(login, Login::replacing);
            app.sessions.log_in(login).await.unwrap();
        } else {
            for token in held {
                app.sessions.log_out(token).await.unwrap();
            }
        }
        assert_eq!(app.live().await.len(), usize::from(is_login));
        for tokens in [one, two, three] {
            let answer = app.me(&tokens.access).await;
            answer.assert_invalid_token("session_revoked");
        }
    }
    // Without an access token in its cookie, none is looked for.
    let parts = http::Request::get("/").header("cookie", "__Host-access_token=x");
    let parts = parts.body(()).unwrap().into_parts().0;
    assert_eq!(
        CookieDelivery::new().session_tokens(&parts),
        [] as [&str; 0]
    );
}

#[tokio::test]
async fn a_logout_with_many_tokens_of_one_session_ends_it_with_one_call() {
    let app = App::new();
    let mut held = vec![logged_in(&app).await.refresh];
    for _ in 0..20 {
        app.clock.advance(MINUTE);
        let next = app.refresh(held.last().unwrap()).await.tokens();
        held.push(next.refresh);
    }
    let held: Vec<&str> = held.iter().map(String::as_str).collect();
    app.store.take_calls();
    assert_eq!(post(&app, "/logout", &held).await.status, 200);
    let calls = |call| app.store.calls_of(call);
    assert_eq!((calls(Call::Find), calls(Call::Revoke)), (1, 1));
    assert_eq!(app.live().await.len(), 0);
}

/// To look at one is as dear as its signature.
#[tokio::test]
async fn a_logout_looks_at_four_access_tokens_at_most() {
    for name in [NAME, "__Host-access_token"] {
        let app = App::new();
        let mut pairs = Vec::new();
        for _ in 0..6 {
            pairs.push(format!("{name}={}", logged_in(&app).await.access));
        }
        let request = with_header(form("/logout", &[]), "sec-fetch-site", "same-origin");
        let request = with_header(request, "cookie", &pairs.join("; "));
        let endpoints = app.endpoints();
        let endpoints = endpoints.with_cookies(cookies().with_access_token());
        let answer = Received::read(endpoints.oneshot(request)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(app.live().await.len(), 2, "{name}");
    }
}
