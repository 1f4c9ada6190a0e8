//! The page at `/`, and what its forms do where there is no JavaScript.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{AuthEndpoints, CookieDelivery, PasswordCredentials, Sessions};

/// The state of the handlers of the forms.
#[derive(Clone)]
struct Site {
    sessions: Sessions,
    endpoints: AuthEndpoints,
    cookies: CookieDelivery,
}

/// The page, its files, and where its forms go. It names the demo users if they are there.
pub(crate) fn page<S: Clone + Send + Sync + 'static>(
    sessions: Sessions,
    cookies: CookieDelivery,
    has_demo_users: bool,
) -> Router<S> {
    let mut html = include_str!("page/index.html").to_owned();
    if has_demo_users {
        html = html.replace(" id=\"demo-users\" hidden", " id=\"demo-users\"");
    }
    let html = file("text/html; charset=utf-8", html);
    let css = file("text/css; charset=utf-8", include_str!("page/style.css"));
    SESSION_JS
        .into_iter()
        .fold(Router::new(), |router, (path, text)| {
            router.route(path, script(text))
        })
        .route("/", html)
        .route("/style.css", css)
        .route("/app.js", script(include_str!("page/app.js")))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .with_state(Site {
            // A form has no say about how the tokens go.
            endpoints: sessions
                .endpoints()
                .with_cookies(cookies.clone().for_every_client()),
            sessions,
            cookies,
        })
}

/// The login of the page: the modules of the npm package in `js/`.
const SESSION_JS: [(&str, &str); 10] = [
    ("/session.js", include_str!("../../js/session.js")),
    (
        "/session/diagnosis.js",
        include_str!("../../js/session/diagnosis.js"),
    ),
    (
        "/session/error.js",
        include_str!("../../js/session/error.js"),
    ),
    ("/session/http.js", include_str!("../../js/session/http.js")),
    (
        "/session/identity.js",
        include_str!("../../js/session/identity.js"),
    ),
    ("/session/jar.js", include_str!("../../js/session/jar.js")),
    (
        "/session/place.js",
        include_str!("../../js/session/place.js"),
    ),
    (
        "/session/renewal.js",
        include_str!("../../js/session/renewal.js"),
    ),
    ("/session/rest.js", include_str!("../../js/session/rest.js")),
    (
        "/session/turns.js",
        include_str!("../../js/session/turns.js"),
    ),
];

fn script<S: Clone + Send + Sync + 'static>(text: &'static str) -> MethodRouter<S> {
    file("text/javascript; charset=utf-8", text)
}

fn file<S: Clone + Send + Sync + 'static>(
    media_type: &'static str,
    text: impl Into<Bytes>,
) -> MethodRouter<S> {
    let text = text.into();
    get(async move || {
        let media_type = HeaderValue::from_static(media_type);
        ([(CONTENT_TYPE, media_type)], text)
    })
}

/// Logs in with a plain form: the tokens are cookies, and the next page is `/me`.
async fn log_in(State(site): State<Site>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // It refuses other sites before the password is looked at, and replaces an older session.
    let read = site
        .endpoints
        .read_login::<PasswordCredentials, _>(&parts, body);
    let login = match read.await {
        Ok(login) => login,
        Err(error) if error.status() == StatusCode::BAD_REQUEST => {
            let sentence = "A user name and a password are needed.";
            return refused(StatusCode::BAD_REQUEST, sentence);
        }
        Err(error) => return site.endpoints.reject(error, &parts).into_response(),
    };
    match site.sessions.log_in(login).await {
        Ok(tokens) => {
            let answer = Redirect::to("/me").into_response();
            site.cookies.set_cookies(&tokens, &parts, answer)
        }
        Err(error) if error.kind() == SessionErrorKind::InvalidCredentials => refused(
            StatusCode::BAD_REQUEST,
            "The user name or the password is wrong.",
        ),
        Err(error) if error.kind() == SessionErrorKind::TooManyAttempts => {
            let seconds = error.retry_after().map_or(1, |pause| pause.as_secs());
            let sentence = format!("Too many attempts. Try again in {seconds} seconds.");
            let answer = refused(StatusCode::TOO_MANY_REQUESTS, &sentence);
            ([(RETRY_AFTER, HeaderValue::from(seconds))], answer).into_response()
        }
        // `authenticate` or `authorize` has refused the user.
        Err(error) if error.is_refusal() => {
            refused(StatusCode::FORBIDDEN, "This user may not log in.")
        }
        Err(_) => refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "That does not work now. Try again in a moment.",
        ),
    }
}

/// Ends the sessions of the cookies, and clears the cookies.
async fn log_out(State(site): State<Site>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Some(rejection) = site.cookies.cross_site_rejection(&parts) {
        return rejection.map(Body::from);
    }
    for token in site.cookies.session_tokens(&parts) {
        if site.sessions.log_out(token).await.is_err() {
            return refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "That does not work now. Try again in a moment.",
            );
        }
    }
    let answer = ([NOT_STORED], Redirect::to("/")).into_response();
    site.cookies.clear_cookies(answer)
}

fn refused(status: StatusCode, sentence: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=en><title>tower-bearer</title><p>{sentence} <a href=/>Back</a>"
    );
    (status, [NOT_STORED], Html(page)).into_response()
}

/// The answer to a form is for one browser, once.
const NOT_STORED: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));
