//! [`RenewalLayer`] renews the tokens of a page without scripts while the page loads.

use std::task::{Context, Poll};

use http::header::SET_COOKIE;
use http::request::Parts;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::CookieDelivery;
use super::renewal_future::RenewalFuture;
use crate::bearer::bearer_token;
use crate::browser::{loads_a_page, only, replace};
use crate::endpoint::response::not_stored;
use crate::error::ConfigError;
use crate::keys::RefreshToken;
use crate::request_context::RequestContext;
use crate::session::{Refresh, Sessions, TokenResponse};
use crate::token::AccessTokenClaims;

/// Renews the tokens of a page without scripts while the page loads, for as long as the refresh
/// token lives. See [`CookieDelivery::renewal_layer`].
#[derive(Clone, Debug)]
pub struct RenewalLayer {
    renewer: Renewer,
}

/// The service that [`RenewalLayer`] makes.
#[derive(Clone, Debug)]
pub struct Renewal<S> {
    inner: S,
    renewer: Renewer,
}

#[derive(Clone, Debug)]
struct Renewer {
    cookies: CookieDelivery,
    sessions: Sessions,
}

/// What has to be done about a request before it passes on.
enum Need {
    Nothing,
    /// The store has to say whether the session of these claims was revoked.
    Lookup(AccessTokenClaims),
    Renewal,
}

impl CookieDelivery {
    /// Returns a layer that renews the tokens of pages without scripts, around
    /// [`BearerAuthLayer`](crate::BearerAuthLayer) with these
    /// [`token_sources`](Self::token_sources). Without it, such a page ends with its access token.
    ///
    /// **What is renewed.** A browser that loads a page (`GET`, `HEAD`) has a refresh token, and in
    /// its cookie no access token that the layer accepts. The layer refreshes, passes the request
    /// on with the new access token in its cookie, and sets the new cookies on the response, which
    /// gets `Cache-Control: no-store`. A link from another site counts too. Pages that load at once
    /// receive the same tokens, within the [overlap](crate::SessionPolicy::with_overlap). If the
    /// response is lost, the next page tries again with the old token.
    ///
    /// **What is not.** Other methods, scripts, pictures, frames of other sites, and requests with
    /// an access token in the `Authorization` header pass on as they are. Without Fetch Metadata,
    /// the request has to accept `text/html`.
    ///
    /// **If there is no renewal**, the request passes on without that cookie, so as that of
    /// a stranger: public pages work while the store is down. The cookies stay, and the next page
    /// tries again. They stay even if the session is over: the response may be late, and another
    /// tab may have logged in meanwhile.
    ///
    /// ```
    /// # async fn page(_: Option<tower_bearer::CurrentUser>) {}
    /// # use tower_bearer::{ConfigError, Sessions};
    /// # fn example(sessions: Sessions) -> Result<axum::Router, ConfigError> {
    /// use axum::{Router, routing::get};
    /// use tower_bearer::CookieDelivery;
    ///
    /// let cookies = CookieDelivery::new().for_pages_without_scripts();
    /// let layer = sessions.layer().with_token_sources(cookies.token_sources());
    /// let app = Router::new()
    ///     .route("/", get(page))
    ///     .route_layer(layer.optional())
    ///     .route_layer(cookies.renewal_layer(&sessions)?)
    ///     .nest_service("/auth", sessions.endpoints().with_cookies(cookies));
    /// # Ok(app)
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The cookies are not [for pages](Self::for_pages_without_scripts), or have a
    /// [path](Self::with_path), so that browsers do not send them with each page.
    pub fn renewal_layer(&self, sessions: &Sessions) -> Result<RenewalLayer, ConfigError> {
        if !self.for_pages {
            return Err(ConfigError::from_static(
                "`renewal_layer` needs cookies that each page gets: set \
                 `CookieDelivery::for_pages_without_scripts`",
            ));
        }
        if let Some(path) = &self.path {
            return Err(ConfigError::new(format!(
                "`renewal_layer` needs cookies that each page gets, and these are for {path:?} \
                 alone: leave out `with_path`"
            )));
        }
        if sessions.has_no_overlap() {
            return Err(ConfigError::from_static(
                "`renewal_layer` needs an overlap: without one, a page that the user stops looks \
                 like a theft. Leave out `with_overlap(Duration::ZERO)`",
            ));
        }
        Ok(RenewalLayer {
            renewer: Renewer {
                cookies: self.clone().for_sessions(sessions),
                sessions: sessions.clone(),
            },
        })
    }
}

