//! Tokens as cookies: when they are set, when they are cleared, and which requests may act on them.

mod access_token;
mod kept;
mod names;
mod origin;
mod other_sites;
mod refresh_token;
mod refused;
mod several;

use http::Request;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use serde_json::Value;
use support::Received;
use tower::ServiceExt;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    AuthEndpoints, Authenticate, Authorization, AuthorizeRequest, CookieDelivery, Grant, Identity,
    Login, MemoryStore, Outcome, PasswordCredentials, Sessions,
};

const REFRESH: &str = "__Host-refresh_token";
const OWN: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];

#[derive(Debug)]
struct Alice;

impl Authenticate for Alice {
    type Credentials = PasswordCredentials;
    type Error = std::convert::Infallible;

    async fn authenticate(
        &self,
        login: Login<PasswordCredentials>,
    ) -> Result<Outcome, Self::Error> {
        let is_right = login.password() == "wonderland-7";
        Ok(if is_right {
            Identity::new(login.username()).into()
        } else {
            Outcome::invalid_credentials()
        })
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Self::Error> {
        Ok(Grant::new().into())
    }
}

struct Site {
    tokens: TestTokens,
    sessions: Sessions,
    endpoints: AuthEndpoints,
    cookies: CookieDelivery,
}

impl Site {
    fn new(cookies: CookieDelivery) -> Self {
        let tokens = TestTokens::new();
        let sessions = tokens.sessions(Alice, MemoryStore::new()).build().unwrap();
        let endpoints = sessions.endpoints().with_cookies(cookies.clone());
        Self {
            tokens,
            sessions,
            endpoints,
            cookies,
        }
    }

    async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Received {
        let mut request =
            Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = Received::of(
            self.endpoints
                .clone()
                .oneshot(request.body(form.to_owned()).unwrap())
                .await
                .unwrap(),
        )
        .await;
        assert_eq!(answer.headers["cache-control"], "no-store");
        answer
    }

    async fn log_in(&self) -> Received {
        self.post(
            "/login",
            OWN,
            "username=alice&password=wonderland-7&delivery=cookie",
        )
        .await
    }

    async fn refresh(&self, cookie: &str) -> Received {
        self.post("/refresh", &[OWN[0], ("cookie", cookie)], "")
            .await
    }
}

/// The cookies with tokens that an answer sets: name, value, attributes in lower case. The mark of
/// the device is tested in `throttled`.
fn set_cookies(answer: &Received) -> Vec<(String, String, Vec<String>)> {
    let lines = answer
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|line| line.to_str().unwrap());
    lines
        .filter(|line| !line.contains("device_mark="))
        .map(|line| {
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let attributes = attributes
                .split(';')
                .map(|attribute| attribute.trim().to_ascii_lowercase())
                .collect();
            (name.to_owned(), value.to_owned(), attributes)
        })
        .collect()
}

/// `name=value` of the one cookie that an answer sets.
fn jar(answer: &Received) -> String {
    let cookies = set_cookies(answer);
    let [(name, value, _)] = &cookies[..] else {
        panic!("{cookies:?}")
    };
    format!("{name}={value}")
}

fn assert_cross_site(answer: &Received) {
    assert_eq!(
        (answer.status, answer.challenge(), &answer.json()["reason"]),
        (403, None, &Value::from("cross_site"))
    );
    assert!(set_cookies(answer).is_empty());
}

