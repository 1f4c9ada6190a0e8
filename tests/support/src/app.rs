//! [`App`]: an application whose users answer what a test writes.

use std::fmt;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::Request;
use tower::ServiceExt;
use tower_bearer::names::SessionId;
use tower_bearer::session::SessionsBuilder;
use tower_bearer::store::{Session, SessionStore};
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{
    AuthEndpoints, Authenticate, Authorization, AuthorizeRequest, BearerAuthLayer, BoxError, Grant,
    Identity, Login, MemoryStore, Outcome, PasswordCredentials, Sessions,
};

use crate::{FailingStore, Received, ask, bearer, form};

type Authenticates = Arc<dyn Fn(&Login<PasswordCredentials>) -> Outcome + Send + Sync>;
type Authorizes =
    Arc<dyn Fn(AuthorizeRequest<'_>) -> Result<Authorization, BoxError> + Send + Sync>;

/// Accounts that answer as a test writes. Until then every user name with the password
/// `wonderland-7` is valid, and gets a grant without a scope. Clones share the same users.
#[derive(Clone)]
pub struct Scripted(Arc<Mutex<Script>>);

struct Script {
    authenticates: Authenticates,
    authorizes: Authorizes,
    yields: bool,
}

impl Scripted {
    /// Accounts as described above.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Script {
            authenticates: Arc::new(|login| match login.password() {
                "wonderland-7" => Identity::new(login.username()).into(),
                _ => Outcome::invalid_credentials(),
            }),
            authorizes: Arc::new(|_| Ok(Grant::new().into())),
            yields: false,
        })))
    }

    /// Sets the outcome of `authenticate` from now on.
    pub fn authenticate_as(
        &self,
        says: impl Fn(&Login<PasswordCredentials>) -> Outcome + Send + Sync + 'static,
    ) {
        self.0.lock().unwrap().authenticates = Arc::new(says);
    }

    /// Sets the result of `authorize` from now on.
    pub fn authorize_as<F>(&self, says: F)
    where
        F: Fn(AuthorizeRequest<'_>) -> Result<Authorization, BoxError> + Send + Sync + 'static,
    {
        self.0.lock().unwrap().authorizes = Arc::new(says);
    }

    /// `authorize` grants this from now on.
    pub fn grant(&self, grant: Grant) {
        self.authorize_as(move |_| Ok(grant.clone().into()));
    }

    /// Both questions wait once before and once after their work.
    pub fn yield_everywhere(&self) {
        self.0.lock().unwrap().yields = true;
    }

    async fn wait(&self) {
        let yields = self.0.lock().unwrap().yields;
        if yields {
            tokio::task::yield_now().await;
        }
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scripted")
    }
}

impl Authenticate for Scripted {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, BoxError> {
        self.wait().await;
        // Called without the lock, because a test may want it to panic.
        let says = Arc::clone(&self.0.lock().unwrap().authenticates);
        let outcome = says(&login);
        self.wait().await;
        Ok(outcome)
    }

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        self.wait().await;
        let says = Arc::clone(&self.0.lock().unwrap().authorizes);
        let authorization = says(request);
        self.wait().await;
        authorization
    }
}

/// One server of an application with [`Scripted`] users, and a client of it.
#[derive(Debug)]
pub struct App {
    /// Its users.
    pub users: Scripted,
    /// The store of its sessions.
    pub store: FailingStore,
    /// The clock of all parts.
    pub clock: ManualClock,
    /// Its sessions.
    pub sessions: Sessions,
}

impl App {
    /// An application with the defaults.
    pub fn new() -> Self {
        Self::built(MemoryStore::new(), |sessions| sessions)
    }

    /// An application with a store, and other settings.
    pub fn built(
        store: impl SessionStore,
        settings: impl FnOnce(SessionsBuilder) -> SessionsBuilder,
    ) -> Self {
        let (users, store, clock) = (
            Scripted::new(),
            FailingStore::new(store),
            ManualClock::new(),
        );
        let tokens = TestTokens::with_clock(clock.clone());
        let sessions = settings(tokens.sessions(users.clone(), store.clone()))
            .build()
            .unwrap();
        Self {
            users,
            store,
            clock,
            sessions,
        }
    }

    /// Its endpoints, at the root.
    pub fn endpoints(&self) -> AuthEndpoints {
        self.sessions.endpoints()
    }

    /// Its layer.
    pub fn layer(&self) -> BearerAuthLayer {
        self.sessions.layer()
    }

    /// The response of the endpoints, which must never be stored.
    pub async fn send(&self, request: Request<Body>) -> Received {
        let answer = Received::read(self.endpoints().oneshot(request)).await;
        answer.assert_not_stored();
        answer
    }

    /// The response of `POST /login` to `alice` with her password.
    pub async fn log_in(&self) -> Received {
        self.send(log_in_form()).await
    }

    /// The response of `POST /refresh`.
    pub async fn refresh(&self, token: &str) -> Received {
        self.send(form("/refresh", &[("refresh_token", token)]))
            .await
    }

    /// The layer's response to this access token, before a handler that answers with the subject.
    pub async fn me(&self, access_token: &str) -> Received {
        ask(&self.layer(), &bearer(access_token)).await
    }

    /// The sessions of `alice` that live.
    pub async fn live(&self) -> Vec<SessionId> {
        self.sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .iter()
            .map(|session| *session.id())
            .collect()
    }

    /// A row of the store.
    pub async fn row(&self, id: &SessionId) -> Session {
        self.store.inner().find(id).await.unwrap().unwrap()
    }
}

/// `POST /login`, of `alice` with her password.
pub fn log_in_form() -> Request<Body> {
    form(
        "/login",
        &[("username", "alice"), ("password", "wonderland-7")],
    )
}
