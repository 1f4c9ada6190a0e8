//! What `docs/browser.md`, `docs/proxy.md` and `docs/guide/moving.md` say, tried.

use axum::body::Body;
use http::{Request, Response};
use serde::Deserialize;
use std::borrow::Cow;
use std::convert::Infallible;
use support::{App, HOUR, Received, form, json_request, log_in_form, with_header};
use tower::ServiceExt;
use tower_bearer::session::RequestContext;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    AuthEndpoints, Authenticate, Authorization, AuthorizeRequest, CookieDelivery, Grant, Identity,
    Login, LoginCredentials, MemoryStore, Outcome,
};

const CREDENTIALS: [(&str, &str); 3] = [
    ("username", "alice"),
    ("password", "wonderland-7"),
    ("delivery", "cookie"),
];

async fn send(endpoints: &AuthEndpoints, request: Request<Body>) -> Received {
    Received::read(endpoints.clone().oneshot(request)).await
}

/// `name=value` of the first cookie that an answer sets.
fn cookie(answer: &Received) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let line = answer.headers["set-cookie"].to_str().unwrap();
    line.split(';').next().unwrap().to_owned()
}

/// The first cookie is the one of the refresh token.
fn assert_same_site(answer: &Received, expected: &str) {
    let line = answer.headers["set-cookie"].to_str().unwrap();
    assert!(line.starts_with("__Host-refresh_token="), "{line}");
    let attribute = format!("SameSite={expected}");
    assert!(line.split("; ").any(|part| part == attribute), "{line}");
}

fn from_own_page(request: Request<Body>, held: &str) -> Request<Body> {
    let request = with_header(request, "sec-fetch-site", "same-origin");
    with_header(request, "cookie", held)
}

