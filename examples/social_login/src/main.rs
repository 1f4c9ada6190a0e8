//! "Log in with …": OpenID Connect with an authorization code and PKCE, at any provider.
//!
//! ```sh
//! # Register http://127.0.0.1:3000/callback as a redirect URI there.
//! export ISSUER=https://accounts.google.com CLIENT_ID=… CLIENT_SECRET=…
//! cargo run -p example-social-login
//! ```
//!
//! `/login` sends the browser to the provider, and keeps `state`, `nonce` and the PKCE verifier in
//! a cookie for ten minutes. `/callback` compares them, verifies the ID token, and starts a session
//! of this application. From then on the provider is not asked: see `Accounts` for users who have
//! to go.
//!
//! Each visit of `/login` asks the provider for its metadata and keys: a proxy has to limit how
//! often a client does that, or strangers use up what the provider allows.
//!
//! `ORIGIN` is the origin that browsers see, as in `https://app.example.com`, if it is not `ADDR`.

mod provider;

use std::env;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{CACHE_CONTROL, COOKIE, SET_COOKIE};
use axum::http::{StatusCode, request::Parts};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::{
    AuthorizationCode, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, RequestTokenError,
    Scope, TokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tower_bearer::clock::Timestamp;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BoxError, CookieDelivery, CurrentUser, Grant,
    Identity, MemoryStore, NoCredentials, Secret, Sessions,
};

use provider::Provider;

/// What the session keeps of the ID token.
#[derive(Serialize, Deserialize)]
struct Profile {
    email: Option<String>,
}

/// The users are those of the provider. An application with a users table looks its user up here,
/// by issuer and subject, and ends the session of one who is gone: `Authorization::gone()`.
struct Accounts;

impl Authenticate for Accounts {
    type Credentials = NoCredentials;
    type Error = BoxError;

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        let profile: Option<Profile> = request.session().data()?;
        Ok(match profile.and_then(|profile| profile.email) {
            Some(email) => Grant::new().with_claim("email", email).into(),
            None => Grant::new().into(),
        })
    }
}

#[derive(Clone)]
struct App {
    sessions: Sessions,
    cookies: CookieDelivery,
    provider: Arc<Provider>,
}

/// `__Host-`: no other host can set this cookie, and so plant a login of its own in this browser.
/// `Lax`: it comes back with the provider's redirect.
const STARTED: &str = "__Host-login";
const ATTRIBUTES: &str = "HttpOnly; Secure; SameSite=Lax; Path=/";

async fn log_in(State(app): State<App>) -> Result<impl IntoResponse, Failure> {
    let client = app.provider.client().await.map_err(Failure::unavailable)?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let (state, nonce, verifier) = (state.secret(), nonce.secret(), verifier.secret());
    let cookie = format!("{STARTED}={state}.{nonce}.{verifier}; {ATTRIBUTES}; Max-Age=600");
    let headers = [(SET_COOKIE, cookie), (CACHE_CONTROL, "no-store".to_owned())];
    Ok((headers, Redirect::to(url.as_str())))
}

#[derive(Deserialize)]
struct Returned {
    state: Option<String>,
    code: Option<String>,
}

async fn callback(
    State(app): State<App>,
    Query(returned): Query<Returned>,
    parts: Parts,
) -> Response {
    let outcome = app.finish(returned, &parts).await;
    // Each login has one try.
    let cleared = format!("{STARTED}=; {ATTRIBUTES}; Max-Age=0");
    let headers = AppendHeaders([(SET_COOKIE, cleared)]);
    (headers, outcome).into_response()
}

