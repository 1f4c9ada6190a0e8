//! Who may log in: alice.

use std::convert::Infallible;

use tower_bearer::{AccessTokenSigner, Authenticate, BoxError, Grant, MemoryStore};
use tower_bearer::{PasswordCredentials, Secret, Session, Sessions, SigningKey};

/// Knows alice.
#[derive(Debug)]
pub struct Accounts;

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = Infallible;

    async fn authenticate(&self, login: PasswordCredentials) -> Result<Option<Grant>, Infallible> {
        let right = login.username() == "alice" && login.password() == "wonderland-7";
        Ok(right.then(|| Grant::new("alice")))
    }

    async fn renew(&self, session: &Session) -> Result<Option<Grant>, Infallible> {
        Ok(Some(Grant::new(session.subject().clone())))
    }
}

/// Sessions in memory, and a new secret at each start: nobody stays logged in over a restart.
pub fn sessions() -> Result<Sessions<Accounts>, BoxError> {
    let secret = Secret::random()?;
    let signer = AccessTokenSigner::new("http://127.0.0.1:3003", "example-api", SigningKey::hs256(&secret)?)?;
    Ok(Sessions::new(Accounts, MemoryStore::new(), signer, &secret))
}
