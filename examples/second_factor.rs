//! A second factor: the six digits of an authenticator app (TOTP, RFC 6238).
//!
//! ```sh
//! cargo run --example second_factor
//! curl -d 'username=alice&password=wonderland-7' localhost:3000/auth/login
//! # The URL that this returns is a QR code for the app, which then shows codes.
//! curl -X POST -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3000/second-factor
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" -d "code=$CODE" localhost:3000/second-factor/code
//! # From now on every login needs a code.
//! curl -d "username=alice&password=wonderland-7&code=$NEXT" localhost:3000/auth/login
//! ```
//!
//! | a login with the right password and | response |
//! |---|---|
//! | no code | 403 with the reason `code_required`: the page asks for it, and sends all three |
//! | a wrong code, or one that was used before | 403 with the reason `code_wrong` |
//!
//! A wrong code counts as a guess, as a wrong password does. `authenticate` asks for the code, so
//! `/auth/token` and `/auth/reauthenticate` do too.
//!
//! Not shown: a sign-up (see `sqlite.rs`), recovery codes, the key that encrypts `totp_secret`, and
//! a message to the user after some wrong codes: somebody has their password.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, Form, State};
use axum::http::{StatusCode, header::CACHE_CONTROL};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use totp_rs::{Builder, Totp};
use tower_bearer::bearer::RequireLayer;
use tower_bearer::{
    AccessTokenClaims, Authenticate, Authorization, AuthorizeRequest, BoxError, CurrentUser, Grant,
    Identity, Login, LoginCredentials, MemoryStore, Outcome, PasswordCredentials, Passwords,
    Secret, Sessions, Subject, Verification,
};

/// A secret without a step is not confirmed. The step is that of the last code that was used.
const TABLE: &str = "CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    totp_secret TEXT,
    totp_step INTEGER
)";

#[derive(sqlx::FromRow)]
struct User {
    id: i64,
    name: String,
    hash: String,
    totp_secret: Option<String>,
    totp_step: Option<i64>,
}

impl User {
    /// It changes with the password, and once the factor counts. So a session from before ends, and
    /// a login that is in progress meanwhile does not become one.
    fn stamp(&self) -> String {
        format!("{} {}", self.hash, self.totp_step.is_some())
    }
}

/// What a login sends: user name, password, and perhaps a code.
#[derive(Deserialize)]
struct WithCode {
    #[serde(flatten)]
    password: PasswordCredentials,
    code: Option<String>,
}

impl LoginCredentials for WithCode {
    fn account(&self) -> Cow<'_, str> {
        self.password.account()
    }
}

#[derive(Clone)]
struct Users {
    db: SqlitePool,
    passwords: Passwords,
}

impl Users {
    async fn find(&self, id: &Subject) -> Result<Option<User>, BoxError> {
        let query = sqlx::query_as("SELECT * FROM users WHERE id = ?");
        Ok(query
            .bind(id.parse::<i64>()?)
            .fetch_optional(&self.db)
            .await?)
    }

    /// Uses up a code. `false`: it is wrong, or it was used before.
    async fn spend(&self, user: &User, secret: &str, code: &str) -> Result<bool, BoxError> {
        let Some(step) = totp(&user.name, secret)?.check_current(code) else {
            return Ok(false);
        };
        // One statement: of two logins with the same code only one changes the row.
        let sql = "UPDATE users SET totp_step = ?1
            WHERE id = ?2 AND totp_secret = ?3 AND coalesce(totp_step, -1) < ?1";
        let update = sqlx::query(sql).bind(i64::try_from(step)?);
        let update = update.bind(user.id).bind(secret);
        Ok(update.execute(&self.db).await?.rows_affected() == 1)
    }
}

/// Accepts the codes of this half minute, and those of the one before and after it.
fn totp(name: &str, secret: &str) -> Result<Totp, BoxError> {
    let builder = Builder::new().with_secret(totp_rs::Secret::try_from_base32(secret)?);
    let builder = builder.with_account_name(name).with_issuer(Some("Example"));
    Ok(builder.build()?)
}

impl Authenticate for Users {
    type Credentials = WithCode;
    type Error = BoxError;

