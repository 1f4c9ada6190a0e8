//! [`CookieDelivery`]: the refresh token as a cookie that no script can read.

use std::sync::Arc;

use bytes::Bytes;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use super::auth::AuthEndpoints;
use super::delivery::Delivery;
use super::login::LoginEndpoint;
use super::logout::{LogoutEndpoint, LogoutEverywhereEndpoint};
use super::refresh::RefreshEndpoint;
use super::response::{Refused, error_response, json_response};
use super::sessions::SessionsEndpoint;
use super::token::TokenEndpoint;
use crate::bearer::TokenSource;
use crate::browser::{Origins, Site, only};
use crate::edge::Edge;
use crate::error::ConfigError;
use crate::session::{Authenticate, TokenResponse};

/// Tokens by cookie: for pages, whose scripts then never hold the refresh token.
///
/// | cookie | attributes | |
/// |---|---|---|
/// | `__Host-refresh_token` | `HttpOnly; Secure; SameSite=Strict; Path=/` | always |
/// | `__Host-access_token` | `HttpOnly; Secure; SameSite=Lax; Path=/` | with [`with_access_token`](Self::with_access_token) |
///
/// **Who gets cookies.** A login or a refresh whose parameter `delivery` is `cookie`; all of them with [`always`](Self::always). Their body has the
/// access token, and no refresh token. A refresh token that came by cookie goes back by cookie, whatever the request asks for. A refresh that gives no
/// new token sets none.
///
/// **Who loses them.** Only who logs out. A refusal clears nothing: it may be late, and another tab may have logged in meanwhile.
///
/// **Other sites.** A browser sends cookies whoever made the page. So what sets a cookie, or acts on one, has to come from a page of ours: by
/// `Sec-Fetch-Site` (`same-origin` or `none`), by an `Origin` that is [listed](Self::with_origin), or, where a browser sends no `Sec-Fetch-Site`, by one
/// that is the `Host`. All else is 403 with the reason `cross_site`, also what says nothing of where it comes from. Not covered: a page of our own
/// origin that is not ours (uploaded HTML, a script put in), and other services on the same host.
///
/// **On a machine of one's own** browsers take `Secure` cookies by plain `http` from `localhost` and `127.0.0.1`, but for Safari.
///
/// ```
/// # fn example<A: tower_bearer::Authenticate>(sessions: tower_bearer::Sessions<A>) -> axum::Router {
/// use tower_bearer::{AuthEndpoints, CookieDelivery};
///
/// let cookies = CookieDelivery::new();
/// axum::Router::new().nest_service("/auth", AuthEndpoints::new(sessions).with_cookies(cookies))
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CookieDelivery {
    /// `None`: the whole host.
    path: Option<Arc<str>>,
    access_token: bool,
    choice: Choice,
    origins: Origins,
}

#[derive(Clone, Copy, Debug)]
enum Choice {
    TheClients,
    Always,
}

impl CookieDelivery {
    /// For clients that ask for it; the refresh token alone; for the whole host.
    pub fn new() -> Self {
        Self { path: None, access_token: false, choice: Choice::TheClients, origins: Origins::default() }
    }

    /// For everybody, whatever the client asks for.
    pub fn always(mut self) -> Self {
        self.choice = Choice::Always;
        self
    }

    /// The access token as a cookie too: for pages without scripts. Give the layer [these sources](Self::token_sources).
    pub fn with_access_token(mut self) -> Self {
        self.access_token = true;
        self
    }

    /// Sends the refresh token to this path alone, as in `/auth`. Its name is `__Secure-refresh_token` then, which a neighbouring host can set too: by
    /// default it is `__Host-`, which nobody else can.
    ///
    /// # Errors
    ///
    /// The path does not begin with a slash, or has a character that no cookie's path may have.
    pub fn with_path(mut self, path: &str) -> Result<Self, ConfigError> {
        let is_plain = |byte: u8| matches!(byte, 0x21..=0x7e) && byte != b';';
        if !path.starts_with('/') || !path.bytes().all(is_plain) {
            return Err(ConfigError::new("the path of a cookie begins with a slash, and is visible ASCII without semicolons"));
        }
        self.path = Some(path.into()).filter(|_| path != "/");
        Ok(self)
    }

    /// Accepts requests of pages from here too, as in `https://app.example.com`.
    ///
    /// # Errors
    ///
    /// It is no origin: a scheme, a host and perhaps a port.
    pub fn with_origin(mut self, origin: &str) -> Result<Self, ConfigError> {
        self.origins.add(origin)?;
        Ok(self)
    }

    /// Where the access token is then, for [`BearerAuthLayer::with_token_sources`](crate::BearerAuthLayer::with_token_sources).
    #[must_use]
    pub fn token_sources(&self) -> Vec<TokenSource> {
        let cookie = self.access_token.then(|| TokenSource::cookie_named(ACCESS_TOKEN, &self.origins));
        [TokenSource::header()].into_iter().chain(cookie).collect()
    }

    /// Puts the cookies of a login onto an answer of the application's own: a redirection to a page, after a form.
    ///
    /// The application has to refuse other sites itself, before it logs anybody in: see
    /// [`refusal_of_other_sites`](Self::refusal_of_other_sites).
    #[must_use]
    pub fn set<B>(&self, tokens: &TokenResponse, mut answer: Response<B>) -> Response<B> {
        add(&mut answer, &self.refresh_cookie(tokens.refresh_token().secret(), tokens.refresh_token_expires_in()));
        self.set_access_token(tokens, &mut answer);
        answer
    }

