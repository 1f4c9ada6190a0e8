//! [`CookieDelivery`] sends the refresh token as a cookie that scripts cannot read.

mod dropped;
mod endpoints;
mod jar;
mod renewal;
mod renewal_future;

pub use self::renewal::{Renewal, RenewalLayer};
pub use self::renewal_future::RenewalFuture;

use std::cmp::Ordering;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use self::dropped::Warned;
use super::delivery::check_cookies_may_be_set;
use super::response::not_stored;
use crate::bearer::TokenSource;
use crate::browser::{Origins, only, several};
use crate::edge::Edge;
use crate::error::ConfigError;
use crate::keys::RefreshToken;
use crate::session::{Sessions, TokenResponse, compare_generations};
use crate::throttle::DeviceMark;

/// Sends tokens as cookies. It is for web pages, whose scripts then never have the refresh token.
///
/// | cookie | attributes | |
/// |---|---|---|
/// | `__Host-refresh_token` | `HttpOnly; Secure; SameSite=Strict; Path=/` | always |
/// | `__Host-access_token` | `HttpOnly; Secure; SameSite=Lax; Path=/` | with
/// [`with_access_token`](Self::with_access_token) |
/// | `__Host-device_mark` | `HttpOnly; Secure; SameSite=Lax; Path=/`, for as long as a
/// [mark](DeviceMark::lifetime) counts | a login with a password; a logout keeps it |
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
/// **A page on another site** never gets these cookies back, even if its origin is listed: they are
/// `SameSite`. Its login is refused with 403 and the reason `cross_site_cookie`, unless the cookies
/// are [for other sites](Self::for_other_sites), or the tokens are in the body.
///
/// **Several cookies of one name.** A neighbouring host, or an older path, may have set another
/// one. A login and a logout end the sessions of all of them. A refresh uses the one that is good:
/// see [`Refresh::one_of`](crate::session::Refresh::one_of).
///
/// **On a developer's machine.** All browsers but Safari accept `Secure` cookies from `localhost`
/// and `127.0.0.1` via plain `http`. No browser accepts them from another host via plain `http`.
/// The first such login is logged as a warning.
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
    for_other_sites: bool,
    /// Whether a link from another site sends the refresh token.
    for_pages: bool,
    origins: Origins,
    edge: Arc<Edge>,
    warned: Arc<Warned>,
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
            for_other_sites: false,
            for_pages: false,
            origins: Origins::default(),
            edge: Arc::default(),
            warned: Arc::default(),
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

    /// Sends both tokens as cookies that every page of the host gets, for pages without scripts:
    /// see [`renewal_layer`](Self::renewal_layer). It includes
    /// [`with_access_token`](Self::with_access_token).
    ///
    /// The refresh token becomes `SameSite=Lax`, so that a link from another site opens the page as
    /// the user. Requests that change something still come from our own pages alone: browsers do
    /// not send such a cookie with a `POST` of another site, and the check for cross-site requests
    /// refuses it too.
    pub fn for_pages_without_scripts(mut self) -> Self {
        self.for_pages = true;
        self.with_access_token()
    }

    /// Sets the names of the cookies: with `staff` they are `__Host-staff_refresh_token` and
    /// `__Host-staff_access_token`.
    ///
    /// Two applications on one host need names of their own, and so do two kinds of users. A
    /// browser keeps one cookie of each name for a host and a path, whatever the port, so each
    /// login would log the other out.
    ///
    /// # Errors
    ///
    /// `name` is empty, or has other characters than ASCII letters, digits, `-` and `_`.
    pub fn with_name(mut self, name: &str) -> Result<Self, ConfigError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_allowed) {
            return Err(ConfigError::new(format!(
                "{name:?} is not a name for cookies: use ASCII letters, digits, `-` and `_`"
            )));
        }
        self.name = format!("{name}_");
        Ok(self)
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

    /// Accepts requests from pages of this origin too, as in `https://app.example.com`. An app in a
    /// native shell, and an extension, has an origin with a scheme of its own: `tauri://localhost`,
    /// `capacitor://localhost`, `chrome-extension://…`.
    ///
    /// If the page is on another site, see [`for_other_sites`](Self::for_other_sites).
    ///
    /// # Errors
    ///
    /// The text is not an origin: a scheme, a host and perhaps a port. `null` and `file://` name
    /// no page, and are never accepted. A `*` is refused, because browsers send none: list each
    /// origin.
    pub fn with_origin(mut self, origin: &str) -> Result<Self, ConfigError> {
        self.origins.add(origin)?;
        Ok(self)
    }

    /// Lets browsers send the cookies from pages of other sites too: they become `SameSite=None;
    /// Partitioned`. It is for a page on another site whose origin is [listed](Self::with_origin).
    ///
    /// It loosens what the browser checks: only the check for cross-site requests is left, which
    /// still refuses every origin that is not listed. So the access token in its cookie counts only
    /// for `GET`, `HEAD` and `OPTIONS` if a request does not say where it comes from, as requests
    /// of old browsers do. `Partitioned` (CHIPS) gives each site that embeds this server a cookie
    /// of its own, and lets browsers without other third-party cookies keep it. Safari and the web
    /// views of iOS drop such cookies before 26.2, except in 18.4. The body needs none of this.
    ///
    /// A page in a frame needs it too, if the page around it is on another site.
    ///
    /// To a browser a partitioned cookie is another cookie. Where users are logged in when this
    /// changes, give the cookies another [name](Self::with_name) too, or some browsers send both.
    pub fn for_other_sites(mut self) -> Self {
        self.for_other_sites = true;
        self.origins.ask_for_origins();
        self
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
    /// these cookies are [for every client](Self::for_every_client). A login has to end the
    /// sessions of the cookies that it replaces: `read_login` sees to it, and a handler without it
    /// gives the [tokens of the browser](Self::session_tokens) to
    /// [`Login::replacing`](crate::Login::replacing).
    #[must_use]
    pub fn set_cookies<B>(
        &self,
        tokens: &TokenResponse,
        parts: &Parts,
        answer: Response<B>,
    ) -> Response<B> {
        self.warn_of_dropped_cookies(parts);
        let mut answer = not_stored(answer);
        if let Some(token) = tokens.refresh_token().map(RefreshToken::secret) {
            let held = self.refresh_tokens(parts).into_iter();
            let newest = held
                .filter_map(|held| compare_generations(held, token))
                .max();
            match newest {
                // This response is late: the browser has newer tokens, of both kinds.
                Some(Ordering::Greater) => return answer,
                Some(Ordering::Equal) => {}
                Some(Ordering::Less) | None => {
                    let max_age = max_age(tokens, tokens.refresh_token_expires_in());
                    jar::add(&mut answer, &self.refresh_cookie(token, max_age));
                }
            }
        }
        self.set_access_token(tokens, parts, &mut answer);
        if let Some(mark) = tokens.device_mark() {
            jar::add(&mut answer, &self.mark_cookie(mark));
        }
        answer
    }

    /// Sets the mark of a device as a cookie, without a login: after a new password, for example,
    /// which [forgets](Sessions::credentials_changed) the marks before it. The response gets
    /// `Cache-Control: no-store`.
    ///
    /// ```
    /// use http::{Response, StatusCode};
    /// use http::request::Parts;
    /// use tower_bearer::session::RequestContext;
    /// # use tower_bearer::{AccessTokenClaims, CookieDelivery, SessionError, Sessions};
    ///
    /// async fn password_changed(
    ///     sessions: &Sessions,
    ///     cookies: &CookieDelivery,
    ///     claims: &AccessTokenClaims,
    ///     parts: &Parts,
    ///     (username, version): (&str, i64),
    /// ) -> Result<Response<()>, SessionError> {
    ///     sessions.credentials_changed(claims, version).await?;
    ///     // The marks of other people on this device are kept.
    ///     let marks = cookies.device_mark(parts).unwrap_or_default();
    ///     let context = RequestContext::from(parts).with_device_mark(marks);
    ///     let mut response = Response::new(());
    ///     *response.status_mut() = StatusCode::NO_CONTENT;
    ///     Ok(match sessions.device_mark(username, claims.subject(), &context) {
    ///         Some(mark) => cookies.set_device_mark(&mark, response),
    ///         None => response,
    ///     })
    /// }
    /// ```
    #[must_use]
    pub fn set_device_mark<B>(&self, mark: &DeviceMark, answer: Response<B>) -> Response<B> {
        let mut answer = not_stored(answer);
        jar::add(&mut answer, &self.mark_cookie(mark));
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
        let checked = check_cookies_may_be_set(self, parts);
        checked.err().map(|error| error.refuse(parts))
    }

    /// Clears the cookies, after a logout in the application's own handler.
    ///
    /// With a [path](Self::with_path), it also clears the cookies of that name whose path is
    /// shorter, which an earlier version of the application may have set.
    #[must_use]
    pub fn clear_cookies<B>(&self, mut answer: Response<B>) -> Response<B> {
        self.clear(&mut answer);
        answer
    }

    /// Returns the refresh tokens that the browser sent, for
    /// [`Refresh::one_of`](crate::session::Refresh::one_of). There is more than one if another host
    /// or an older version of the application has set a cookie of this name too.
    #[must_use]
    pub fn refresh_tokens<'p>(&self, parts: &'p Parts) -> Vec<&'p str> {
        several(parts, &self.refresh_name())
    }

    /// Returns the marks of the device that the browser sent, for
    /// [`RequestContext::with_device_mark`](crate::session::RequestContext::with_device_mark). It
    /// is `None` too if another host has set a cookie of this name.
    #[must_use]
    pub fn device_mark<'p>(&self, parts: &'p Parts) -> Option<&'p str> {
        only(parts, &self.mark_name()).ok().flatten()
    }

    /// Returns the tokens of all sessions that the browser has: every refresh token, and every
    /// access token where it is a cookie too. The two may be of different sessions.
    ///
    /// It is for the application's own handlers. A logout ends all of them before it [clears the
    /// cookies](Self::clear_cookies), and a login [replaces](crate::Login::replacing) them, so that
    /// no session stays behind that its browser has forgotten. Both refuse requests from other
    /// sites [first](Self::cross_site_rejection).
    ///
    /// ```
    /// # use http::{Response, request::Parts};
    /// # use tower_bearer::{CookieDelivery, SessionError, Sessions};
    /// async fn log_out(
    ///     sessions: &Sessions,
    ///     cookies: &CookieDelivery,
    ///     parts: &Parts,
    /// ) -> Result<Response<()>, SessionError> {
    ///     for token in cookies.session_tokens(parts) {
    ///         sessions.log_out(token).await?;
    ///     }
    ///     Ok(cookies.clear_cookies(Response::new(())))
    /// }
    /// ```
    #[must_use]
    pub fn session_tokens<'p>(&self, parts: &'p Parts) -> Vec<&'p str> {
        let mut tokens = self.refresh_tokens(parts);
        if self.access_token {
            tokens.extend(several(parts, &self.access_name()));
        }
        tokens
    }
}

fn max_age(tokens: &TokenResponse, seconds: u64) -> Option<u64> {
    // Without it a cookie lasts until the browser closes.
    (!tokens.is_until_browser_closes()).then_some(seconds)
}

impl Default for CookieDelivery {
    fn default() -> Self {
        Self::new()
    }
}