#[tokio::test]
async fn a_cookie_is_cleared_by_a_logout_and_by_nothing_else() {
    let site = Site::new(CookieDelivery::new());
    let cookie = jar(&site.log_in().await);
    for (path, headers, form) in [
        (
            "/refresh",
            &[OWN[0], ("cookie", "__Host-refresh_token=rt1_nonsense")][..],
            "",
        ),
        (
            "/login",
            OWN,
            "username=alice&password=wrong&delivery=cookie",
        ),
        ("/logout", &[("cookie", &*cookie)], ""),
    ] {
        let answer = site.post(path, headers, form).await;
        assert!(
            answer.status >= 400 && set_cookies(&answer).is_empty(),
            "{path} {answer:?}"
        );
    }

    let answer = site
        .post("/logout", &[OWN[0], ("cookie", &cookie)], "")
        .await;
    assert_eq!((answer.status, &*answer.body), (200, "{}"));
    let cookies = set_cookies(&answer);
    let [(name, value, attributes)] = &cookies[..] else {
        panic!("{cookies:?}")
    };
    let mut attributes = attributes.clone();
    attributes.sort();
    assert_eq!((&**name, &**value), (REFRESH, ""));
    assert_eq!(
        attributes,
        [
            "httponly",
            "max-age=0",
            "path=/",
            "samesite=strict",
            "secure"
        ]
    );
    let gone = site.refresh(&cookie).await;
    assert_eq!(
        (gone.status, &gone.json()["reason"]),
        (400, &Value::from("session_revoked"))
    );
    assert!(set_cookies(&gone).is_empty());
}

// requirement 65
#[tokio::test]
async fn what_acts_on_a_cookie_or_sets_one_has_to_come_from_a_page_of_ours() {
    let site = Site::new(
        CookieDelivery::new()
            .with_origin("https://app.example.com")
            .unwrap(),
    );
    let cookie = jar(&site.log_in().await);
    let login = "username=alice&password=wonderland-7&delivery=cookie";
    let elsewhere: [&[(&str, &str)]; 8] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.test"),
        ],
        &[("origin", "https://evil.test"), ("host", "api.example.com")],
        &[("origin", "null"), ("host", "api.example.com")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://api.example.com"),
            ("host", "api.example.com"),
        ],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://app.example.com.evil.test"),
        ],
    ];
    for headers in elsewhere {
        assert_cross_site(&site.post("/login", headers, login).await);
        let with_cookie: Vec<_> = headers
            .iter()
            .copied()
            .chain([("cookie", &*cookie)])
            .collect();
        assert_cross_site(&site.post("/refresh", &with_cookie, "").await);
        assert_cross_site(&site.post("/logout", &with_cookie, "").await);
    }
    let ours: [&[(&str, &str)]; 4] = [
        OWN,
        &[("sec-fetch-site", "none")],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://app.example.com"),
        ],
        &[
            ("origin", "https://api.example.com"),
            ("host", "api.example.com"),
        ],
    ];
    for headers in ours {
        assert_eq!(
            site.post("/login", headers, login).await.status,
            200,
            "{headers:?}"
        );
    }
    // The requests from elsewhere have not ended the session.
    assert_eq!(site.refresh(&cookie).await.status, 200);
}

#[tokio::test]
async fn a_login_ends_the_session_whose_cookie_it_replaces() {
    let site = Site::new(CookieDelivery::new());
    let first = jar(&site.log_in().await);
    let headers = [OWN[0], ("cookie", &*first)];
    let second = jar(&site
        .post(
            "/login",
            &headers,
            "username=alice&password=wonderland-7&delivery=cookie",
        )
        .await);
    assert_eq!(
        site.refresh(&first).await.json()["reason"],
        "session_revoked"
    );
    assert_eq!(site.refresh(&second).await.status, 200);
}

// requirement 62
#[tokio::test]
async fn a_path_has_another_name_and_odd_ones_are_refused() {
    let site = Site::new(CookieDelivery::new().with_path("/auth").unwrap());
    let answer = site.log_in().await;
    let cookies = set_cookies(&answer);
    assert_eq!(cookies[0].0, "__Secure-refresh_token");
    assert!(cookies[0].2.contains(&"path=/auth".to_owned()));
    for odd in ["", "auth", "/a;b", "/a b", "/caf\u{e9}"] {
        assert!(CookieDelivery::new().with_path(odd).is_err(), "{odd:?}");
    }
}