    /// The answer to a request that no page of ours made: 403 with the reason `cross_site`. `None`: it may set cookies, and act on them.
    #[must_use]
    pub fn refusal_of_other_sites(&self, parts: &Parts) -> Option<Response<Bytes>> {
        if self.comes_from_us(parts) {
            return None;
        }
        tracing::info!(path = parts.uri.path(), reason = CROSS_SITE, "request refused");
        let description = "the request comes from another site, or does not say where from";
        Some(error_response(StatusCode::FORBIDDEN, "access_denied", description, Some(CROSS_SITE)))
    }

    /// Takes the cookies back, after a logout of the application's own.
    #[must_use]
    pub fn clear<B>(&self, mut answer: Response<B>) -> Response<B> {
        add(&mut answer, &self.refresh_cookie("", 0));
        if self.access_token {
            add(&mut answer, &access_cookie("", 0));
        }
        answer
    }

    /// The refresh token that the browser sent, for a refresh or a logout of the application's own.
    #[must_use]
    pub fn refresh_token<'p>(&self, parts: &'p Parts) -> Option<&'p str> {
        only(parts, self.name()).ok().flatten()
    }

    fn set_access_token<B>(&self, tokens: &TokenResponse, answer: &mut Response<B>) {
        if !self.access_token {
            return;
        }
        let token = tokens.access_token().secret();
        if ACCESS_TOKEN.len() + token.len() > MAX_COOKIE_BYTES {
            // Browsers drop what is larger (RFC 6265bis section 5.6), and say nothing.
            tracing::error!(cure = "grant fewer claims", "the access token is too large for a cookie");
            return;
        }
        add(answer, &access_cookie(token, tokens.expires_in()));
    }

    fn refresh_cookie<'t>(&'t self, token: &'t str, secs: u64) -> Cookie<'t> {
        let path = self.path.as_deref().unwrap_or("/");
        secure(Cookie::build((self.name(), token)).path(path).same_site(SameSite::Strict), secs)
    }

    fn name(&self) -> &'static str {
        if self.path.is_some() { "__Secure-refresh_token" } else { "__Host-refresh_token" }
    }
}

impl Default for CookieDelivery {
    fn default() -> Self {
        Self::new()
    }
}

impl Delivery for CookieDelivery {
    fn is_wanted(&self, asked: Option<&str>) -> Result<bool, Refused> {
        match (self.choice, asked) {
            (_, Some(other)) if !matches!(other, "cookie" | "body") => {
                Err(Refused::invalid_request("delivery is cookie or body"))
            }
            (Choice::Always, _) | (_, Some("cookie")) => Ok(true),
            (Choice::TheClients, _) => Ok(false),
        }
    }

    fn refresh_token<'p>(&self, parts: &'p Parts) -> Result<Option<&'p str>, Refused> {
        only(parts, self.name()).map_err(|_| Refused::invalid_request("two cookies of that name"))
    }

    fn token_sources(&self) -> Vec<TokenSource> {
        Self::token_sources(self)
    }

    fn comes_from_us(&self, parts: &Parts) -> bool {
        self.origins.site(parts, &Edge::default()) == Site::Own
    }

    fn demand_own_site(&self, parts: &Parts) -> Result<(), Refused> {
        self.refusal_of_other_sites(parts).map_or(Ok(()), |answer| Err(Refused::Answered(Box::new(answer))))
    }

    fn deliver(&self, tokens: &TokenResponse, held: Option<&str>) -> Response<Bytes> {
        let mut body = serde_json::to_value(tokens).unwrap_or_default();
        body.as_object_mut().and_then(|body| body.remove("refresh_token"));
        let mut answer = json_response(StatusCode::OK, &body);
        let token = tokens.refresh_token().secret();
        // What the browser has already it keeps: a late answer would put it in the place of a newer one.
        if held != Some(token) {
            add(&mut answer, &self.refresh_cookie(token, tokens.refresh_token_expires_in()));
        }
        self.set_access_token(tokens, &mut answer);
        answer
    }

    fn clear(&self, answer: Response<Bytes>) -> Response<Bytes> {
        Self::clear(self, answer)
    }
}

fn access_cookie(token: &str, secs: u64) -> Cookie<'_> {
    // Lax: a link from elsewhere opens the page as the user, and shows it to nobody else.
    secure(Cookie::build((ACCESS_TOKEN, token)).path("/").same_site(SameSite::Lax), secs)
}

fn secure<'c>(cookie: cookie::CookieBuilder<'c>, secs: u64) -> Cookie<'c> {
    let max_age = Duration::seconds(i64::try_from(secs).unwrap_or(i64::MAX));
    cookie.http_only(true).secure(true).max_age(max_age).build()
}

fn add<B>(answer: &mut Response<B>, cookie: &Cookie<'_>) {
    // Our tokens are base64url and dots: always a good value.
    if let Ok(mut value) = HeaderValue::try_from(cookie.to_string()) {
        value.set_sensitive(true);
        answer.headers_mut().append(SET_COOKIE, value);
    }
}

const CROSS_SITE: &str = "cross_site";
const ACCESS_TOKEN: &str = "__Host-access_token";
/// RFC 6265bis section 5.6: name and value.
const MAX_COOKIE_BYTES: usize = 4096;

macro_rules! with_cookies {
    ($($endpoint:ident),*) => {
        $(impl<A: Authenticate> $endpoint<A> {
            /// Tokens by cookie too: see [`CookieDelivery`].
            #[must_use]
            pub fn with_cookies(mut self, cookies: CookieDelivery) -> Self {
                self.flow.delivery = Some(Arc::new(cookies));
                self
            }
        })*
    };
}

with_cookies!(
    AuthEndpoints,
    LoginEndpoint,
    RefreshEndpoint,
    TokenEndpoint,
    LogoutEndpoint,
    LogoutEverywhereEndpoint,
    SessionsEndpoint
);
