//! The users who may log in: alice.

use std::convert::Infallible;

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
        .build()
}
