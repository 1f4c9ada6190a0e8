//! Passkeys (WebAuthn): sign up and log in without a password.
//!
//! ```sh
//! cargo run -p example-passkey # then open http://localhost:3000
//! ```
//!
//! Passkeys belong to a domain name: they do not work at an IP address. `ORIGIN` is the origin that
//! browsers see, as in `https://app.example.com`, if it is not `http://localhost` with the port.
//!
//! | route | |
//! |---|---|
//! | `/passkey/register`, `/passkey/login` | return the options that the browser's API takes |
//! | `/passkey/registered?name=…` | takes the new passkey, and makes the user |
//! | `/passkey/logged-in` | takes the signature, and starts a session, as `/auth/login` would |
//!
//! A signature cannot be guessed, so guesses are not counted. But a browser that was asked takes a
//! place for five minutes, and a user one in a table without a bound: a proxy has to limit how
//! often a client sends to these routes, or strangers fill them, and each user gets 503.

use std::env;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, Request, State};
use axum::http::{StatusCode, request::Parts};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::net::TcpListener;
use tower_bearer::{
    AuthEndpoints, Authenticate, Authorization, AuthorizeRequest, BoxError, CookieDelivery,
    CurrentUser, Grant, Identity, LoadUser, LoadUserRequest, MemoryStore, NoCredentials, Secret,
    Sessions, Subject,
};
use webauthn_rp::bin::{Decode, Encode};
use webauthn_rp::request::auth::AuthenticationVerificationOptions;
use webauthn_rp::request::register::{
    CredProtect, PublicKeyCredentialUserEntity, RegistrationVerificationOptions,
    USER_HANDLE_MAX_LEN, UserHandle64, Username,
};
use webauthn_rp::request::{AsciiDomain, ExtensionInfo, FixedCapHashSet, InsertResult, RpId};
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication64, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration,
    RegistrationServerState,
};

/// A user with one passkey. In a database each passkey is a row.
struct User {
    name: String,
    handle: UserHandle64,
    passkey_id: Vec<u8>,
    public_key: Vec<u8>,
    /// It changes with each login: whether the passkey is backed up, for example.
    state: DynamicState,
}

type Key = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

struct Tables {
    users: Vec<User>,
    /// What browsers were asked: at most `CAPACITY` of each at once, for five minutes, once.
    registrations: FixedCapHashSet<RegistrationServerState<USER_HANDLE_MAX_LEN>>,
    logins: FixedCapHashSet<DiscoverableAuthenticationServerState>,
}

const CAPACITY: usize = 10_000;

#[derive(Clone)]
struct Users(Arc<Mutex<Tables>>);

impl Users {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The subject of a user is their place in the table.
    fn name(&self, subject: &Subject) -> Option<String> {
        let place: usize = subject.parse().ok()?;
        self.tables().users.get(place).map(|user| user.name.clone())
    }
}

impl Authenticate for Users {
    type Credentials = NoCredentials;
    type Error = BoxError;

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        let name = self.name(request.session().subject());
        Ok(name.map(|_| Grant::new()).into())
    }
}

impl LoadUser for Users {
    type User = String;
    type Error = BoxError;

    async fn load_user(&self, request: LoadUserRequest<'_>) -> Result<Option<String>, BoxError> {
        Ok(self.name(request.claims().subject()))
    }
}

