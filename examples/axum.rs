//! The README's main.rs: one protected route, and login for it, with sessions in memory.
//!
//! ```sh
//! cargo run --example axum
//! curl -d 'username=alice&password=wonderland-7' localhost:3000/auth/login
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3000/me
//! ```
//!
//! `server` is the example with a database, hashed passwords and a secret that survives a restart.

use axum::{Router, routing::get};
use tower_bearer::{AccessTokenSigner, AuthEndpoints, Authenticate, CurrentUser, Grant, MemoryStore};
use tower_bearer::{PasswordCredentials, Secret, Session, Sessions, SigningKey};

struct Accounts;

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = std::convert::Infallible;

    async fn authenticate(&self, login: PasswordCredentials) -> Result<Option<Grant>, Self::Error> {
        let right = login.username() == "alice" && login.password() == "wonderland-7";
        Ok(right.then(|| Grant::new("alice")))
    }

    async fn renew(&self, session: &Session) -> Result<Option<Grant>, Self::Error> {
        Ok(Some(Grant::new(session.subject().clone())))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A new secret at each start: nobody stays logged in over a restart, and nothing is lost with the sessions in memory.
    let secret = Secret::random()?;
    let signer = AccessTokenSigner::new("http://127.0.0.1:3000", "example-api", SigningKey::hs256(&secret)?)?;
    let sessions = Sessions::new(Accounts, MemoryStore::new(), signer, &secret);

    let app = Router::new()
        .route("/me", get(async |CurrentUser(claims): CurrentUser| claims.subject().to_string()))
        .route_layer(sessions.layer())
        .nest_service("/auth", AuthEndpoints::new(sessions));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://127.0.0.1:3000");
    axum::serve(listener, app).await?;
    Ok(())
}
