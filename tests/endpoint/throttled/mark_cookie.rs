//! The cookie that keeps the mark of a device: its name, its attributes, and how long it lives.

use std::time::Duration;

use http::{Request, Response};
use support::{App, Received, with_header};
use tower_bearer::throttle::LoginThrottle;
use tower_bearer::{CookieDelivery, Identity, MemoryStore, Outcome};

use super::attempt;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The header of the mark's cookie, with `MARK` in place of the mark.
fn line_of(headers: &http::HeaderMap) -> String {
    let mut lines = headers.get_all("set-cookie").iter();
    let line = lines.find_map(|line| line.to_str().unwrap().split_once("device_mark=dm1_"));
    let (name, rest) = line.expect("no mark");
    let (_, attributes) = rest.split_once(';').unwrap();
    format!("{name}device_mark=MARK;{attributes}")
}

async fn logged_in(app: &App, cookies: CookieDelivery, headers: &[(&'static str, &str)]) -> String {
    let fields = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    let mut request = attempt("/login", &fields, "203.0.113.7");
    for (name, value) in headers {
        request = with_header(request, name, value);
    }
    let endpoints = app.endpoints().with_cookies(cookies);
    let answer = Received::read(tower::ServiceExt::oneshot(endpoints, request)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    line_of(&answer.headers)
}

fn with_lifetime(days: u32) -> App {
    let throttle = LoginThrottle::default().mark_lifetime(days * DAY);
    App::built(MemoryStore::new(), |sessions| {
        sessions.login_throttle(throttle)
    })
}

#[tokio::test]
async fn each_setting_of_the_cookies_has_its_line() {
    let usual = "__Host-device_mark=MARK; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000";
    let named =
        "__Host-staff_device_mark=MARK; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=31536000";
    let elsewhere = "__Host-device_mark=MARK; HttpOnly; SameSite=None; Partitioned; Secure; \
                     Path=/; Max-Age=31536000";
    let new = CookieDelivery::new;
    let own = [("sec-fetch-site", "same-origin")];
    let other = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://shop.test"),
    ];
    let plain = [("host", "localhost"), ("origin", "http://localhost")];
    for (what, cookies, headers, expected) in [
        ("new", new(), &own[..], usual),
        ("plain http", new(), &plain[..], usual),
        ("every client", new().for_every_client(), &own[..], usual),
        ("access token", new().with_access_token(), &own[..], usual),
        (
            "pages without scripts",
            new().for_pages_without_scripts(),
            &own[..],
            usual,
        ),
        // A mark is for the whole host: the login may be elsewhere.
        ("path", new().with_path("/auth").unwrap(), &own[..], usual),
        ("name", new().with_name("staff").unwrap(), &own[..], named),
        (
            "other sites",
            new()
                .with_origin("https://shop.test")
                .unwrap()
                .for_other_sites(),
            &other[..],
            elsewhere,
        ),
    ] {
        let line = logged_in(&App::new(), cookies, headers).await;
        assert_eq!(line, expected, "{what}");
    }
}

#[tokio::test]
async fn the_cookie_lives_as_long_as_the_mark_counts() {
    for days in [1, 30, 365, 400] {
        let app = with_lifetime(days);
        // A session that ends with the browser leaves a device that is known.
        app.users
            .authenticate_as(|_| Outcome::from(Identity::new("alice").until_browser_closes()));
        let own = [("sec-fetch-site", "same-origin")];
        let line = logged_in(&app, CookieDelivery::new(), &own).await;
        let (_, seconds) = line.split_once("Max-Age=").unwrap();
        assert_eq!(seconds, (days * 86_400).to_string());
    }
}

#[tokio::test]
async fn a_handler_of_the_application_sets_the_cookie_of_a_mark_without_a_login() {
    let app = with_lifetime(30);
    let mark = app.sessions.device_mark("alice", &"alice".into(), None);
    let mark = mark.unwrap();
    assert_eq!(mark.lifetime(), 30 * DAY);
    let cookies = CookieDelivery::new();
    let answer = cookies.set_device_mark(&mark, Response::new(()));
    assert_eq!(
        line_of(answer.headers()),
        "__Host-device_mark=MARK; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000"
    );
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let line = answer.headers()["set-cookie"].to_str().unwrap();
    let (cookie, _) = line.split_once(';').unwrap();
    let request = Request::get("/").header("cookie", cookie).body(()).unwrap();
    let (parts, ()) = request.into_parts();
    assert_eq!(cookies.device_mark(&parts), Some(mark.secret()));
}
