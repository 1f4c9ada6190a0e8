//! The users who may log in: alice.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use http::request::Parts;
use tonic::transport::server::TcpConnectInfo;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, ConfigError, Grant, Identity, Login,
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

/// Sessions in memory, and a new secret at each start: a restart logs all users out.
pub fn sessions() -> Result<Sessions, ConfigError> {
    Sessions::builder(Accounts, MemoryStore::new())
        .issuer("http://127.0.0.1:3003")
        .audience("example-api")
        .secret(Secret::random()?)
        // Guesses at passwords are counted by it.
        .client_address(|parts| peer(parts).map(|peer| peer.ip()))
        .build()
}

/// The other end of the connection. Axum's server says it in a type of its own, and so does
/// Tonic's.
fn peer(parts: &Parts) -> Option<SocketAddr> {
    match parts.extensions.get::<ConnectInfo<SocketAddr>>() {
        Some(ConnectInfo(peer)) => Some(*peer),
        None => parts.extensions.get::<TcpConnectInfo>()?.remote_addr(),
    }
}
