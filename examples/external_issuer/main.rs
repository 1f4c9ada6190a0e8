//! A service that checks the tokens of an identity provider, and issues none itself: no login, no
//! sessions, no database.
//!
//! ```sh
//! export ISSUER=https://id.example.com/realms/main AUDIENCE=example-api
//! cargo run --example external_issuer
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3002/me
//! ```
//!
//! | variable | |
//! |---|---|
//! | `ISSUER` | as it is in the tokens, byte by byte: a slash at its end counts |
//! | `AUDIENCE` | as it is in the tokens: the name of this service |
//! | `JWKS_URL` | where the keys are; without it the issuer's metadata says so |
//! | `ADDR` | where to listen; `127.0.0.1:3002` without it |
//!
//! The issuer may be down when this starts: it answers 503 until the keys are there.

use std::error::Error;

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use tower_bearer::{
    AccessTokenClaims, AccessTokenVerifier, BearerAuthLayer, CurrentUser, RemoteJwks,
};

async fn me(CurrentUser(claims): CurrentUser) -> Json<AccessTokenClaims> {
    Json(claims)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The log is where a refused request leaves its reason.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let (issuer, audience) = (variable("ISSUER")?, variable("AUDIENCE")?);
    let keys = match std::env::var("JWKS_URL") {
        Ok(url) => RemoteJwks::new(&url)?,
        Err(_) => RemoteJwks::discover(&issuer)?,
    };
    // Most providers do not mark their access tokens as such. So the audience has to be this
    // service, and nothing else.
    let verifier = AccessTokenVerifier::builder(keys.clone())
        .issuer(&issuer)
        .audience(&audience)
        .accept_untyped_jwt()
        .build()?;

    let app = Router::new()
        .route("/me", get(me))
        .route_layer(BearerAuthLayer::new(verifier))
        // For the load balancer, which decides when this process gets requests.
        .route(
            "/ready",
            get(async move || {
                if keys.is_ready() {
                    StatusCode::OK
                } else {
                    StatusCode::SERVICE_UNAVAILABLE
                }
            }),
        );

    let addr = std::env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3002".to_owned());
    let listener = tokio::net::TcpListener::bind(addr).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| {
        format!("{name} is not set. Try: ISSUER=https://id.example.com AUDIENCE=example-api")
    })
}
