//! What an issuer responses: its metadata, its keys, and the headers that come with them.

#![no_main]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{AGE, CACHE_CONTROL, LOCATION, RETRY_AFTER};
use http::{HeaderName, Response, Uri};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_bearer::keys::HttpClient;
use tower_bearer::store::async_trait;
use tower_bearer::test_util::ManualClock;
use tower_bearer::{BoxError, RemoteJwks};
use tower_bearer_fuzz::{Log, block_on, end_tasks};

// Three responses, with a line `---` between. Each is a status in a line, lines of headers, and a
// body in the last line. The first is that of OpenID Connect, the second that of RFC 8414, the
// third the keys.
fuzz_target!(|text: &str| {
    let mut responses = text.split("\n---\n").map(Received::read);
    let mut next = || responses.next().flatten();
    let (Some(openid), Some(rfc_8414), Some(keys)) = (next(), next(), next()) else {
        return;
    };
    let site = Site {
        responses: [openid, rfc_8414, keys],
        asked: Arc::default(),
    };
    let asked = Arc::clone(&site.asked);
    let documents = [0, 1, 2].map(|place| {
        let body: &str = &site.responses[place].body;
        serde_json::from_str(body).unwrap_or(Value::Null)
    });

    end_tasks();
    let log = Log::start();
    let clock = Arc::new(ManualClock::new());
    let remote = RemoteJwks::discover(ISSUER)
        .expect("a URL")
        .with_http_client(site)
        .with_clock(clock);
    let renewed = block_on(remote.renew());
    let asked = asked.lock().expect("no panic").clone();
    // It fetches where it was told to, or where metadata of this issuer leads, and never plainly.
    assert!(asked.len() <= 3, "{asked:?}");
    for url in &asked {
        assert!(url.starts_with("https://"), "{url}");
        let leads_there = |document: &Value| {
            document["issuer"] == ISSUER
                && document["jwks_uri"]
                    .as_str()
                    .is_some_and(|named| is_same(named, url))
        };
        assert!(
            KNOWN.contains(&&**url) || documents[..2].iter().any(leads_there),
            "{url}"
        );
    }
    match renewed {
        // An issuer may have no key yet.
        Ok(()) => {
            let keys = asked
                .get(1..)
                .and_then(<[String]>::last)
                .map(|url| place_of(url));
            let keys = keys.map(|place| &documents[place]["keys"]);
            let is_empty = keys.and_then(Value::as_array).map(Vec::is_empty);
            assert_eq!(is_empty, Some(!remote.is_ready()));
        }
        Err(error) => {
            assert!(!remote.is_ready());
            assert!(error.to_string().len() <= 4096, "{error}");
        }
    }
    log.assert_harmless("", &[]);
});

#[derive(Debug)]
struct Site {
    responses: [Received; 3],
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
struct Received {
    status: u16,
    headers: Vec<(HeaderName, String)>,
    body: String,
}

#[async_trait]
impl HttpClient for Site {
    async fn get(&self, url: &Uri, _max_bytes: usize) -> Result<Response<Bytes>, BoxError> {
        let url = url.to_string();
        let place = place_of(&url);
        self.asked.lock().expect("no panic").push(url);
        let Received {
            status,
            headers,
            body,
        } = &self.responses[place];
        let mut response = Response::builder().status(*status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        Ok(response.body(body.clone().into())?)
    }
}

impl Received {
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let status = lines.next()?.parse().ok()?;
        let mut lines: Vec<&str> = lines.collect();
        let body = lines.pop()?.to_owned();
        let names = [CACHE_CONTROL, AGE, RETRY_AFTER, LOCATION];
        let headers = names
            .into_iter()
            .zip(lines.into_iter().map(str::to_owned))
            .collect();
        Some(Self {
            status,
            headers,
            body,
        })
    }
}

/// Which of the three responses this URL has.
fn place_of(url: &str) -> usize {
    KNOWN.iter().position(|known| *known == url).unwrap_or(2)
}

/// Whether a URL is this one, which has a path, and its host in lower case.
fn is_same(named: &str, url: &str) -> bool {
    named
        .parse::<Uri>()
        .is_ok_and(|named| named.to_string() == url)
}

const ISSUER: &str = "https://issuer.test";
const KNOWN: [&str; 2] = [
    "https://issuer.test/.well-known/openid-configuration",
    "https://issuer.test/.well-known/oauth-authorization-server",
];
