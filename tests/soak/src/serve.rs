//! One of the servers, as a process of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::routing::get;
use tokio::net::TcpListener;
use tower_bearer::throttle::LoginThrottle;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BoxError, CurrentUser, Grant, Identity, Login,
    Outcome, PasswordCredentials, PostgresStore, Secret, SessionPolicy, Sessions,
};

use crate::offset_clock::OffsetClock;

/// Everybody may log in, by any password: the sessions are what is tested.
#[derive(Debug)]
struct Anyone;

impl Authenticate for Anyone {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, BoxError> {
        Ok(Identity::new(login.username()).into())
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        Ok(Grant::new().into())
    }
}

/// Takes its settings from the environment: `DATABASE_URL`, `ADDR`, `CLOCK_OFFSET` in seconds.
pub(crate) async fn serve() {
    let setting = |name: &str| std::env::var(name).expect(name);
    let clock = OffsetClock(setting("CLOCK_OFFSET").parse().expect("seconds"));
    let store = loop {
        // The database may be gone when the server starts, as after a power cut.
        match PostgresStore::open(&setting("DATABASE_URL")).await {
            Ok(store) => break store,
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    };
    let policy = SessionPolicy::default().with_access_token_lifetime(ACCESS_TOKEN);
    let sessions = Sessions::builder(Anyone, store)
        .issuer("https://soak.test")
        .audience("soak")
        .secret(Secret::new(SECRET).expect("a secret"))
        .policy(policy)
        .clock(Arc::new(clock))
        .login_throttle(LoginThrottle::off())
        .client_address(|parts| Some(parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()))
        .build()
        .expect("sessions");
    let me = async |CurrentUser(claims): CurrentUser| claims.subject().to_string();
    let app = Router::new()
        .route("/me", get(me))
        .route_layer(sessions.layer())
        .nest_service("/auth", sessions.endpoints());
    let listener = TcpListener::bind(setting("ADDR")).await.expect("a port");
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await.expect("it serves");
}

/// Each client refreshes a few times a minute.
const ACCESS_TOKEN: Duration = Duration::from_secs(40);
const SECRET: &str = "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe";
