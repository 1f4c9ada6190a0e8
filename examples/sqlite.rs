//! Users and sessions in one SQLite file: sign-up, login, refresh, logout, and `/me`.
//!
//! ```sh
//! umask 077 # `app.db` has password hashes
//! export AUTH_SECRET=$(openssl rand -base64 48)
//! cargo run --example sqlite
//! curl -d 'username=alice&password=wonderland-7' localhost:3000/signup
//! curl -d 'username=alice&password=wonderland-7' localhost:3000/auth/login
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3000/me
//! curl -d "refresh_token=$REFRESH_TOKEN" localhost:3000/auth/refresh
//! curl -d "token=$REFRESH_TOKEN" localhost:3000/auth/logout
//! ```
//!
//! It needs the features `argon2` and `sqlite`, and `sqlx` with `runtime-tokio` and `sqlite`.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, DefaultBodyLimit, Form, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BoxError, CurrentUser, Grant, Identity,
    LoadUser, LoadUserRequest, Login, Outcome, PasswordCredentials, Passwords, Secret, Sessions,
    SqliteStore, Subject, Verification,
};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    hash TEXT NOT NULL
)";

/// The user that handlers get as `CurrentUser<User>`.
#[derive(Clone, sqlx::FromRow)]
struct User {
    id: i64,
    name: String,
    hash: String,
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
}

impl Authenticate for Users {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, BoxError> {
        let query = sqlx::query_as("SELECT * FROM users WHERE name = ?").bind(login.username());
        let user: Option<User> = query.fetch_optional(&self.db).await?;
        // An unknown user takes as long as a wrong password.
        let hash = user.as_ref().map(|user| &*user.hash);
        let verified = self.passwords.verify(hash, login.password()).await?;
        let user = user.filter(|_| matches!(verified, Verification::Valid { .. }));
        // `None`: wrong credentials. The stamp ends all sessions when the password changes.
        let identity = user.map(|user| Identity::new(user.id).with_stamp(user.hash));
        Ok(identity.into())
    }

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        let user = self.find(request.session().subject()).await?;
        // `None`: the user is gone.
        Ok(user.map(|user| Grant::new().with_stamp(user.hash)).into())
    }
}

impl LoadUser for Users {
    type User = User;
    type Error = BoxError;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<User>, BoxError> {
        self.find(request.claims().subject()).await
    }
}

async fn sign_up(
    State(users): State<Users>,
    Form(new): Form<PasswordCredentials>,
) -> Result<StatusCode, StatusCode> {
    let (name, password) = (new.username(), new.password());
    let is_name = matches!(name.len(), 1..=64) && name.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_name || password.chars().count() < 8 {
        return Err(StatusCode::BAD_REQUEST);
    }
    let hash = users.passwords.hash(password).await;
    let sql = "INSERT INTO users (name, hash) VALUES (?, ?) ON CONFLICT DO NOTHING";
    let insert = sqlx::query(sql).bind(name).bind(hash.map_err(unavailable)?);
    let inserted = insert.execute(&users.db).await.map_err(unavailable)?;
    match inserted.rows_affected() {
        0 => Err(StatusCode::CONFLICT),
        _ => Ok(StatusCode::CREATED),
    }
}

fn unavailable(error: impl std::error::Error) -> StatusCode {
    tracing::error!(error = error.to_string(), "sign-up failed");
    StatusCode::SERVICE_UNAVAILABLE
}

async fn me(CurrentUser(user): CurrentUser<User>) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "id": user.id, "name": user.name }))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt::init();
    let file = SqliteConnectOptions::new()
        .filename("app.db")
        .create_if_missing(true);
    let db = SqlitePool::connect_with(file.journal_mode(SqliteJournalMode::Wal)).await?;
    sqlx::query(TABLE).execute(&db).await?;
    let store = SqliteStore::from_pool(db.clone()).await?;
    let users = Users {
        db,
        passwords: Passwords::new(),
    };

    let sessions = Sessions::builder(users.clone(), store)
        .issuer("http://127.0.0.1:3000")
        .audience("example-api")
        .secret(Secret::from_env("AUTH_SECRET")?)
        // Guesses at passwords are counted by it.
        .client_address(|parts| Some(parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()))
        .build()?;

    let app = Router::new()
        .route("/me", get(me))
        .route_layer(sessions.layer().with_user_loader(users.clone()))
        // Routes that are added after `route_layer` need no token.
        .route("/signup", post(sign_up))
        .layer(DefaultBodyLimit::max(8 * 1024))
        .with_state(users)
        .nest_service("/auth", sessions.endpoints());

    let address = std::env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, app).await?;
    Ok(())
}
