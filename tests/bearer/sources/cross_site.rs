//! The token in a cookie counts only in a request that no other origin made: the browser sends it
//! with the requests of any page.

use http::{HeaderValue, Method, Request};
use support::{Received, send};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::TokenSource;
use tower_bearer::test_util::TestTokens;

use crate::sources::{bare, cookie, layer_of};

const CROSS: (&str, &str) = ("sec-fetch-site", "cross-site");
const NAVIGATE: (&str, &str) = ("sec-fetch-mode", "navigate");
const IN_A_WINDOW: (&str, &str) = ("sec-fetch-dest", "document");

struct Api {
    layer: BearerAuthLayer,
    token: String,
}

impl Api {
    fn new() -> Self {
        let tokens = TestTokens::new();
        let token = bare(&tokens.bearer("alice")).to_owned();
        Self {
            layer: layer_of(&tokens, [TokenSource::header(), cookie()]),
            token,
        }
    }

    /// A request to `api.example.com` with the cookie.
    fn request(&self, method: &Method, headers: &[(&'static str, &str)]) -> Request<String> {
        let mut request = Request::builder()
            .method(method)
            .uri("/feed")
            .body(String::new())
            .unwrap();
        let cookie = format!("session={}", self.token);
        for (name, value) in [("host", "api.example.com"), ("cookie", &cookie)]
            .iter()
            .chain(headers)
        {
            request
                .headers_mut()
                .append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        request
    }

    async fn ask(&self, method: &Method, headers: &[(&'static str, &str)]) -> Received {
        send(&self.layer, self.request(method, headers)).await
    }

    async fn assert_counts(&self, method: &Method, headers: &[(&'static str, &str)]) {
        let answer = self.ask(method, headers).await;
        assert_eq!(
            (answer.status, answer.challenge(), &*answer.body),
            (200, None, "alice"),
            "{method} {headers:?}"
        );
    }

    /// "A request that comes from elsewhere has no token."
    async fn assert_does_not_count(&self, method: &Method, headers: &[(&'static str, &str)]) {
        let answer = self.ask(method, headers).await;
        assert_eq!(
            (answer.status, answer.challenge()),
            (401, Some("Bearer")),
            "{method} {headers:?}"
        );
        answer.assert_token_missing();
        let optional = self.layer.clone().optional();
        send(&optional, self.request(method, headers))
            .await
            .assert_passed("nobody");
    }
}

const METHODS: [Method; 5] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::DELETE,
    Method::OPTIONS,
];

// requirement 66a
#[tokio::test]
async fn the_browser_says_whose_request_it_is() {
    let api = Api::new();
    for method in &METHODS {
        for own in ["same-origin", "none"] {
            api.assert_counts(method, &[("sec-fetch-site", own)]).await;
        }
        // A neighbouring host is another origin; an unknown word is not a permission.
        for other in [
            "cross-site",
            "same-site",
            "Same-Origin",
            "",
            "same-origin, cross-site",
            "caf\u{e9}",
        ] {
            api.assert_does_not_count(method, &[("sec-fetch-site", other)])
                .await;
        }
        api.assert_does_not_count(method, &[("sec-fetch-site", "same-origin"), CROSS])
            .await;
        api.assert_does_not_count(method, &[CROSS, ("sec-fetch-site", "same-origin")])
            .await;
    }
}

#[tokio::test]
async fn fetch_metadata_counts_before_the_origin() {
    let api = Api::new();
    api.assert_does_not_count(
        &Method::POST,
        &[CROSS, ("origin", "https://api.example.com")],
    )
    .await;
    api.assert_counts(
        &Method::POST,
        &[
            ("sec-fetch-site", "same-origin"),
            ("origin", "https://api.example.com"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_link_from_elsewhere_opens_a_page_and_nothing_else() {
    let api = Api::new();
    for site in ["cross-site", "same-site"] {
        api.assert_counts(
            &Method::GET,
            &[("sec-fetch-site", site), NAVIGATE, IN_A_WINDOW],
        )
        .await;
        for method in [
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::OPTIONS,
        ] {
            api.assert_does_not_count(&method, &[("sec-fetch-site", site), NAVIGATE, IN_A_WINDOW])
                .await;
        }
        // A frame in a page of another site.
        api.assert_does_not_count(
            &Method::GET,
            &[
                ("sec-fetch-site", site),
                NAVIGATE,
                ("sec-fetch-dest", "iframe"),
            ],
        )
        .await;
        for mode in [
            "cors",
            "no-cors",
            "same-origin",
            "websocket",
            "",
            "Navigate",
            "navigate, cors",
        ] {
            api.assert_does_not_count(
                &Method::GET,
                &[("sec-fetch-site", site), ("sec-fetch-mode", mode)],
            )
            .await;
        }
        api.assert_does_not_count(
            &Method::GET,
            &[
                ("sec-fetch-site", site),
                NAVIGATE,
                IN_A_WINDOW,
                ("sec-fetch-mode", "cors"),
            ],
        )
        .await;
    }
    // The mode alone says nothing about who asks.
    api.assert_does_not_count(&Method::GET, &[NAVIGATE, ("origin", "https://evil.test")])
        .await;
}

#[tokio::test]
async fn without_fetch_metadata_the_origin_has_to_be_the_host() {
    let api = Api::new();
    for method in &METHODS {
        for own in ["https://api.example.com", "https://API.Example.com"] {
            api.assert_counts(method, &[("origin", own)]).await;
        }
        for other in [
            "https://evil.test",
            "https://example.com",
            "https://www.example.com",
            "https://api.example.com.evil.test",
            "https://evil.test/api.example.com",
            "https://api.example.com@evil.test",
            "https://evilapi.example.com",
            "https://api.example.com:8443",
            "null",
            "",
            "api.example.com",
            "https://caf\u{e9}",
            "https://evil.test https://api.example.com",
        ] {
            api.assert_does_not_count(method, &[("origin", other)])
                .await;
        }
        api.assert_does_not_count(
            method,
            &[
                ("origin", "https://api.example.com"),
                ("origin", "https://evil.test"),
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn no_header_of_a_proxy_says_which_host_is_ours() {
    let api = Api::new();
    for name in ["x-forwarded-host", "forwarded", "x-original-host"] {
        api.assert_does_not_count(
            &Method::POST,
            &[("origin", "https://evil.test"), (name, "evil.test")],
        )
        .await;
    }
    // Two hosts count as no host.
    api.assert_does_not_count(
        &Method::POST,
        &[("origin", "https://evil.test"), ("host", "evil.test")],
    )
    .await;
}

/// HTTP/2 has the host in the address.
#[tokio::test]
async fn the_host_of_the_address_is_ours_too() {
    let api = Api::new();
    for (origin, passes) in [
        ("https://h2.example.com", true),
        ("https://evil.test", false),
    ] {
        let mut request = api.request(&Method::POST, &[("origin", origin)]);
        request.headers_mut().remove("host");
        *request.uri_mut() = "https://h2.example.com/feed".parse().unwrap();
        let answer = send(&api.layer, request).await;
        if passes {
            answer.assert_passed("alice");
        } else {
            answer.assert_token_missing();
        }
    }
    // Without a host, no origin is ours.
    let mut request = api.request(&Method::POST, &[("origin", "https://api.example.com")]);
    request.headers_mut().remove("host");
    send(&api.layer, request).await.assert_token_missing();
}

#[tokio::test]
async fn what_sends_neither_is_no_browser() {
    let api = Api::new();
    for method in &METHODS {
        api.assert_counts(method, &[]).await;
        api.assert_counts(method, &[("referer", "https://evil.test/")])
            .await;
    }
}

/// A WebSocket is opened across origins without a question beforehand (CSWSH).
#[tokio::test]
async fn a_page_of_another_origin_opens_no_websocket() {
    let api = Api::new();
    let upgrade = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
    ];
    let open = |more: &[(&'static str, &'static str)]| [&upgrade[..], more].concat();
    let mode = ("sec-fetch-mode", "websocket");
    for headers in [
        open(&[("origin", "https://evil.test")]),
        open(&[("origin", "null")]),
        open(&[("origin", "https://evil.test"), CROSS, mode]),
        open(&[
            ("origin", "https://www.example.com"),
            ("sec-fetch-site", "same-site"),
            mode,
        ]),
    ] {
        api.assert_does_not_count(&Method::GET, &headers).await;
    }
    for headers in [
        open(&[("origin", "https://api.example.com")]),
        open(&[
            ("origin", "https://api.example.com"),
            ("sec-fetch-site", "same-origin"),
            mode,
        ]),
        open(&[]),
    ] {
        api.assert_counts(&Method::GET, &headers).await;
    }
}

/// No token, so it is neither bad nor one too many.
#[tokio::test]
async fn a_cookie_from_elsewhere_is_not_even_judged() {
    let api = Api::new();
    for cookie in ["session=abc", "session=caf\u{e9}", "session=a=b"] {
        let mut request = api.request(&Method::POST, &[CROSS]);
        request.headers_mut().insert(
            "cookie",
            HeaderValue::from_bytes(cookie.as_bytes()).unwrap(),
        );
        send(&api.layer, request).await.assert_token_missing();
    }
}

#[tokio::test]
async fn the_same_cookie_twice_from_elsewhere_is_no_token_either() {
    let api = Api::new();
    api.assert_does_not_count(&Method::POST, &[CROSS, ("cookie", "session=abc")])
        .await;
}

/// A page of another origin that knows a token may send it: CORS is another matter.
#[tokio::test]
async fn a_token_in_the_header_counts_from_anywhere() {
    let api = Api::new();
    let bearer = format!("Bearer {}", api.token);
    for headers in [&[CROSS][..], &[("origin", "https://evil.test")]] {
        let headers = [headers, &[("authorization", &*bearer)]].concat();
        api.assert_counts(&Method::POST, &headers).await;
    }
}
