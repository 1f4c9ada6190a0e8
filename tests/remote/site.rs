//! The site of an issuer, scripted: what it publishes, whether it answers, and how often it was
//! asked.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::header::CACHE_CONTROL;
use http::{Response, StatusCode, Uri};
use serde_json::{Value, json};
use support::{Pause, keys};
use tower_bearer::keys::HttpClient;
use tower_bearer::store::async_trait;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::AccessTokenVerifierBuilder;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, BoxError, RemoteJwks, SigningKey};

pub(crate) const JWKS: &str = "https://issuer.test/jwks.json";

/// The client that fetches from it. Clones are the same site.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) clock: ManualClock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    documents: HashMap<String, Response<Bytes>>,
    asked: Vec<(String, usize)>,
    is_down: bool,
    panics: bool,
    pause: Option<Pause>,
}

impl Site {
    /// Publishes nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            clock: ManualClock::new(),
            state: Arc::default(),
        }
    }

    /// Publishes these keys at [`JWKS`].
    pub(crate) fn of(keys: &[&SigningKey]) -> Self {
        let site = Self::new();
        site.publish(keys);
        site
    }

    pub(crate) fn publish(&self, keys: &[&SigningKey]) {
        self.publish_jwks(&keys.iter().map(|key| jwk(key)).collect::<Vec<_>>());
    }

    pub(crate) fn publish_jwks(&self, keys: &[Value]) {
        self.put(JWKS, &json!({ "keys": keys }).to_string());
    }

    /// The same, with what `Cache-Control` says of it.
    pub(crate) fn publish_for(&self, keys: &[Value], cache_control: &'static str) {
        let document = json!({ "keys": keys }).to_string();
        let response = Response::builder()
            .header(CACHE_CONTROL, cache_control)
            .body(document.into())
            .unwrap();
        self.answer(JWKS, response);
    }

    pub(crate) fn put(&self, address: &str, document: &str) {
        self.answer(
            address,
            Response::new(Bytes::copy_from_slice(document.as_bytes())),
        );
    }

    pub(crate) fn put_status(&self, address: &str, status: u16, document: &str) {
        let document = Bytes::copy_from_slice(document.as_bytes());
        self.answer(
            address,
            Response::builder().status(status).body(document).unwrap(),
        );
    }

    pub(crate) fn answer(&self, address: &str, response: Response<Bytes>) {
        self.state().documents.insert(address.to_owned(), response);
    }

    /// The site does not answer.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// The next fetch panics.
    pub(crate) fn panic_once(&self) {
        self.state().panics = true;
    }

    /// The next fetch hangs. What it brings is what was published when it was sent.
    pub(crate) fn pause(&self) -> Pause {
        let pause = Pause::new();
        self.state().pause = Some(pause.clone());
        pause
    }

    /// The number of documents that were asked for.
    pub(crate) fn fetches(&self) -> usize {
        self.state().asked.len()
    }

    /// The documents that were asked for since the last call.
    pub(crate) fn take_asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
            .into_iter()
            .map(|(address, _)| address)
            .collect()
    }

    /// The size limits that the client was given, one for each document.
    pub(crate) fn limits(&self) -> Vec<usize> {
        self.state()
            .asked
            .iter()
            .map(|(_, max_bytes)| *max_bytes)
            .collect()
    }

    pub(crate) fn remote(&self) -> RemoteJwks {
        self.fetched_by(RemoteJwks::new(JWKS).unwrap())
    }

    pub(crate) fn fetched_by(&self, keys: RemoteJwks) -> RemoteJwks {
        keys.with_http_client(self.clone())
            .with_clock(Arc::new(self.clock.clone()))
    }

    pub(crate) fn verifier(&self, keys: &RemoteJwks) -> AccessTokenVerifier {
        self.builder(keys).build().unwrap()
    }

    pub(crate) fn builder(&self, keys: &RemoteJwks) -> AccessTokenVerifierBuilder {
        support::builder_with(keys.clone(), &self.clock)
    }

    pub(crate) fn layer(&self, keys: &RemoteJwks) -> BearerAuthLayer {
        BearerAuthLayer::new(self.verifier(keys))
    }

    /// The `Authorization` of `alice`: signed with this key, and valid for five minutes.
    pub(crate) fn bearer(&self, key: &SigningKey) -> String {
        format!("Bearer {}", keys::token(key.clone(), &self.clock))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Site")
    }
}

#[async_trait]
impl HttpClient for Site {
    async fn get(&self, address: &Uri, max_bytes: usize) -> Result<Response<Bytes>, BoxError> {
        let (is_down, panics, found, pause) = {
            let mut state = self.state();
            state.asked.push((address.to_string(), max_bytes));
            let panics = std::mem::take(&mut state.panics);
            (
                state.is_down,
                panics,
                state.documents.get(&address.to_string()).cloned(),
                state.pause.take(),
            )
        };
        if let Some(pause) = pause {
            pause.stop().await;
        }
        assert!(!panics, "the client panics, as the test wants");
        if is_down {
            return Err("nobody answers".into());
        }
        let not_found = || {
            Response::builder()
                .status(StatusCode::NOT_FOUND)
                .body(Bytes::new())
                .unwrap()
        };
        Ok(found.unwrap_or_else(not_found))
    }
}

/// The public part of a key, as it is published.
pub(crate) fn jwk(key: &SigningKey) -> Value {
    keys::jwk(&key.key_set())
}

/// The number of keys that are loaded.
pub(crate) fn count(keys: &RemoteJwks) -> Option<usize> {
    tower_bearer::keys::KeySource::from(keys.clone())
        .key_set()
        .map(|keys| keys.len())
}
