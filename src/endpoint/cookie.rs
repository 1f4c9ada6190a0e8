//! [`CookieDelivery`] sends the refresh token as a cookie that scripts cannot read.

use std::cmp::Ordering;
use std::sync::Arc;

use bytes::Bytes;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderValue, Response};

use super::auth::AuthEndpoints;
use super::delivery::Delivery;
use super::error::EndpointError;
use super::response::not_stored;
use crate::bearer::TokenSource;
use crate::browser::{Origins, Site, only};
use crate::edge::Edge;
use crate::error::ConfigError;
use crate::keys::{AccessToken, RefreshToken};
use crate::session::{Sessions, TokenResponse, compare_generations};

/// Sends tokens as cookies. It is for web pages, whose scripts then never have the refresh token.
///
/// | cookie | attributes | |
/// |---|---|---|
/// | `__Host-refresh_token` | `HttpOnly; Secure; SameSite=Strict; Path=/` | always |
/// | `__Host-access_token` | `HttpOnly; Secure; SameSite=Lax; Path=/` | with [`with_access_token`](Self::with_access_token) |
///
/// **When cookies are set.** On a login or a refresh whose parameter `delivery` is `cookie`; on
/// every login and refresh with [`for_every_client`](Self::for_every_client). The body then has the
/// access token, and no refresh token. A refresh token that came in a cookie is replaced in the
/// cookie, whatever the request asks for. A cookie that the browser already has is not set again.
/// If the browser has a newer refresh token of the same session, the response is late, and sets
/// neither cookie.
///
/// **When cookies are cleared.** On logout only. A rejection clears nothing: it may be late, and
/// another tab may have logged in meanwhile.
///
/// **Other sites.** A browser sends cookies with every request, whichever site made it. So a login
/// or a refresh that sets cookies, and a refresh or a logout that uses the refresh token of a
/// cookie, has to come from a page of ours: `Sec-Fetch-Site` is `same-origin` or `none`, or
/// `Origin` is [listed](Self::with_origin), or, where a browser sends no `Sec-Fetch-Site`, `Origin`
/// is this server's own. Every other such request is refused with 403 and the reason `cross_site`,
/// also one that does not say where it comes from.
///
/// Endpoints that require an access token treat its cookie as
/// [`TokenSource::cookie`](crate::bearer::TokenSource::cookie) does: a request from another site
/// has no token, so the response is 401.
///
/// Not covered: a page on our own origin that is not ours (uploaded HTML, an injected script), and
/// other services on the same host.
///
/// **On a developer's machine.** All browsers but Safari accept `Secure` cookies from `localhost`
/// and `127.0.0.1` via plain `http`.
///
/// ```
/// # fn example(sessions: tower_bearer::Sessions) -> axum::Router {
/// use tower_bearer::CookieDelivery;
///
/// let cookies = CookieDelivery::new();
/// axum::Router::new().nest_service("/auth", sessions.endpoints().with_cookies(cookies))
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct CookieDelivery {
    /// The text before the names of the cookies.
    name: String,
    /// `None` means the whole host.
    path: Option<Arc<str>>,
    access_token: bool,
    choice: Choice,
    origins: Origins,
    edge: Arc<Edge>,
}

#[derive(Clone, Copy, Debug)]
enum Choice {
    TheClients,
    Always,
}

impl CookieDelivery {
    /// Sets a cookie for clients that ask for it. The cookie has the refresh token alone, and is
    /// for the whole host.
    pub fn new() -> Self {
        Self {
            name: String::new(),
            path: None,
            access_token: false,
            choice: Choice::TheClients,
            origins: Origins::default(),
            edge: Arc::default(),
        }
    }

    /// Sets cookies for every client, whatever the client asks for.
    pub fn for_every_client(mut self) -> Self {
        self.choice = Choice::Always;
        self
    }

    /// Sends the access token as a cookie too: for pages without scripts. Give the layer [these
    /// sources](Self::token_sources).
    pub fn with_access_token(mut self) -> Self {
        self.access_token = true;
        self
    }

    /// Sets the names of the cookies, for two kinds of users on one host: with `staff` they are
    /// `__Host-staff_refresh_token` and `__Host-staff_access_token`.
    ///
    /// # Panics
    ///
    /// If `name` has other characters than ASCII letters, digits, `-` and `_`.
    #[track_caller]
    pub fn with_name(mut self, name: &'static str) -> Self {
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        assert!(
            is_name,
            "{name:?} is not a name for cookies: use ASCII letters, digits, `-` and `_`"
        );
        self.name = format!("{name}_");
        self
    }

