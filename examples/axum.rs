//! One protected route, and a login for it, with sessions in memory: the shortest program there is.
//!
//! ```sh
//! cargo run --example axum
//! curl -d 'username=alice&password=wonderland-7' localhost:3000/auth/login
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3000/me
//! ```
//!
//! `server` is the example with a database, hashed passwords and a secret that survives a restart.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::{Router, extract::ConnectInfo, routing::get};
use tokio::net::TcpListener;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BoxError, CurrentUser, Grant, Identity, Login,
    MemoryStore, Outcome, PasswordCredentials, Secret, Sessions,
};

struct Accounts;

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = Infallible;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, Infallible> {
        if login.username() == "alice" && login.password() == "wonderland-7" {
            Ok(Identity::new("alice").into())
        } else {
            Ok(Outcome::invalid_credentials())
        }
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}

async fn me(CurrentUser(claims): CurrentUser) -> String {
    claims.subject().to_string()
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let sessions = Sessions::builder(Accounts, MemoryStore::new())
        .issuer("http://127.0.0.1:3000")
        .audience("example-api")
        // The sessions in memory end with the program, so the secret may end with it too.
        .secret(Secret::random()?)
        // Guesses at passwords are counted by it.
        .client_address(|parts| Some(parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()))
        .build()?;

    let app = Router::new()
        .route("/me", get(me))
        .route_layer(sessions.layer())
        .nest_service("/auth", sessions.endpoints());

    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on http://127.0.0.1:3000");
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await?;
    Ok(())
}
