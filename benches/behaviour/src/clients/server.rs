//! [`StrictServer`] is on loopback, for a client that speaks DPoP: each refresh token is for one
//! use, and a second use ends the login, as RFC 9700 section 4.14.2 asks.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Form, Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

pub const SUBJECT: &str = "did:plc:alice";

#[derive(Clone, Default)]
pub struct StrictServer(Arc<Mutex<Login>>);

#[derive(Default)]
struct Login {
    /// The number of the refresh token that is valid.
    current: usize,
    is_over: bool,
    requests: usize,
    refused: usize,
}

#[derive(Deserialize)]
struct Refresh {
    refresh_token: String,
}

impl StrictServer {
    /// The first refresh token.
    pub const FIRST: &str = "refresh-0";

    /// Serves, and returns the URL of the token endpoint.
    pub async fn serve(&self) -> String {
        let app = Router::new()
            .route("/token", post(refresh))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback");
        let url = format!(
            "http://{}/token",
            listener.local_addr().expect("it is bound")
        );
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    /// How many refreshes there were, and how many of these were refused.
    pub fn counts(&self) -> (usize, usize) {
        let login = self.0.lock().unwrap();
        (login.requests, login.refused)
    }
}

/// A header that AT Protocol asks for with each response.
const NONCE: [(&str, &str); 1] = [("dpop-nonce", "a-nonce")];

async fn refresh(
    State(server): State<StrictServer>,
    Form(form): Form<Refresh>,
) -> (StatusCode, [(&'static str, &'static str); 1], Json<Value>) {
    let mut login = server.0.lock().unwrap();
    login.requests += 1;
    if login.is_over || form.refresh_token != format!("refresh-{}", login.current) {
        login.is_over = true;
        login.refused += 1;
        return (
            StatusCode::BAD_REQUEST,
            NONCE,
            Json(json!({ "error": "invalid_grant" })),
        );
    }
    login.current += 1;
    let tokens = json!({
        "access_token": format!("access-{}", login.current),
        "refresh_token": format!("refresh-{}", login.current),
        "token_type": "DPoP",
        "expires_in": 1800,
        "scope": "atproto",
        "sub": SUBJECT,
    });
    (StatusCode::OK, NONCE, Json(tokens))
}