    /// Lets browsers send the refresh token to this path alone, as in `/auth`. The name of the
    /// cookie then begins with `__Secure-`, and a neighbouring host can set such a cookie too. By
    /// default it begins with `__Host-`, which no other host can set.
    ///
    /// # Errors
    ///
    /// The path does not begin with a slash, or has a character that no cookie's path may have.
    pub fn with_path(mut self, path: &str) -> Result<Self, ConfigError> {
        let is_plain = |byte: u8| matches!(byte, 0x21..=0x7e) && byte != b';';
        if !path.starts_with('/') || !path.bytes().all(is_plain) {
            return Err(ConfigError::new(
                "the path of a cookie begins with a slash, and is visible ASCII without semicolons",
            ));
        }
        self.path = Some(path.into()).filter(|_| path != "/");
        Ok(self)
    }

    /// Accepts requests from pages of this origin too, as in `https://app.example.com`.
    ///
    /// # Errors
    ///
    /// The text is not an origin: a scheme, a host and perhaps a port.
    pub fn with_origin(mut self, origin: &str) -> Result<Self, ConfigError> {
        self.origins.add(origin)?;
        Ok(self)
    }

    /// Returns the places where the access token may be, for
    /// [`BearerAuthLayer::with_token_sources`](crate::BearerAuthLayer::with_token_sources).
    #[must_use]
    pub fn token_sources(&self) -> Vec<TokenSource> {
        let cookie = self
            .access_token
            .then(|| TokenSource::cookie_named(&self.access_name(), &self.origins));
        [TokenSource::header()].into_iter().chain(cookie).collect()
    }

    /// Sets the cookies of a login or a refresh on the application's own response: a redirect to a
    /// page after a form, for example. `parts` is the head of the request. A cookie that the
    /// browser already has is not set again. The response gets `Cache-Control: no-store`.
    ///
    /// The body must not have the refresh token, or a script could read it there. For a JSON
    /// response see [`AuthEndpoints::respond`](crate::AuthEndpoints::respond) and
    /// [`accept`](crate::AuthEndpoints::accept). The application has to refuse requests from other
    /// sites itself, before it logs a user in: with
    /// [`cross_site_rejection`](Self::cross_site_rejection), or with
    /// [`AuthEndpoints::read_login`](crate::AuthEndpoints::read_login), which refuses them where
    /// these cookies are [for every client](Self::for_every_client).
    #[must_use]
    pub fn set_cookies<B>(
        &self,
        tokens: &TokenResponse,
        parts: &Parts,
        answer: Response<B>,
    ) -> Response<B> {
        let mut answer = not_stored(answer);
        if let Some(token) = tokens.refresh_token().map(RefreshToken::secret) {
            let held = self.refresh_token(parts);
            match held.and_then(|held| compare_generations(held, token)) {
                // This response is late: the browser has newer tokens, of both kinds.
                Some(Ordering::Greater) => return answer,
                Some(Ordering::Equal) => {}
                Some(Ordering::Less) | None => {
                    let max_age = self.max_age(tokens, tokens.refresh_token_expires_in());
                    add(&mut answer, &self.refresh_cookie(token, max_age));
                }
            }
        }
        self.set_access_token(tokens, parts, &mut answer);
        answer
    }

    /// Takes over the [`public_origin`](crate::session::SessionsBuilder::public_origin) of these
    /// sessions, for the application's own handlers. Without it, the `Host` header says what this
    /// server's own origin is. The endpoints call this themselves.
    pub fn for_sessions(mut self, sessions: &Sessions) -> Self {
        self.edge = Arc::clone(sessions.edge());
        self
    }

    /// Returns the response to a request that no page of ours made: 403 with the reason
    /// `cross_site`. `None` means that the request may set cookies, and act on them.
    #[must_use]
    pub fn cross_site_rejection(&self, parts: &Parts) -> Option<Response<Bytes>> {
        (!self.comes_from_us(parts)).then(|| EndpointError::cross_site().refuse(parts))
    }

    /// Clears the cookies, after a logout in the application's own handler.
    #[must_use]
    pub fn clear_cookies<B>(&self, mut answer: Response<B>) -> Response<B> {
        add(&mut answer, &self.refresh_cookie("", Some(0)));
        if self.access_token {
            add(
                &mut answer,
                &access_cookie(&self.access_name(), "", Some(0)),
            );
        }
        answer
    }