/// Each login sees the cookies of both: a browser keeps them for a host, whatever the port.
async fn do_not_meet(one: CookieDelivery, other: CookieDelivery) {
    let (first, second) = (App::new(), App::new());
    let of_first = first.endpoints().with_cookies(one);
    let of_second = second.endpoints().with_cookies(other);
    let theirs = cookie(&send(&of_first, from_own_page(form("/login", &CREDENTIALS), "")).await);
    let ours = cookie(
        &send(
            &of_second,
            from_own_page(form("/login", &CREDENTIALS), &theirs),
        )
        .await,
    );
    assert_eq!(
        (first.live().await.len(), second.live().await.len()),
        (1, 1)
    );
    let held = format!("{theirs}; {ours}");
    for endpoints in [&of_first, &of_second] {
        let answer = send(endpoints, from_own_page(form("/refresh", &[]), &held)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let out = send(&of_second, from_own_page(form("/logout", &[]), &held)).await;
    assert_eq!(out.status, 200);
    assert_eq!(
        (first.live().await.len(), second.live().await.len()),
        (1, 0)
    );
    let other_name = &theirs[..=theirs.find('=').unwrap()];
    for line in out.headers.get_all("set-cookie") {
        assert!(!line.to_str().unwrap().starts_with(other_name), "{out:?}");
    }
}

#[tokio::test]
async fn two_applications_on_two_ports_of_one_host_do_not_meet() {
    let named = |name| CookieDelivery::new().with_name(name).unwrap();
    do_not_meet(named("shop"), named("staff")).await;
    do_not_meet(CookieDelivery::new(), named("staff")).await;
    do_not_meet(
        named("shop").with_access_token(),
        named("staff").with_access_token(),
    )
    .await;
}

/// The browser sends each cookie to its path alone.
#[tokio::test]
async fn two_applications_at_two_paths_of_one_host_do_not_meet() {
    let at = |path| CookieDelivery::new().with_path(path).unwrap();
    for (cookies, path) in [
        (at("/blog/auth"), "Path=/blog/auth"),
        (at("/shop/auth"), "Path=/shop/auth"),
    ] {
        let app = App::new();
        let endpoints = app.endpoints().with_cookies(cookies);
        let answer = send(&endpoints, from_own_page(form("/login", &CREDENTIALS), "")).await;
        let line = answer.headers["set-cookie"].to_str().unwrap().to_owned();
        assert!(
            line.split("; ").any(|attribute| attribute == path),
            "{line}"
        );
    }
}

/// A server that renders pages refreshes for a browser, with the browser's cookie.
#[tokio::test]
async fn a_server_that_renders_pages_sends_the_cookie_and_its_origin() {
    let app = App::new();
    app.users
        .authenticate_as(|_| Identity::new("alice").without_receipts().into());
    let login = || from_own_page(form("/login", &CREDENTIALS), "");
    let by_default = app.endpoints().with_cookies(CookieDelivery::new());
    assert_same_site(&send(&by_default, login()).await, "Strict");
    let cookies = CookieDelivery::new()
        .for_pages_without_scripts()
        .with_origin("https://app.example.com")
        .unwrap();
    let endpoints = app.endpoints().with_cookies(cookies);
    let first = send(&endpoints, login()).await;
    // A link in a mail opens the page, and the browser sends the cookie.
    assert_same_site(&first, "Lax");
    let held = cookie(&first);
    for _ in 0..2 {
        app.clock.advance(HOUR);
        let silent = with_header(form("/refresh", &[]), "cookie", &held);
        let answer = send(&endpoints, silent).await;
        answer.assert_error(403, "access_denied", Some("cross_site"));

        let refresh = with_header(form("/refresh", &[]), "cookie", &held);
        let refresh = with_header(refresh, "origin", "https://app.example.com");
        let answer = send(&endpoints, with_header(refresh, "host", "api.example.com")).await;
        assert!(cookie(&answer).starts_with("__Host-refresh_token="));
        assert_same_site(&answer, "Lax");
        // The server uses the access token itself, and the browser loses the page.
        let access = answer.json()["access_token"].as_str().unwrap().to_owned();
        app.me(&access).await.assert_passed("alice");
        app.sessions.flush().await.unwrap();
    }
    // That of the default setting, and this one.
    assert_eq!(app.live().await.len(), 2);
}

#[tokio::test]
async fn a_test_logs_in_via_the_api_by_saying_where_it_comes_from() {
    let app = App::new();
    let endpoints = app.endpoints().with_cookies(CookieDelivery::new());
    let login = with_header(
        form("/login", &CREDENTIALS),
        "origin",
        "http://127.0.0.1:3000",
    );
    let answer = send(&endpoints, with_header(login, "host", "127.0.0.1:3000")).await;
    assert!(cookie(&answer).starts_with("__Host-refresh_token="));
    // In the body it needs nothing.
    send(&endpoints, log_in_form()).await.tokens();
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    #[serde(default)]
    remember: bool,
}

impl LoginCredentials for Credentials {
    fn account(&self) -> Cow<'_, str> {
        (&self.username).into()
    }
}

#[derive(Debug)]
struct Remembering;

impl Authenticate for Remembering {
    type Credentials = Credentials;
    type Error = std::convert::Infallible;

    async fn authenticate(&self, login: Login<Credentials>) -> Result<Outcome, Self::Error> {
        let identity = Identity::new(&*login.username);
        let identity = if login.remember {
            identity
        } else {
            identity.until_browser_closes()
        };
        Ok(identity.into())
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Self::Error> {
        Ok(Grant::new().into())
    }
}

#[tokio::test]
async fn remember_me_is_a_checkbox_of_the_application() {
    let tokens = TestTokens::new();
    let sessions = tokens.sessions(Remembering, MemoryStore::new());
    let cookies = CookieDelivery::new().for_pages_without_scripts();
    let endpoints = sessions.build().unwrap().endpoints().with_cookies(cookies);
    for (remember, stays) in [(&[("remember", "on")][..], true), (&[], false)] {
        let credentials = [&[("username", "alice"), ("delivery", "cookie")], remember].concat();
        let in_json: serde_json::Map<_, _> = credentials
            .iter()
            .map(|&(name, text)| (name.to_owned(), text.into()))
            .collect();
        // A page's script sends the same texts in JSON.
        for request in [
            form("/login", &credentials),
            json_request("/login", &in_json.into()),
        ] {
            let answer = send(&endpoints, from_own_page(request, "")).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let lines = answer.headers.get_all("set-cookie").iter();
            let lines = lines.map(|line| line.to_str().unwrap());
            // The mark of the device is not a token, and always stays.
            let (marks, tokens): (Vec<_>, Vec<_>) =
                lines.partition(|line| line.contains("device_mark="));
            assert_eq!((marks.len(), tokens.len()), (1, 2), "{answer:?}");
            for line in tokens {
                assert_eq!(line.contains("Max-Age"), stays, "{line:?}");
            }
        }
    }
}

/// A page behind a proxy that changes `Host`, in a browser without Fetch Metadata.
#[tokio::test]
async fn forwarded_hosts_are_never_read_and_the_public_origin_is() {
    let own = CookieDelivery::new;
    let login = |origin: &str| {
        let mut request = with_header(form("/login", &CREDENTIALS), "origin", origin);
        for (name, value) in [
            ("host", "10.0.0.5:8080"),
            ("x-forwarded-host", "app.example.com"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "host=app.example.com;proto=https"),
        ] {
            request = with_header(request, name, value);
        }
        request
    };
    let app = App::new();
    let without = app.endpoints().with_cookies(own());
    let refused = send(&without, login("https://app.example.com")).await;
    refused.assert_error(403, "access_denied", Some("cross_site"));
    let app = App::built(MemoryStore::new(), |sessions| {
        sessions.public_origin("https://app.example.com")
    });
    let with = app.endpoints().with_cookies(own());
    assert_eq!(
        send(&with, login("https://app.example.com")).await.status,
        200
    );
    let refused = send(&with, login("https://10.0.0.5:8080")).await;
    refused.assert_error(403, "access_denied", Some("cross_site"));
}

/// The handler of `docs/guide/moving.md`, for a session of axum-login.
#[tokio::test]
async fn a_session_of_before_is_exchanged_for_cookies_by_our_own_pages_alone() {
    let app = App::new();
    let cookies = CookieDelivery::new().for_sessions(&app.sessions);
    let upgrade = async |request: Request<Body>| {
        let (parts, _) = request.into_parts();
        if let Some(refused) = cookies.cross_site_rejection(&parts) {
            return Ok::<_, Infallible>(refused.map(Body::from));
        }
        let context = RequestContext::from(&parts);
        let identity = Identity::new("alice").with_context(context);
        let tokens = app.sessions.start(identity).await.unwrap();
        let done = Response::builder().status(204).body(Body::empty());
        Ok(cookies.set_cookies(&tokens, &parts, done.unwrap()))
    };
    let from_another_site = with_header(form("/upgrade", &[]), "sec-fetch-site", "cross-site");
    let refused = Received::read(upgrade(from_another_site)).await;
    refused.assert_error(403, "access_denied", Some("cross_site"));
    assert!(app.live().await.is_empty());

    let done = Received::read(upgrade(from_own_page(form("/upgrade", &[]), ""))).await;
    assert_eq!((done.status, &*done.body), (204, ""), "{done:?}");
    let held = done.headers["set-cookie"].to_str().unwrap();
    let held = held.split(';').next().unwrap();
    let endpoints = app.endpoints().with_cookies(cookies.clone());
    let answer = send(&endpoints, from_own_page(form("/refresh", &[]), held)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(app.live().await.len(), 1);
}

/// Each setting that the guides name is in a test of this program.
#[test]
fn the_guides_name_only_what_a_test_tries() {
    let root = env!("CARGO_MANIFEST_DIR");
    let read = |path: String| std::fs::read_to_string(path).unwrap();
    let mut tests = String::new();
    let mut folders = vec![format!("{root}/tests/endpoint")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let shown = path.display().to_string();
            if path.is_dir() {
                folders.push(shown);
            } else {
                tests += &read(shown);
            }
        }
    }
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    for guide in ["browser", "proxy"] {
        let text = read(format!("{root}/docs/{guide}.md"));
        let mut settings = 0;
        for part in text.split('.').skip(1) {
            let name = part.split(|char| !is_name(char)).next().unwrap();
            let is_setting = [
                "with_", "for_", "public_", "trusted_", "client_", "renewal_", "allow_",
            ];
            if is_setting.iter().any(|start| name.starts_with(start)) {
                assert!(tests.contains(name), "{guide}: {name}");
                settings += 1;
            }
        }
        assert!(settings > 3, "{guide}: {settings}");
    }
}
