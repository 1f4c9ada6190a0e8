//! The access token as a second cookie, which the layer reads.

use http::header::{COOKIE, SET_COOKIE};
use http::{Request, Response};
use support::{App, Log, Received, ask, form, with_header};
use tower::ServiceExt;
use tower_bearer::{CookieDelivery, Grant, Identity};

use super::{OWN, REFRESH, Site, set_cookies};

// requirements 62, 63, 66a
#[tokio::test]
async fn the_access_token_may_be_a_cookie_too_which_the_layer_reads() {
    let site = Site::new(CookieDelivery::new().with_access_token());
    let answer = site.log_in().await;
    let cookies = set_cookies(&answer);
    assert_eq!(
        cookies.iter().map(|(name, ..)| &**name).collect::<Vec<_>>(),
        [REFRESH, "__Host-access_token"]
    );
    let mut attributes = cookies[1].2.clone();
    attributes.sort();
    assert_eq!(
        attributes,
        [
            "httponly",
            "max-age=1800",
            "path=/",
            "samesite=lax",
            "secure"
        ]
    );

    let jar: Vec<String> = cookies
        .iter()
        .map(|(name, value, _)| format!("{name}={value}"))
        .collect();
    let jar = jar.join("; ");
    let layer = site
        .sessions
        .layer()
        .with_token_sources(site.cookies.token_sources());
    let by_cookie = |site: &str| {
        Request::builder()
            .header(COOKIE, &jar)
            .header("sec-fetch-site", site)
            .body(String::new())
            .unwrap()
    };
    support::send(&layer, by_cookie("same-origin"))
        .await
        .assert_passed("alice");
    support::send(&layer, by_cookie("cross-site"))
        .await
        .assert_token_missing();
    ask(
        &layer,
        &format!("Bearer {}", answer.json()["access_token"].as_str().unwrap()),
    )
    .await
    .assert_passed("alice");

    // The endpoints for those who are logged in read it too, and a logout takes both.
    let sessions = Request::get("/sessions")
        .header(COOKIE, &jar)
        .header("sec-fetch-site", "same-origin");
    let list = Received::of(
        site.endpoints
            .clone()
            .oneshot(sessions.body(String::new()).unwrap())
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(
        (
            list.status,
            list.json()["sessions"].as_array().unwrap().len()
        ),
        (200, 1)
    );
    let out = site
        .post("/logout-everywhere", &[OWN[0], ("cookie", &jar)], "")
        .await;
    assert_eq!((out.status, set_cookies(&out).len()), (200, 2));
}

// requirement 66
#[tokio::test]
async fn an_access_token_that_browsers_would_drop_is_not_set() {
    let name = "__Host-access_token";
    let app = App::new();
    let cookies = CookieDelivery::new().with_access_token();
    let parts = Request::new(()).into_parts().0;
    let log_in = async |filler: usize| {
        app.users
            .grant(Grant::new().with_claim("filler", "x".repeat(filler)));
        app.sessions.start(Identity::new("alice")).await.unwrap()
    };
    let size = async |filler| name.len() + log_in(filler).await.access_token().secret().len();
    // Base64 makes four characters of three bytes.
    let nearly = (4096 - size(0).await) / 4 * 3 - 9;
    let mut seen = [false; 2];
    for filler in nearly..nearly + 18 {
        let tokens = log_in(filler).await;
        let fits = name.len() + tokens.access_token().secret().len() <= 4096;
        let answer = cookies.set_cookies(&tokens, &parts, Response::new(()));
        let lines = answer.headers().get_all(SET_COOKIE).iter();
        let names: Vec<_> = lines
            .map(|line| line.to_str().unwrap().split('=').next().unwrap())
            .collect();
        let expected: &[&str] = if fits { &[REFRESH, name] } else { &[REFRESH] };
        assert_eq!(names, expected, "{filler}");
        seen[usize::from(fits)] = true;
    }
    assert_eq!(seen, [true; 2]);
}

#[tokio::test]
async fn an_access_token_too_large_for_a_cookie_is_one_error_in_the_log() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    let endpoints = app
        .endpoints()
        .with_cookies(CookieDelivery::new().with_access_token());
    for (filler, errors) in [(100, 0), (5000, 1)] {
        app.users
            .grant(Grant::new().with_claim("filler", "x".repeat(filler)));
        let credentials = [
            ("username", "alice"),
            ("password", "wonderland-7"),
            ("delivery", "cookie"),
        ];
        let login = with_header(
            form("/login", &credentials),
            "sec-fetch-site",
            "same-origin",
        );
        log.take();
        let answer = Received::read(endpoints.clone().oneshot(login)).await;
        // The login itself is good, and the refresh token arrives.
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookies = set_cookies(&answer);
        assert_eq!(cookies[0].0, REFRESH);
        assert_eq!(cookies.len(), 2 - errors);
        let mut said = log.take_our_own();
        said.retain(|line| line.contains("ERROR"));
        assert_eq!(said.len(), errors, "{said:?}");
        for line in said {
            assert!(
                line.contains("too large for a cookie") && line.contains("grant fewer claims"),
                "{line}"
            );
            let token = answer.json()["access_token"].to_string();
            support::assert_silent_about(&line, &[token.trim_matches('"')]);
        }
    }
}