    /// Returns the refresh token that the browser sent, for a refresh or a logout in the
    /// application's own handler.
    #[must_use]
    pub fn refresh_token<'p>(&self, parts: &'p Parts) -> Option<&'p str> {
        only(parts, &self.refresh_name()).ok().flatten()
    }

    fn set_access_token<B>(&self, tokens: &TokenResponse, parts: &Parts, answer: &mut Response<B>) {
        if !self.access_token {
            return;
        }
        let (name, token) = (self.access_name(), tokens.access_token().secret());
        if only(parts, &name).is_ok_and(|held| held == Some(token)) {
            return;
        }
        if name.len() + token.len() > MAX_COOKIE_BYTES {
            // Browsers silently drop a larger cookie (RFC 6265bis section 5.6).
            tracing::error!(
                cure = "grant fewer claims",
                "the access token is too large for a cookie"
            );
            return;
        }
        add(
            answer,
            &access_cookie(&name, token, self.max_age(tokens, tokens.expires_in())),
        );
    }

    /// Returns the lifetime of a cookie. `None` means that it lasts until the browser closes.
    fn max_age(&self, tokens: &TokenResponse, seconds: u64) -> Option<u64> {
        (!tokens.is_until_browser_closes()).then_some(seconds)
    }

    fn refresh_cookie<'t>(&'t self, token: &'t str, max_age: Option<u64>) -> Cookie<'t> {
        let path = self.path.as_deref().unwrap_or("/");
        secure(
            Cookie::build((self.refresh_name(), token))
                .path(path)
                .same_site(SameSite::Strict),
            max_age,
        )
    }

    fn refresh_name(&self) -> String {
        let prefix = if self.path.is_some() {
            "__Secure-"
        } else {
            "__Host-"
        };
        format!("{prefix}{}refresh_token", self.name)
    }

    fn access_name(&self) -> String {
        format!("__Host-{}access_token", self.name)
    }
}

impl Default for CookieDelivery {
    fn default() -> Self {
        Self::new()
    }
}

impl Delivery for CookieDelivery {
    fn is_wanted(&self, asked: Option<&str>) -> Result<bool, EndpointError> {
        match (self.choice, asked) {
            (_, Some(other)) if !matches!(other, "cookie" | "body") => {
                Err(EndpointError::invalid_request("delivery is cookie or body"))
            }
            (Choice::Always, _) | (_, Some("cookie")) => Ok(true),
            (Choice::TheClients, _) => Ok(false),
        }
    }

    fn refresh_token<'p>(&self, parts: &'p Parts) -> Result<Option<&'p str>, EndpointError> {
        only(parts, &self.refresh_name())
            .map_err(|_| EndpointError::invalid_request("more than one refresh token cookie"))
    }

    fn comes_from_us(&self, parts: &Parts) -> bool {
        self.origins.site(parts, &self.edge) == Site::Own
    }

    fn visible(&self, tokens: &TokenResponse) -> TokenResponse {
        tokens.clone().without_refresh_token()
    }

    fn visible_to_application(&self, tokens: &TokenResponse) -> TokenResponse {
        let visible = self.visible(tokens);
        if self.access_token {
            visible.with_access_token(AccessToken::new(""))
        } else {
            visible
        }
    }

    fn set_cookies(
        &self,
        tokens: &TokenResponse,
        parts: &Parts,
        answer: Response<Bytes>,
    ) -> Response<Bytes> {
        Self::set_cookies(self, tokens, parts, answer)
    }

    fn clear_cookies(&self, answer: Response<Bytes>) -> Response<Bytes> {
        Self::clear_cookies(self, answer)
    }
}

impl AuthEndpoints {
    /// Sends tokens as cookies too: see [`CookieDelivery`].
    pub fn with_cookies(self, cookies: CookieDelivery) -> Self {
        let cookies = cookies.for_sessions(&self.state.sessions);
        self.map(|state| {
            let layer = state.sessions.layer();
            state.signed_in = layer.with_token_sources(cookies.token_sources());
            state.delivery = Some(Arc::new(cookies));
        })
    }
}

fn access_cookie<'t>(name: &str, token: &'t str, max_age: Option<u64>) -> Cookie<'t> {
    // `Lax`: a link from another site opens the page as the user, and only the user sees it.
    secure(
        Cookie::build((name.to_owned(), token))
            .path("/")
            .same_site(SameSite::Lax),
        max_age,
    )
}

fn secure<'c>(cookie: cookie::CookieBuilder<'c>, max_age: Option<u64>) -> Cookie<'c> {
    let cookie = cookie.http_only(true).secure(true);
    match max_age {
        Some(seconds) => cookie
            .max_age(Duration::seconds(
                i64::try_from(seconds).unwrap_or(i64::MAX),
            ))
            .build(),
        None => cookie.build(),
    }
}

fn add<B>(answer: &mut Response<B>, cookie: &Cookie<'_>) {
    // Our tokens are base64url and dots, which are always a valid header value.
    if let Ok(mut value) = HeaderValue::try_from(cookie.to_string()) {
        value.set_sensitive(true);
        answer.headers_mut().append(SET_COOKIE, value);
    }
}

/// The limit for name and value together (RFC 6265bis section 5.6).
const MAX_COOKIE_BYTES: usize = 4096;
