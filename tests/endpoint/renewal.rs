//! Pages without scripts stay logged in for as long as the refresh token lives.

mod processes;

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{ACCEPT, COOKIE};
use http::{Method, Request};
use support::{App, DAY, HOUR, MINUTE, Received, StoreFault};
use tower::ServiceExt;
use tower_bearer::{Authorization, CookieDelivery, CurrentUser, MemoryStore};

const REFRESH: &str = "__Host-refresh_token";
const ACCESS: &str = "__Host-access_token";
const LINK: &[(&str, &str)] = &[
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
];

fn cookies() -> CookieDelivery {
    CookieDelivery::new().for_pages_without_scripts()
}

async fn page(user: Option<CurrentUser>) -> impl IntoResponse {
    let name = user.map(|user| user.subject().to_string());
    (
        [("cache-control", "public")],
        name.unwrap_or("a stranger".to_owned()),
    )
}

fn router(app: &App) -> Router {
    let layer = app.layer().with_token_sources(cookies().token_sources());
    let own = cookies();
    let bye = async move || own.clear_cookies(().into_response());
    let sessions = app.sessions.clone();
    // While the page is made, the user logs out in another tab.
    let slow = async move || {
        let ended = sessions.log_out_everywhere(&"alice".into()).await;
        (
            [("cdn-cache-control", "max-age=600")],
            format!("{}", ended.is_ok()),
        )
    };
    Router::new()
        .route("/", get(page).post(page))
        .route("/bye", get(bye))
        .route("/slow", get(slow))
        .route_layer(layer.optional())
        .route_layer(cookies().renewal_layer(&app.sessions).unwrap())
}

/// A browser: it keeps cookies, and may lose a response.
struct Browser(BTreeMap<String, String>);

impl Browser {
    async fn logged_in(app: &App) -> Self {
        let tokens = app.log_in().await.tokens();
        let mut cookies = BTreeMap::new();
        cookies.insert(REFRESH.to_owned(), tokens.refresh);
        Self(cookies)
    }

