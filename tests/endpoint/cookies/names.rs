//! Cookies with names of their own, and cookies that end with the browser.

use http::Request;
use http::header::COOKIE;
use support::{App, HOUR, Received, form, log_in_form, send, with_header};
use tower::ServiceExt;
use tower_bearer::{AuthEndpoints, CookieDelivery, Identity};

use super::{jar, set_cookies};

async fn post(endpoints: &AuthEndpoints, path: &str, cookie: &str) -> Received {
    let credentials = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    let mut request = with_header(form(path, &credentials), "sec-fetch-site", "same-origin");
    if !cookie.is_empty() {
        request = with_header(request, "cookie", cookie);
    }
    let answer = Received::read(endpoints.clone().oneshot(request)).await;
    answer.assert_not_stored();
    answer
}

/// The names of the cookies that an answer sets.
fn names(answer: &Received) -> Vec<String> {
    set_cookies(answer)
        .into_iter()
        .map(|(name, ..)| name)
        .collect()
}

#[tokio::test]
async fn two_kinds_of_users_have_cookies_of_two_names() {
    let (customers, staff) = (App::new(), App::new());
    let of_customers = customers.endpoints().with_cookies(CookieDelivery::new());
    let cookies = CookieDelivery::new()
        .with_name("staff")
        .unwrap()
        .with_access_token();
    let of_staff = staff.endpoints().with_cookies(cookies.clone());

    let customer = jar(&post(&of_customers, "/login", "").await);
    let answer = post(&of_staff, "/login", &customer).await;
    assert_eq!(
        names(&answer),
        ["__Host-staff_refresh_token", "__Host-staff_access_token"]
    );
    let pairs: Vec<String> = set_cookies(&answer)
        .into_iter()
        .map(|(name, value, _)| format!("{name}={value}"))
        .collect();
    let both = format!("{customer}; {}", pairs.join("; "));

    // The browser sends all of them to both, and each reads its own.
    assert!(customer.starts_with("__Host-refresh_token="));
    assert_eq!(
        names(&post(&of_customers, "/refresh", &both).await),
        ["__Host-refresh_token"]
    );
    assert_eq!(
        names(&post(&of_staff, "/refresh", &both).await)[0],
        "__Host-staff_refresh_token"
    );
    let layer = staff.layer().with_token_sources(cookies.token_sources());
    let request = Request::builder()
        .header(COOKIE, &both)
        .header("sec-fetch-site", "same-origin")
        .body(String::new())
        .unwrap();
    send(&layer, request).await.assert_passed("alice");

    let out = post(&of_staff, "/logout", &both).await;
    assert_eq!(
        (out.status, names(&out)),
        (
            200,
            vec![
                "__Host-staff_refresh_token".into(),
                "__Host-staff_access_token".into()
            ]
        )
    );
    assert_eq!(
        (staff.live().await.len(), customers.live().await.len()),
        (0, 1)
    );
}

#[tokio::test]
async fn a_name_and_a_path_go_together() {
    let app = App::new();
    let cookies = CookieDelivery::new()
        .with_path("/auth")
        .unwrap()
        .with_name("staff")
        .unwrap();
    let answer = post(&app.endpoints().with_cookies(cookies), "/login", "").await;
    assert_eq!(names(&answer), ["__Secure-staff_refresh_token"]);
}

#[test]
fn a_name_that_no_cookie_may_have_is_an_error() {
    for wrong in [
        "",
        "a b",
        "a;b",
        "a=b",
        "a,b",
        "caf\u{e9}",
        "a/b",
        "a.b",
        "a\"",
        "a\n",
    ] {
        let error = CookieDelivery::new().with_name(wrong).unwrap_err();
        let sentence = error.to_string();
        assert!(
            sentence.contains("use ASCII letters, digits, `-` and `_`"),
            "{sentence}"
        );
    }
    let _named = CookieDelivery::new().with_name("Staff-2_b").unwrap();
}

#[tokio::test]
async fn a_login_that_ends_with_the_browser_sets_cookies_that_do_so_at_refresh_too() {
    let app = App::new();
    app.users
        .authenticate_as(|_| Identity::new("alice").until_browser_closes().into());
    let endpoints = app
        .endpoints()
        .with_cookies(CookieDelivery::new().with_access_token());
    let mut answer = post(&endpoints, "/login", "").await;
    for _ in 0..3 {
        let cookies = set_cookies(&answer);
        assert_eq!(cookies.len(), 2);
        for (name, _, attributes) in &cookies {
            let ends = attributes.iter().any(|attribute| {
                attribute.starts_with("max-age") || attribute.starts_with("expires")
            });
            assert!(
                !ends && attributes.contains(&"httponly".to_owned()),
                "{name}: {attributes:?}"
            );
        }
        // The session itself ends as its lifetimes say.
        assert_eq!(answer.json()["refresh_token_expires_in"], 604_800);
        assert_eq!(
            answer.json()["until_browser_closes"],
            true,
            "the page hears it"
        );
        app.clock.advance(HOUR);
        let jar: Vec<String> = cookies
            .into_iter()
            .map(|(name, value, _)| format!("{name}={value}"))
            .collect();
        answer = post(&endpoints, "/refresh", &jar.join("; ")).await;
    }
    // A logout clears them at once.
    let jar: Vec<String> = set_cookies(&answer)
        .into_iter()
        .map(|(name, value, _)| format!("{name}={value}"))
        .collect();
    let out = post(&endpoints, "/logout", &jar.join("; ")).await;
    assert!(
        set_cookies(&out)
            .iter()
            .all(|(_, value, attributes)| value.is_empty()
                && attributes.contains(&"max-age=0".into()))
    );
}

#[tokio::test]
async fn the_application_reads_whether_a_session_ends_with_the_browser() {
    let app = App::new();
    let tokens = app
        .sessions
        .start(Identity::new("alice").until_browser_closes())
        .await
        .unwrap();
    assert!(
        tokens.is_until_browser_closes()
            && app.row(tokens.session_id()).await.until_browser_closes()
    );
    let next = app
        .sessions
        .refresh(tokens.refresh_token().unwrap().clone())
        .await
        .unwrap();
    assert!(next.is_until_browser_closes());
    assert_eq!(app.send(log_in_form()).await.status, 200);
}
