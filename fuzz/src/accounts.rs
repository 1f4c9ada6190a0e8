//! An application with one user, in memory.

use std::cell::Cell;
use std::convert::Infallible;
use std::net::IpAddr;

use tower_bearer::session::SessionsBuilder;
use tower_bearer::test_util::TestTokens;
use tower_bearer::throttle::LoginThrottle;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, Login, MemoryStore, Outcome,
    PasswordCredentials,
};

use crate::end_tasks;

/// The name of the user.
pub const USER: &str = "alice";
/// Their password.
pub const PASSWORD: &str = "wonderland-7";

thread_local! {
    static ADDRESS: Cell<Option<IpAddr>> = const { Cell::new(None) };
}

/// Knows the one user, and where the last login came from.
#[derive(Debug)]
pub struct Accounts;

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = Infallible;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, Infallible> {
        ADDRESS.set(login.context().and_then(|context| context.client_address()));
        Ok(match (login.username(), login.password()) {
            (USER, PASSWORD) => Identity::new(USER).into(),
            _ => Outcome::invalid_credentials(),
        })
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().with_scope("read").into())
    }
}

/// The address that the last login on this thread came from.
pub fn last_address() -> Option<IpAddr> {
    ADDRESS.get()
}

/// Builds sessions of this user, which no throttle bounds. Those of inputs before end.
pub fn sessions(tokens: &TestTokens) -> SessionsBuilder {
    end_tasks();
    tokens
        .sessions(Accounts, MemoryStore::new())
        .login_throttle(LoginThrottle::off())
}