    fn request(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
        let pairs: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(COOKIE, format!("theme=dark; {}", pairs.join("; ")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    async fn send(&self, app: &App, request: Request<Body>) -> Received {
        Received::read(router(app).oneshot(request)).await
    }

    fn keep(&mut self, answer: &Received) {
        for line in answer.headers.get_all("set-cookie") {
            let (pair, attributes) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    async fn load(&mut self, app: &App) -> Received {
        let answer = self.send(app, self.request(Method::GET, "/", LINK)).await;
        self.keep(&answer);
        answer
    }
}

fn sets_cookies(answer: &Received) -> bool {
    answer.headers.contains_key("set-cookie")
}

#[tokio::test]
async fn a_page_without_an_access_token_is_renewed_while_it_loads() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    app.clock.advance(MINUTE);
    let answer = browser.load(&app).await;
    assert_eq!((answer.status, &*answer.body), (200, "alice"));
    answer.assert_not_stored();
    let lines: Vec<_> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|line| line.to_str().unwrap().split_once(';').unwrap())
        .collect();
    let [(refresh, attributes), (access, _)] = &lines[..] else {
        panic!("{lines:?}")
    };
    assert!(refresh.starts_with(REFRESH) && access.starts_with(ACCESS));
    assert!(attributes.contains("SameSite=Lax") && attributes.contains("Path=/"));
    // The access token in its cookie is still good.
    let again = browser.load(&app).await;
    assert_eq!((&*again.body, sets_cookies(&again)), ("alice", false));
    assert_eq!(again.headers["cache-control"], "public");
}

#[tokio::test]
async fn it_goes_on_for_as_long_as_the_refresh_token_lives() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    for _ in 0..20 {
        app.clock.advance(6 * DAY);
        app.sessions.flush().await.unwrap();
        let answer = browser.load(&app).await;
        if app.live().await.is_empty() {
            break;
        }
        assert_eq!(answer.body, "alice");
    }
    // The absolute lifetime of 90 days is over.
    app.clock.advance(6 * DAY);
    let answer = browser.load(&app).await;
    assert_eq!(
        (&*answer.body, sets_cookies(&answer)),
        ("a stranger", false)
    );
}

#[tokio::test]
async fn a_link_from_another_site_counts_and_nothing_else_of_another_site() {
    let app = App::new();
    let browser = Browser::logged_in(&app).await;
    let is_renewed = async |method: Method, headers: &[(&str, &str)]| {
        app.clock.advance(HOUR);
        let mut copy = Browser(browser.0.clone());
        let fresh = Browser::logged_in(&app).await;
        copy.0.clone_from(&fresh.0);
        let answer = copy
            .send(&app, copy.request(method.clone(), "/", headers))
            .await;
        let is_user = answer.body == "alice" || method == Method::HEAD;
        assert_eq!(
            sets_cookies(&answer),
            is_user && answer.status == 200,
            "{headers:?}"
        );
        sets_cookies(&answer)
    };
    let fetch = |site, mode, dest| {
        [
            ("sec-fetch-site", site),
            ("sec-fetch-mode", mode),
            ("sec-fetch-dest", dest),
        ]
    };
    for site in ["same-origin", "same-site", "cross-site", "none"] {
        assert!(
            is_renewed(Method::GET, &fetch(site, "navigate", "document")).await,
            "{site}"
        );
        assert!(
            is_renewed(Method::HEAD, &fetch(site, "navigate", "document")).await,
            "{site}"
        );
        assert!(
            !is_renewed(Method::POST, &fetch(site, "navigate", "document")).await,
            "{site}"
        );
        let is_own = matches!(site, "same-origin" | "none");
        assert_eq!(
            is_renewed(Method::GET, &fetch(site, "navigate", "iframe")).await,
            is_own
        );
        for (mode, dest) in [
            ("no-cors", "image"),
            ("no-cors", "script"),
            ("cors", "empty"),
            ("same-origin", "empty"),
            ("websocket", "empty"),
        ] {
            assert!(
                !is_renewed(Method::GET, &fetch(site, mode, dest)).await,
                "{site} {mode}"
            );
        }
    }
    // Without Fetch Metadata the request has to accept a page.
    assert!(is_renewed(Method::GET, &[("accept", "text/html,*/*;q=0.8")]).await);
    for headers in [
        &[][..],
        &[("accept", "image/avif,*/*;q=0.8")],
        &[("accept", "text/html"), ("origin", "https://evil.test")],
        &[("accept", "text/html"), ("sec-fetch-site", "cross-site")],
    ] {
        assert!(!is_renewed(Method::GET, headers).await, "{headers:?}");
    }
    assert!(!is_renewed(Method::POST, &[(ACCEPT.as_str(), "text/html")]).await);
}

#[tokio::test]
async fn tabs_that_load_at_once_get_the_same_tokens() {
    let app = App::new();
    let browser = Browser::logged_in(&app).await;
    app.clock.advance(HOUR);
    app.store.yield_everywhere();
    let load = || browser.send(&app, browser.request(Method::GET, "/", LINK));
    let (one, two, three) = tokio::join!(load(), load(), load());
    let refresh = |answer: &Received| {
        let lines = answer.headers.get_all("set-cookie").iter();
        let mut lines = lines.map(|line| line.to_str().unwrap().to_owned());
        lines.find(|line| line.starts_with(REFRESH))
    };
    for answer in [&one, &two, &three] {
        assert_eq!((&*answer.body, refresh(answer)), ("alice", refresh(&one)));
    }
    assert_eq!(app.live().await.len(), 1);
}

/// The server itself uses the new access token: that does not prove that the browser has it.
#[tokio::test]
async fn a_page_that_never_arrived_logs_nobody_out() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    for _ in 0..3 {
        app.clock.advance(HOUR);
        // The user stops the page, so its cookies are lost.
        let lost = browser
            .send(&app, browser.request(Method::GET, "/", LINK))
            .await;
        assert_eq!(lost.body, "alice");
        app.sessions.flush().await.unwrap();
    }
    app.clock.advance(HOUR);
    assert_eq!(browser.load(&app).await.body, "alice");
    assert_eq!(app.live().await.len(), 1);
}

#[tokio::test]
async fn a_stolen_refresh_token_is_noticed_as_ever() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    let thief = Browser(browser.0.clone());
    app.clock.advance(HOUR);
    browser.load(&app).await;
    // The browser sends its new access token, so it has it.
    assert_eq!(browser.load(&app).await.body, "alice");
    app.sessions.flush().await.unwrap();
    app.clock.advance(HOUR);
    let answer = thief
        .send(&app, thief.request(Method::GET, "/", LINK))
        .await;
    assert_eq!(answer.body, "a stranger");
    assert!(app.live().await.is_empty());
    assert_eq!(browser.load(&app).await.body, "a stranger");
}

#[tokio::test]
async fn while_the_store_is_down_a_page_is_that_of_a_stranger_and_the_cookies_stay() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    browser.load(&app).await;
    app.clock.advance(HOUR);
    let before = browser.0.clone();
    app.store.set_fault(Some(StoreFault::All));
    let answer = browser.load(&app).await;
    assert_eq!((answer.status, &*answer.body), (200, "a stranger"));
    assert!(!sets_cookies(&answer) && browser.0 == before);
    app.store.set_fault(None);
    assert_eq!(browser.load(&app).await.body, "alice");
}

#[tokio::test]
async fn a_session_that_is_over_is_a_stranger_and_so_is_one_that_is_denied_now() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    app.clock.advance(HOUR);
    app.users
        .authorize_as(|_| Ok(Authorization::not_now("unpaid")));
    let answer = browser.load(&app).await;
    assert_eq!(
        (&*answer.body, sets_cookies(&answer)),
        ("a stranger", false)
    );
    app.users.authorize_as(|_| Ok(Authorization::gone()));
    for _ in 0..2 {
        let answer = browser.load(&app).await;
        assert_eq!(
            (&*answer.body, sets_cookies(&answer)),
            ("a stranger", false)
        );
    }
    assert!(app.live().await.is_empty());
}

