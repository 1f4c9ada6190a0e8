//! A user name that several tenants have is several accounts, if the application says so.

use std::borrow::Cow;
use std::convert::Infallible;

use http::{Request, StatusCode};
use serde::Deserialize;
use support::Received;
use tower::ServiceExt;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, Login, LoginCredentials,
    MemoryStore, Outcome, Sessions,
};

use super::{assert_throttled, attempt};

#[derive(Deserialize)]
struct TenantLogin {
    tenant: String,
    username: String,
    password: String,
}

impl LoginCredentials for TenantLogin {
    fn account(&self) -> Cow<'_, str> {
        format!("{}/{}", self.tenant, self.username).into()
    }
}

struct Tenants;

impl Authenticate for Tenants {
    type Credentials = TenantLogin;
    type Error = Infallible;

    async fn authenticate(&self, login: Login<TenantLogin>) -> Result<Outcome, Infallible> {
        Ok(if login.password == "wonderland-7" {
            Identity::new(&*login.account()).into()
        } else {
            Outcome::invalid_credentials()
        })
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}

fn admin(of: &str, password: &str, mark: &str, from: &str) -> Request<axum::body::Body> {
    let fields = [
        ("tenant", of),
        ("username", "admin"),
        ("password", password),
        ("device_mark", mark),
    ];
    attempt("/login", &fields, from)
}

async fn send(sessions: &Sessions, request: Request<axum::body::Body>) -> Received {
    Received::read(sessions.endpoints().oneshot(request)).await
}

#[tokio::test]
async fn guesses_at_the_admin_of_one_tenant_do_not_count_against_another() {
    let sessions = TestTokens::new().sessions(Tenants, MemoryStore::new());
    let sessions = sessions.build().unwrap();
    let answer = send(&sessions, admin("acme", "wonderland-7", "", "203.0.113.7")).await;
    let mark = answer.json()["device_mark"].as_str().unwrap().to_owned();

    for network in 0..100 {
        let from = format!("198.{}.100.1", network + 18);
        send(&sessions, admin("acme", "guessed", "", &from)).await;
    }
    let stranger = |of| admin(of, "wonderland-7", "", "192.0.2.1");
    assert_throttled(&send(&sessions, stranger("acme")).await);
    let answer = send(&sessions, stranger("globex")).await;
    assert_eq!(answer.status, StatusCode::OK);

    // Nor is a known device of the one known to the other.
    for network in 0..100 {
        let from = format!("198.{}.100.1", network + 18);
        send(&sessions, admin("globex", "guessed", "", &from)).await;
    }
    let known = |of| admin(of, "wonderland-7", &mark, "203.0.113.200");
    assert_throttled(&send(&sessions, known("globex")).await);
    let answer = send(&sessions, known("acme")).await;
    assert_eq!(answer.status, StatusCode::OK);
}
