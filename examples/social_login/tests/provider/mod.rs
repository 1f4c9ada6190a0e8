//! A provider of identities on loopback. It is as strict as a real one about what it is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use support::keys::{P256, jwk, key};
use support::signed_by;

pub(crate) const CLIENT: (&str, &str) = ("example-client", "example-client-secret");

/// The parameters of a request.
type Sent = HashMap<String, String>;

#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) address: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// The requests for codes that were not exchanged yet.
    codes: HashMap<String, Sent>,
    asked: usize,
    /// What the next ID tokens say otherwise.
    changes: Value,
    forged: bool,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            inner: Arc::default(),
        };
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route(
                "/keys",
                get(async || Json(json!({ "keys": [public_key()] }))),
            )
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async { axum::serve(listener, app).await });
        provider
    }

    /// Replaces claims of the ID tokens from now on.
    pub(crate) fn says(&self, changes: Value) {
        self.inner.lock().unwrap().changes = changes;
    }

    /// Sends ID tokens with the signature of another one from now on.
    pub(crate) fn is_forged(&self) {
        self.inner.lock().unwrap().forged = true;
    }

    /// How often a code was sent to it.
    pub(crate) fn exchanges(&self) -> usize {
        self.inner.lock().unwrap().asked
    }
}

fn public_key() -> Value {
    jwk(&key(P256).key_set())
}

async fn metadata(State(provider): State<Provider>) -> Json<Value> {
    let at = |path| format!("{}{path}", provider.address);
    Json(json!({
        "issuer": provider.address,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

/// The user is logged in there, and agrees.
async fn authorize(State(provider): State<Provider>, Query(sent): Query<Sent>) -> Redirect {
    assert_eq!(sent["response_type"], "code");
    assert_eq!(sent["client_id"], CLIENT.0);
    assert_eq!(sent["code_challenge_method"], "S256");
    assert_eq!(sent["scope"], "openid email");
    let mut inner = provider.inner.lock().unwrap();
    let code = format!("code-{}", inner.codes.len() + inner.asked);
    let answer = format!(
        "{}?code={code}&state={}",
        sent["redirect_uri"], sent["state"]
    );
    inner.codes.insert(code, sent);
    Redirect::to(&answer)
}

async fn token(
    State(provider): State<Provider>,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Result<Json<Value>, (StatusCode, Json<Value>)> {
    let (id, secret) = CLIENT;
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    assert_eq!(headers["authorization"], *basic);
    assert_eq!(sent["grant_type"], "authorization_code");
    let mut inner = provider.inner.lock().unwrap();
    inner.asked += 1;
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&sent["code_verifier"]));
    let asked = inner.codes.remove(&sent["code"]).filter(|asked| {
        asked["redirect_uri"] == sent["redirect_uri"] && asked["code_challenge"] == challenge
    });
    let Some(asked) = asked else {
        return Err((
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": "invalid_grant" })),
        ));
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut claims = json!({
        "iss": provider.address, "aud": id, "sub": "user-1", "iat": now, "exp": now + 300,
        "nonce": asked["nonce"], "email": "alice@example.com", "email_verified": true,
    });
    for (name, value) in inner.changes.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let header = json!({ "alg": "ES256", "kid": public_key()["kid"] });
    let mut id_token = signed_by(P256, &header, &claims);
    if inner.forged {
        let other = signed_by(P256, &header, &json!({}));
        let (_, signature) = other.rsplit_once('.').unwrap();
        id_token = format!("{}.{signature}", id_token.rsplit_once('.').unwrap().0);
    }
    Ok(Json(json!({
        "access_token": "of the provider", "token_type": "Bearer", "id_token": id_token,
    })))
}
