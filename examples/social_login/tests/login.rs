//! The example as a browser uses it, with a provider on loopback.

mod provider;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use support::Received;
use support::app_server::exchange;
use tokio::net::TcpStream;

use provider::{CLIENT, Provider};

/// The application, and a browser.
struct Site {
    process: Child,
    address: String,
    provider: Provider,
    cookies: BTreeMap<String, String>,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Site {
    async fn start() -> Self {
        let provider = Provider::start().await;
        let mut process = Command::new(env!("CARGO_BIN_EXE_example-social-login"))
            .env_clear()
            .envs([("ADDR", "127.0.0.1:0"), ("ISSUER", &provider.address)])
            .envs([("CLIENT_ID", CLIENT.0), ("CLIENT_SECRET", CLIENT.1)])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let stdout = process.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let address = line
            .trim()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        Self {
            process,
            address,
            provider,
            cookies: BTreeMap::new(),
        }
    }

    /// A request as a browser makes it, with the cookies of the application, which it keeps.
    async fn send(&mut self, method: &str, url: &str, site: &str) -> Received {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers = [
            format!("cookie: {}", cookies.join("; ")),
            format!("sec-fetch-site: {site}"),
            "sec-fetch-mode: navigate".to_owned(),
            "sec-fetch-dest: document".to_owned(),
        ];
        let headers: Vec<_> = headers.iter().map(String::as_str).collect();
        let received = request(method, url, &headers).await;
        for cookie in received.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
                assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
            }
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if cookie.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        received
    }

    /// Clicks on "Log in", and returns where the provider sends the browser afterwards.
    async fn ask_provider(&mut self) -> String {
        let url = format!("{}/login", self.address);
        let sent = self.send("GET", &url, "same-origin").await;
        assert_eq!(sent.status, 303, "{sent:?}");
        assert_eq!(sent.headers["cache-control"], "no-store");
        let answer = request("GET", location(&sent), &[]).await;
        location(&answer).to_owned()
    }

    /// Comes back from the provider.
    async fn follow(&mut self, callback: &str) -> Received {
        self.send("GET", callback, "cross-site").await
    }

    async fn home(&mut self) -> String {
        let url = format!("{}/", self.address);
        // The browser calls a redirect that began at the provider cross-site.
        let page = self.send("GET", &url, "cross-site").await;
        assert_eq!(page.status, 200, "{page:?}");
        page.body
    }

    async fn assert_refused(&mut self, callback: &str) {
        let refused = self.follow(callback).await;
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_eq!(refused.headers["cache-control"], "no-store");
        assert!(!refused.headers.contains_key("location"), "{refused:?}");
        assert!(self.cookies.is_empty(), "{:?}", self.cookies);
        assert!(self.home().await.contains("Log in"));
    }
}

async fn request(method: &str, url: &str, headers: &[&str]) -> Received {
    let (host, path) = url
        .strip_prefix("http://")
        .unwrap()
        .split_once('/')
        .unwrap();
    let stream = TcpStream::connect(host).await.unwrap();
    exchange(stream, method, &format!("/{path}"), headers, "")
        .await
        .unwrap()
}

fn location(received: &Received) -> &str {
    received.headers["location"].to_str().unwrap()
}

/// The same URL with another value of this parameter.
fn with(url: &str, name: &str, value: &str) -> String {
    let (path, query) = url.split_once('?').unwrap();
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs = pairs.map(|(key, old)| {
        if key == name {
            (key, value.into())
        } else {
            (key, old)
        }
    });
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    format!("{path}?{query}")
}

#[tokio::test]
async fn a_user_of_the_provider_is_logged_in_and_out() {
    let mut site = Site::start().await;
    assert!(site.home().await.contains("Log in"));
    let callback = site.ask_provider().await;
    let back = site.follow(&callback).await;
    assert_eq!((back.status, location(&back)), (303, "/"), "{back:?}");
    assert_eq!(back.body, "");
    let names: Vec<_> = site.cookies.keys().map(String::as_str).collect();
    assert_eq!(names, ["__Host-access_token", "__Host-refresh_token"]);
    assert!(site.home().await.contains("Hello, alice@example.com"));

    // The refresh token renews the page once the access token is gone.
    site.cookies.remove("__Host-access_token");
    assert!(site.home().await.contains("Hello, alice@example.com"));
    assert!(site.cookies.contains_key("__Host-access_token"));

    let url = format!("{}/logout", site.address);
    let refused = site.send("POST", &url, "cross-site").await;
    assert_eq!(
        (refused.status, &refused.value()["reason"]),
        (403, &json!("cross_site"))
    );
    let stolen = site.cookies.clone();
    let gone = site.send("POST", &url, "same-origin").await;
    assert_eq!((gone.status, location(&gone)), (303, "/"));
    assert!(site.cookies.is_empty(), "{:?}", site.cookies);
    site.cookies = stolen;
    site.cookies.remove("__Host-access_token");
    assert!(site.home().await.contains("Log in"));
}