impl App {
    async fn finish(&self, returned: Returned, parts: &Parts) -> Result<Response, Failure> {
        let started = started(parts).ok_or(Failure::refused("no login was started here"));
        let [state, nonce, verifier] = started?;
        if returned.state.as_deref() != Some(state) {
            return Err(Failure::refused("this ends another login"));
        }
        // Without a code there is an `error`: the user has declined, for example.
        let code = returned.code.ok_or(Failure::refused("no code"))?;

        let client = self.provider.client().await.map_err(Failure::unavailable)?;
        let exchange = client.exchange_code(AuthorizationCode::new(code));
        let exchange = exchange.map_err(Failure::unavailable)?;
        let verifier = PkceCodeVerifier::new(verifier.to_owned());
        let tokens = exchange
            .set_pkce_verifier(verifier)
            .request_async(&self.provider.http);
        let tokens = tokens.await.map_err(|error| match error {
            RequestTokenError::ServerResponse(answer) => {
                // The client's secret may be wrong as well.
                tracing::warn!(
                    error = answer.error().to_string(),
                    "the provider refuses the code"
                );
                Failure::refused("the code is not valid")
            }
            other => Failure::unavailable(other),
        })?;
        let id_token = tokens.id_token().ok_or(Failure::refused("no ID token"))?;
        // Signature, issuer, audience, expiry, and that it was made for this login.
        let nonce = Nonce::new(nonce.to_owned());
        let claims = id_token.claims(&client.id_token_verifier(), &nonce);
        let claims = claims.map_err(|error| {
            tracing::warn!(error = error.to_string(), "ID token refused");
            Failure::refused("the ID token is not valid")
        })?;

        let is_verified = claims.email_verified() == Some(true);
        let email = claims.email().filter(|_| is_verified);
        let email = email.map(|email| email.as_str().to_owned());
        // The subject is the user, of this one issuer. With two providers it has to name the issuer
        // too. An email address may belong to someone else tomorrow.
        let identity = Identity::new(claims.subject().as_str()).with_context(parts.clone().into());
        let mut identity = identity
            .with_data(&Profile { email })
            .map_err(Failure::unavailable)?;
        // Without this claim the login counts as recent, although the provider may not have asked
        // the user for anything. Where that matters (`require_max_age`), send `max_age` too, and
        // require the claim.
        if let Some(moment) = claims.auth_time() {
            let seconds = u64::try_from(moment.timestamp()).unwrap_or_default();
            identity = identity.with_authenticated_at(Timestamp::from_secs(seconds));
        }
        for token in self.cookies.session_tokens(parts) {
            identity = identity.replacing(token);
        }
        let tokens = self.sessions.start(identity).await;
        let tokens = tokens.map_err(|error| match error.is_refusal() {
            true => Failure::refused("this account cannot log in"),
            false => Failure::unavailable(error),
        })?;
        let home = Redirect::to("/").into_response();
        Ok(self.cookies.set_cookies(&tokens, parts, home))
    }
}

/// Returns `state`, `nonce` and the verifier of the login that this browser has started.
fn started(parts: &Parts) -> Option<[&str; 3]> {
    let headers = parts.headers.get_all(COOKIE).into_iter();
    let mut cookies = headers.flat_map(|header| header.to_str().unwrap_or_default().split("; "));
    let value = cookies.find_map(|cookie| cookie.strip_prefix(STARTED)?.strip_prefix('='))?;
    let fields: Vec<_> = value.split('.').collect();
    fields.try_into().ok()
}

async fn home(user: Option<CurrentUser>) -> Result<impl IntoResponse, Failure> {
    let page = match user {
        Some(CurrentUser(claims)) => {
            let email: Option<String> = claims.claim("email").map_err(Failure::unavailable)?;
            let name = email.unwrap_or_else(|| "stranger".to_owned());
            let name = name.replace('&', "&amp;").replace('<', "&lt;");
            format!(
                "<p>Hello, {name}<form method=post action=/logout><button>Log out</button></form>"
            )
        }
        None => "<a href=/login>Log in</a>".to_owned(),
    };
    let page = format!("<!doctype html><title>Social login</title>{page}");
    Ok(([(CACHE_CONTROL, "no-store")], Html(page)))
}

async fn log_out(State(app): State<App>, parts: Parts) -> Result<Response, Failure> {
    if let Some(rejection) = app.cookies.cross_site_rejection(&parts) {
        return Ok(rejection.map(Into::into));
    }
    for token in app.cookies.session_tokens(&parts) {
        let ended = app.sessions.log_out(token).await;
        ended.map_err(Failure::unavailable)?;
    }
    Ok(app.cookies.clear_cookies(Redirect::to("/").into_response()))
}

/// A response without tokens. Its text has nothing that the client sent.
struct Failure(StatusCode, &'static str);

impl Failure {
    fn refused(text: &'static str) -> Self {
        Self(StatusCode::BAD_REQUEST, text)
    }

    fn unavailable(error: impl Into<BoxError>) -> Self {
        tracing::error!(error = error.into().to_string(), "login failed");
        Self(StatusCode::SERVICE_UNAVAILABLE, "try again in a moment")
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let page = format!("{}. <a href=/login>Log in</a>", self.1);
        (self.0, [(CACHE_CONTROL, "no-store")], Html(page)).into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let addr = env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(addr).await?;
    let here = format!("http://{}", listener.local_addr()?);
    let origin = env::var("ORIGIN").unwrap_or_else(|_| here.clone());

    let sessions = Sessions::builder(Accounts, MemoryStore::new())
        .issuer(&*origin)
        .audience("example-web")
        // The sessions in memory end with the program, so the secret may end with it too.
        .secret(Secret::random()?)
        .public_origin(&origin)
        .build()?;
    // The pages have no scripts, so both tokens are in cookies.
    let cookies = CookieDelivery::new()
        .for_pages_without_scripts()
        .for_sessions(&sessions);
    let layer = sessions.layer().with_token_sources(cookies.token_sources());
    let app = Router::new()
        .route("/", get(home))
        .route_layer(layer.optional())
        .route_layer(cookies.renewal_layer(&sessions)?)
        .route("/login", get(log_in))
        .route("/callback", get(callback))
        .route("/logout", post(log_out))
        .with_state(App {
            sessions,
            cookies,
            provider: Arc::new(Provider::from_env(&origin)?),
        });
    println!("listening on {here}");
    axum::serve(listener, app).await?;
    Ok(())
}