#[derive(Clone)]
struct App {
    users: Users,
    sessions: Sessions,
    endpoints: AuthEndpoints,
    cookies: CookieDelivery,
    rp_id: Arc<RpId>,
    origin: Arc<str>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

async fn register(State(app): State<App>, Query(new): Query<Name>) -> Result<Response, StatusCode> {
    let handle = UserHandle64::new();
    let user = PublicKeyCredentialUserEntity {
        name: Username::try_from(&*new.name).map_err(malformed)?,
        id: &handle,
        display_name: None,
    };
    let mut options = PublicKeyCredentialCreationOptions::first_passkey(&app.rp_id, user);
    // Not every authenticator has this extension. That it recognises its user is required anyway.
    let wished = CredProtect::UserVerificationRequired(ExtensionInfo::AllowDontEnforceValue);
    options.extensions.cred_protect = wished;
    let (asked, options) = options.start_ceremony().map_err(malformed)?;
    let mut tables = app.users.tables();
    // Before the browser makes a passkey that would be refused.
    if tables.users.iter().any(|user| user.name == new.name) {
        return Err(StatusCode::CONFLICT);
    }
    match tables.registrations.insert_or_replace_all_expired(asked) {
        InsertResult::Success => Ok(Json(&options).into_response()),
        _ => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

async fn registered(
    State(app): State<App>,
    Query(new): Query<Name>,
    body: Bytes,
) -> Result<StatusCode, StatusCode> {
    let sent = Registration::from_json_relaxed(&body).map_err(malformed)?;
    let challenge = sent.challenge_relaxed().map_err(malformed)?;
    let name = Username::try_from(new.name).map_err(malformed)?;
    let mut tables = app.users.tables();
    let asked = tables
        .registrations
        .take(&challenge)
        .ok_or(StatusCode::FORBIDDEN)?;
    let origins = [&*app.origin];
    let options = RegistrationVerificationOptions::<&str, &str> {
        allowed_origins: &origins,
        ..Default::default()
    };
    let passkey = asked.verify(&app.rp_id, &sent, &options);
    let passkey = passkey.map_err(refused)?;
    let user = User {
        name: name.as_ref().to_owned(),
        handle: *passkey.user_id(),
        passkey_id: passkey.id().as_ref().to_vec(),
        public_key: passkey.static_state().encode().map_err(refused)?,
        state: passkey.dynamic_state(),
    };
    let is_taken = |other: &User| other.name == user.name || other.passkey_id == user.passkey_id;
    if tables.users.iter().any(is_taken) {
        return Err(StatusCode::CONFLICT);
    }
    tables.users.push(user);
    Ok(StatusCode::CREATED)
}

async fn log_in(State(app): State<App>) -> Result<Response, StatusCode> {
    let options = DiscoverableCredentialRequestOptions::passkey(&app.rp_id);
    let (asked, options) = options.start_ceremony().map_err(malformed)?;
    let mut tables = app.users.tables();
    match tables.logins.insert_or_replace_all_expired(asked) {
        InsertResult::Success => Ok(Json(&options).into_response()),
        _ => Err(StatusCode::SERVICE_UNAVAILABLE),
    }
}

async fn logged_in(
    State(app): State<App>,
    parts: Parts,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let place = app.check(&body)?;
    let mut identity = Identity::new(place as u64).with_context(parts.clone().into());
    for token in app.cookies.session_tokens(&parts) {
        identity = identity.replacing(token);
    }
    Ok(match app.sessions.start(identity).await {
        Ok(tokens) => app.endpoints.accept(&tokens, &parts).into_response(),
        Err(error) => error.into_response(),
    })
}

impl App {
    /// Returns whose passkey has signed what this server asked.
    fn check(&self, body: &[u8]) -> Result<usize, StatusCode> {
        let sent = DiscoverableAuthentication64::from_json_relaxed(body);
        let sent = sent.map_err(malformed)?;
        let challenge = sent.challenge_relaxed().map_err(malformed)?;
        let mut tables = self.users.tables();
        let asked = tables
            .logins
            .take(&challenge)
            .ok_or(StatusCode::FORBIDDEN)?;
        let (handle, id) = (sent.response().user_handle(), sent.raw_id());
        let is_user = |user: &User| user.handle == *handle && user.passkey_id == id.as_ref();
        let place = tables.users.iter().position(is_user);
        let place = place.ok_or(StatusCode::FORBIDDEN)?;
        let user = &mut tables.users[place];
        let key = StaticState::<Key>::decode(&user.public_key).map_err(refused)?;
        let passkey = AuthenticatedCredential::new(id, handle, key, user.state);
        let mut passkey = passkey.map_err(refused)?;
        let origins = [&*self.origin];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            ..Default::default()
        };
        let verified = asked.verify(&self.rp_id, &sent, &mut passkey, &options);
        verified.map_err(refused)?;
        user.state = passkey.dynamic_state();
        Ok(place)
    }
}

fn malformed<E>(_: E) -> StatusCode {
    StatusCode::BAD_REQUEST
}

/// Nothing was asked, or the signature is not right.
fn refused<E>(_: E) -> StatusCode {
    StatusCode::FORBIDDEN
}

/// A page of another site cannot log this browser in as someone else.
async fn own_pages(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match app.cookies.cross_site_rejection(&parts) {
        Some(rejection) => rejection.map(Into::into),
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

async fn me(CurrentUser(name): CurrentUser<String>) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "name": name }))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let addr = env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(addr).await?;
    let port = listener.local_addr()?.port();
    let origin = env::var("ORIGIN").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let domain = origin.split("://").nth(1).unwrap_or_default();
    let domain = domain.split(':').next().unwrap_or_default().to_owned();
    let rp_id = RpId::Domain(AsciiDomain::try_from(domain)?);

    let users = Users(Arc::new(Mutex::new(Tables {
        users: Vec::new(),
        registrations: FixedCapHashSet::new(CAPACITY),
        logins: FixedCapHashSet::new(CAPACITY),
    })));
    let sessions = Sessions::builder(users.clone(), MemoryStore::new())
        .issuer(&*origin)
        .audience("example-web")
        // The sessions in memory end with the program, so the secret may end with it too.
        .secret(Secret::random()?)
        .public_origin(&origin)
        .build()?;
    let cookies = CookieDelivery::new()
        .for_every_client()
        .for_sessions(&sessions);
    let endpoints = sessions.endpoints().with_cookies(cookies.clone());
    let app = App {
        users: users.clone(),
        sessions: sessions.clone(),
        endpoints: endpoints.clone(),
        cookies,
        rp_id: Arc::new(rp_id),
        origin: origin.as_str().into(),
    };
    let router = Router::new()
        .route("/passkey/register", post(register))
        .route("/passkey/registered", post(registered))
        .route("/passkey/login", post(log_in))
        .route("/passkey/logged-in", post(logged_in))
        .route_layer(middleware::from_fn_with_state(app.clone(), own_pages))
        .route("/", get(async || Html(include_str!("page.html"))))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(app);
    let layer = sessions.layer().with_user_loader(users);
    let me = Router::new().route("/me", get(me)).route_layer(layer);
    let router = router.merge(me).nest_service("/auth", endpoints);
    println!("listening on {origin}");
    axum::serve(listener, router).await?;
    Ok(())
}