    async fn authenticate(&self, login: Login<WithCode>) -> Result<Outcome, BoxError> {
        let (name, password) = (login.password.username(), login.password.password());
        let query = sqlx::query_as("SELECT * FROM users WHERE name = ?").bind(name);
        let user: Option<User> = query.fetch_optional(&self.db).await?;
        let hash = user.as_ref().map(|user| &*user.hash);
        let verified = self.passwords.verify(hash, password).await?;
        let (Some(user), Verification::Valid { .. }) = (user, verified) else {
            return Ok(Outcome::invalid_credentials());
        };
        // From here on the password is right, so the response may say what else is needed.
        if let (Some(secret), Some(_)) = (&user.totp_secret, user.totp_step) {
            match login.code.as_deref().unwrap_or_default() {
                // It is not a guess: otherwise each login with two steps would count as one.
                "" => return Ok(Outcome::denied("code_required").with_valid_credentials()),
                code if self.spend(&user, secret, code).await? => {}
                _ => return Ok(Outcome::denied("code_wrong")),
            }
        }
        Ok(Identity::new(user.id).with_stamp(user.stamp()).into())
    }

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        let user = self.find(request.session().subject()).await?;
        Ok(user
            .map(|user| Grant::new().with_stamp(user.stamp()))
            .into())
    }
}

#[derive(Clone)]
struct App {
    users: Users,
    sessions: Sessions,
}

impl App {
    async fn user(&self, claims: &AccessTokenClaims) -> Result<User, StatusCode> {
        let user = self.users.find(claims.subject()).await;
        user.map_err(unavailable)?.ok_or(StatusCode::CONFLICT)
    }
}

/// Makes a secret for the user's authenticator app. It counts once a code has confirmed it.
async fn enrol(
    State(app): State<App>,
    CurrentUser(claims): CurrentUser,
) -> Result<impl IntoResponse, StatusCode> {
    let user = app.user(&claims).await?;
    let secret = totp_rs::Secret::generate().to_base32();
    let totp = totp(&user.name, &secret).map_err(unavailable)?;
    let url = totp.to_url().map_err(unavailable)?;
    // A factor that counts is not replaced: a stolen session could do that.
    let sql = "UPDATE users SET totp_secret = ? WHERE id = ? AND totp_step IS NULL";
    let update = sqlx::query(sql).bind(secret).bind(user.id);
    let updated = update.execute(&app.users.db).await.map_err(unavailable)?;
    match updated.rows_affected() {
        0 => Err(StatusCode::CONFLICT),
        _ => Ok(([(CACHE_CONTROL, "no-store")], url)),
    }
}

#[derive(Deserialize)]
struct Confirmation {
    code: String,
}

/// The first code shows that the app has the secret. Later ones are for logins: they bound guesses.
async fn confirm(
    State(app): State<App>,
    CurrentUser(claims): CurrentUser,
    Form(sent): Form<Confirmation>,
) -> Result<StatusCode, StatusCode> {
    let user = app.user(&claims).await?;
    let (Some(secret), None) = (&user.totp_secret, user.totp_step) else {
        return Err(StatusCode::CONFLICT);
    };
    let spent = app.users.spend(&user, secret, &sent.code).await;
    if !spent.map_err(unavailable)? {
        return Err(StatusCode::BAD_REQUEST);
    }
    // The user's other sessions began without a code. So did the devices that are known: somebody
    // with the password alone may have made many, and each has guesses of its own.
    let stamp = app.user(&claims).await?.stamp();
    let changed = app.sessions.credentials_changed(&claims, stamp).await;
    changed.map_err(unavailable)?;
    Ok(StatusCode::NO_CONTENT)
}

fn unavailable(error: impl Into<BoxError>) -> StatusCode {
    tracing::error!(error = error.into().to_string(), "second factor");
    StatusCode::SERVICE_UNAVAILABLE
}

async fn me(CurrentUser(claims): CurrentUser) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "id": claims.subject().as_str() }))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt::init();
    // A database in memory is that of one connection, which stays.
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.idle_timeout(None).max_lifetime(None);
    let db = pool.connect("sqlite::memory:").await?;
    sqlx::query(TABLE).execute(&db).await?;
    let passwords = Passwords::new();
    let insert = sqlx::query("INSERT INTO users (name, hash) VALUES ('alice', ?)");
    let hash = passwords.hash("wonderland-7").await?;
    insert.bind(hash).execute(&db).await?;
    let users = Users { db, passwords };

    let sessions = Sessions::builder(users.clone(), MemoryStore::new())
        .issuer("http://127.0.0.1:3000")
        .audience("example-api")
        // The sessions in memory end with the program, so the secret may end with it too.
        .secret(Secret::random()?)
        // Guesses at passwords and codes are counted by it.
        .client_address(|parts| Some(parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()))
        .build()?;

    // A stranger at an open laptop cannot set up a factor of their own.
    let just_now = RequireLayer::max_age(Duration::from_secs(300));
    let app = Router::new()
        .route("/second-factor", post(enrol))
        .route("/second-factor/code", post(confirm))
        .route_layer(just_now)
        .route("/me", get(me))
        .route_layer(sessions.layer())
        .layer(DefaultBodyLimit::max(8 * 1024))
        .nest_service("/auth", sessions.endpoints())
        .with_state(App { users, sessions });

    let address = std::env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await?;
    Ok(())
}