#[tokio::test]
async fn the_cookie_of_another_application_is_left_alone() {
    let (app, other) = (App::new(), App::new());
    let mut browser = Browser::logged_in(&other).await;
    let answer = browser.load(&app).await;
    assert_eq!(
        (&*answer.body, sets_cookies(&answer)),
        ("a stranger", false)
    );
    assert_eq!(browser.load(&other).await.body, "alice");
}

#[tokio::test]
async fn a_page_that_logs_out_has_the_last_word() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    app.clock.advance(HOUR);
    let answer = browser
        .send(&app, browser.request(Method::GET, "/bye", LINK))
        .await;
    browser.keep(&answer);
    assert!(browser.0.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn a_logout_wins_over_a_page_that_responds_later() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    app.clock.advance(HOUR);
    let request = browser.request(Method::GET, "/slow", LINK);
    let answer = browser.send(&app, request).await;
    assert_eq!(answer.body, "true");
    answer.assert_not_stored();
    assert!(!answer.headers.contains_key("cdn-cache-control"));
    assert!(!sets_cookies(&answer), "{answer:?}");
    assert_eq!(browser.load(&app).await.body, "a stranger");
}

/// Such a response may be late: the cookies that it would clear may be those of another tab.
#[tokio::test]
async fn a_login_in_another_tab_outlives_a_page_that_responds_later() {
    let app = App::new();
    for was_over in [false, true] {
        let mut browser = Browser::logged_in(&app).await;
        if was_over {
            let old = app.sessions.log_out(&browser.0[REFRESH]).await.unwrap();
            assert!(old.any());
        }
        app.clock.advance(HOUR);
        let page = browser.request(Method::GET, "/slow", LINK);
        let late = browser.send(&app, page).await;
        assert_eq!((late.status, &*late.body), (200, "true"));
        // The other tab has logged in before this response arrives.
        browser.0 = Browser::logged_in(&app).await.0;
        browser.keep(&late);
        assert_eq!(browser.load(&app).await.body, "alice", "{was_over}");
    }
}

/// The access token has not expired, and its session was revoked on another device.
#[tokio::test]
async fn a_revoked_session_is_a_stranger_at_once() {
    let app = App::new();
    let mut browser = Browser::logged_in(&app).await;
    let tokens = app.log_in().await.tokens();
    browser.0.insert(REFRESH.to_owned(), tokens.refresh);
    browser
        .0
        .insert("__Host-access_token".to_owned(), tokens.access);
    app.sessions
        .log_out_everywhere(&"alice".into())
        .await
        .unwrap();
    let answer = browser.load(&app).await;
    assert_eq!((answer.status, &*answer.body), (200, "a stranger"));
    assert!(!sets_cookies(&answer), "{answer:?}");
}

/// A site for tests is often behind a password of its proxy, which browsers send with each page.
#[tokio::test]
async fn a_password_of_the_proxy_does_not_keep_a_page_from_being_renewed() {
    let app = App::new();
    let browser = Browser::logged_in(&app).await;
    for scheme in ["Basic YTpi", "Negotiate YTpi"] {
        let headers = [LINK, &[("authorization", scheme)]].concat();
        let page = browser.request(Method::GET, "/", &headers);
        let answer = browser.send(&app, page).await;
        assert_eq!((&*answer.body, sets_cookies(&answer)), ("alice", true));
    }
}

#[tokio::test]
async fn an_expired_access_token_without_a_refresh_token_is_that_of_a_stranger() {
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    let mut cookies = BTreeMap::new();
    cookies.insert("__Host-access_token".to_owned(), tokens.access);
    app.clock.advance(HOUR);
    let answer = Browser(cookies).load(&app).await;
    assert_eq!((answer.status, &*answer.body), (200, "a stranger"));
}

#[tokio::test]
async fn without_an_overlap_pages_cannot_be_renewed() {
    let app = App::built(MemoryStore::new(), |sessions| {
        let policy = tower_bearer::SessionPolicy::default();
        sessions.policy(policy.with_overlap(std::time::Duration::ZERO))
    });
    let error = cookies().renewal_layer(&app.sessions).unwrap_err();
    assert!(error.to_string().contains("needs an overlap"), "{error}");
}

#[tokio::test]
async fn an_access_token_in_the_header_is_never_replaced() {
    let app = App::new();
    let browser = Browser::logged_in(&app).await;
    let headers = [LINK, &[("authorization", "Bearer x")]].concat();
    let answer = browser
        .send(&app, browser.request(Method::GET, "/", &headers))
        .await;
    assert_eq!((answer.status, sets_cookies(&answer)), (401, false));
}

#[test]
fn cookies_that_no_page_gets_are_a_wrong_setting() {
    let app = App::built(MemoryStore::new(), |sessions| sessions);
    for (cookies, cure) in [
        (CookieDelivery::new(), "for_pages_without_scripts"),
        (
            CookieDelivery::new().with_access_token(),
            "for_pages_without_scripts",
        ),
        (cookies().with_path("/auth").unwrap(), "with_path"),
    ] {
        let error = cookies
            .renewal_layer(&app.sessions)
            .unwrap_err()
            .to_string();
        assert!(error.contains(cure), "{error}");
    }
}