impl Renewer {
    /// Returns what has to be done about a request before it passes on.
    fn needs(&self, parts: &Parts) -> Need {
        if !loads_a_page(parts) || !matches!(bearer_token(&parts.headers), Ok(None)) {
            return Need::Nothing;
        }
        let held = only(parts, &self.cookies.access_name()).ok().flatten();
        let Some(claims) = held.and_then(|token| self.sessions.verified(token)) else {
            return Need::Renewal;
        };
        match self.sessions.is_revoked(&claims) {
            Some(false) => Need::Nothing,
            Some(true) => Need::Renewal,
            None => Need::Lookup(claims),
        }
    }

    /// Takes an access token that is not good out of the request.
    fn forget(&self, parts: &mut Parts) {
        replace(&mut parts.headers, &[(&*self.cookies.access_name(), None)]);
    }

    /// Refreshes, and gives the new tokens to the request. Without a renewal it is `None`.
    async fn renew(&self, parts: &mut Parts) -> Option<TokenResponse> {
        let held = self.cookies.refresh_tokens(parts).into_iter();
        let held: Vec<_> = held.map(RefreshToken::new).collect();
        if held.is_empty() {
            self.forget(parts);
            return None;
        }
        let refresh = Refresh::one_of(held).with_context(RequestContext::from(&*parts));
        let (access, refresh_name) = (self.cookies.access_name(), self.cookies.refresh_name());
        match self.sessions.refresh_for_page(refresh).await {
            Ok((tokens, page_token)) => {
                let changes = [
                    (&*access, Some(page_token.secret())),
                    (
                        &*refresh_name,
                        tokens.refresh_token().map(RefreshToken::secret),
                    ),
                ];
                replace(&mut parts.headers, &changes);
                Some(tokens)
            }
            // It is logged.
            Err(_) => {
                self.forget(parts);
                None
            }
        }
    }

    /// Sets the cookies, unless the page has set or cleared them itself. `sent` is the request as
    /// the browser sent it.
    fn complete<B>(
        &self,
        renewed: Option<&TokenResponse>,
        sent: &Parts,
        response: Response<B>,
    ) -> Response<B> {
        let name = format!("{}=", self.cookies.refresh_name());
        let mut lines = response.headers().get_all(SET_COOKIE).iter();
        if lines.any(|line| line.as_bytes().starts_with(name.as_bytes())) {
            return not_stored(response);
        }
        match renewed {
            // The user has logged out while the page was made, and perhaps in again.
            Some(tokens) if self.sessions.knows_revoked(tokens.claims()) => not_stored(response),
            Some(tokens) => self.cookies.set_cookies(tokens, sent, response),
            None => response,
        }
    }
}

impl<S> Layer<S> for RenewalLayer {
    type Service = Renewal<S>;

    fn layer(&self, inner: S) -> Renewal<S> {
        Renewal {
            inner,
            renewer: self.renewer.clone(),
        }
    }
}

impl<S, B, R> Service<Request<B>> for Renewal<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = RenewalFuture<S::Future, Response<R>, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let mut need = self.renewer.needs(&parts);
        if matches!(need, Need::Renewal) && self.renewer.cookies.refresh_tokens(&parts).is_empty() {
            self.renewer.forget(&mut parts);
            need = Need::Nothing;
        }
        if matches!(need, Need::Nothing) {
            return RenewalFuture::direct(self.inner.call(Request::from_parts(parts, body)));
        }
        // The service that is ready is called; its clone may not be.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let renewer = self.renewer.clone();
        RenewalFuture::renewing(async move {
            if let Need::Lookup(claims) = need
                // If the store cannot be asked, the layer decides about the token.
                && !renewer.sessions.was_revoked(&claims).await.unwrap_or(false)
            {
                return inner.call(Request::from_parts(parts, body)).await;
            }
            let sent = parts.clone();
            let renewed = renewer.renew(&mut parts).await;
            let response = inner.call(Request::from_parts(parts, body)).await?;
            Ok(renewer.complete(renewed.as_ref(), &sent, response))
        })
    }
}