#[tokio::test]
async fn another_state_is_refused_before_the_provider_is_asked() {
    let mut site = Site::start().await;
    let callback = site.ask_provider().await;
    site.assert_refused(&with(&callback, "state", "another"))
        .await;
    assert_eq!(site.provider.exchanges(), 0);
    // The login had one try.
    site.assert_refused(&callback).await;
    assert_eq!(site.provider.exchanges(), 0);
}

/// An attacker sends another user a link to the end of their own login.
#[tokio::test]
async fn the_end_of_a_login_is_refused_in_another_browser() {
    let mut site = Site::start().await;
    let callback = site.ask_provider().await;
    site.cookies = BTreeMap::new();
    site.assert_refused(&callback).await;
    assert_eq!(site.provider.exchanges(), 0);

    // The other browser has begun a login too.
    site.ask_provider().await;
    site.assert_refused(&callback).await;
    assert_eq!(site.provider.exchanges(), 0);
}

#[tokio::test]
async fn a_code_counts_once() {
    let mut site = Site::start().await;
    let callback = site.ask_provider().await;
    let started = site.cookies.clone();
    assert_eq!(site.follow(&callback).await.status, 303);
    site.cookies = started;
    site.assert_refused(&callback).await;
    assert_eq!(site.provider.exchanges(), 2);
}

/// An attacker has seen a user's code, and puts it into a login of their own.
#[tokio::test]
async fn a_code_of_another_login_is_refused() {
    let mut site = Site::start().await;
    let seen = site.ask_provider().await;
    let code = seen
        .split("code=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .to_owned();
    site.cookies = BTreeMap::new();
    let own = site.ask_provider().await;
    site.assert_refused(&with(&own, "code", &code)).await;
    assert_eq!(site.provider.exchanges(), 1);
}

#[tokio::test]
async fn an_id_token_that_was_not_made_for_this_login_is_refused() {
    let mut site = Site::start().await;
    for changes in [
        json!({ "nonce": "of another login" }),
        json!({ "nonce": null }),
        json!({ "aud": "another-client" }),
        json!({ "iss": "https://another.example.com" }),
        json!({ "exp": 1_000_000_000 }),
    ] {
        site.provider.says(changes);
        let callback = site.ask_provider().await;
        site.assert_refused(&callback).await;
    }
    site.provider.says(json!({}));
    site.provider.is_forged();
    let callback = site.ask_provider().await;
    site.assert_refused(&callback).await;
    assert_eq!(site.provider.exchanges(), 6);
}

#[tokio::test]
async fn a_user_who_declines_is_not_logged_in() {
    let mut site = Site::start().await;
    let callback = site.ask_provider().await;
    let declined = callback.replace("code=", "error=access_denied&was=");
    site.assert_refused(&declined).await;
}

#[tokio::test]
async fn an_email_that_is_not_verified_is_not_shown_and_a_name_is_escaped() {
    let mut site = Site::start().await;
    site.provider.says(json!({ "email_verified": false }));
    let callback = site.ask_provider().await;
    assert_eq!(site.follow(&callback).await.status, 303);
    assert!(site.home().await.contains("Hello, stranger"));

    site.provider
        .says(json!({ "email": "<script>@example.com" }));
    let callback = site.ask_provider().await;
    assert_eq!(site.follow(&callback).await.status, 303);
    assert!(site.home().await.contains("Hello, &lt;script>@example.com"));
}

#[tokio::test]
async fn a_second_login_ends_the_session_that_it_replaces() {
    let mut site = Site::start().await;
    let callback = site.ask_provider().await;
    assert_eq!(site.follow(&callback).await.status, 303);
    let first = site.cookies.clone();
    let callback = site.ask_provider().await;
    assert_eq!(site.follow(&callback).await.status, 303);
    assert!(site.home().await.contains("Hello, alice"));

    site.cookies = first;
    site.cookies.remove("__Host-access_token");
    assert!(site.home().await.contains("Log in"));
}
