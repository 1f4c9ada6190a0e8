//! [`State`] is what every endpoint of the login flow has, and how it responds.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::json;

use super::delivery::Delivery;
use super::error::EndpointError;
use super::request::Parameters;
use super::response::{complete, json_bytes, json_response};
use crate::bearer::BearerAuthLayer;
use crate::once::Once;
use crate::request_context::RequestContext;
use crate::session::{Login, SessionError, SessionErrorKind, Sessions, TokenResponse};

type ShapeTokens = dyn Fn(&TokenResponse, &Parts) -> serde_json::Result<Vec<u8>> + Send + Sync;
type ShapeLogout = dyn Fn(&Parts) -> serde_json::Result<Vec<u8>> + Send + Sync;
type ShapeRejection = dyn Fn(&EndpointError, &Parts) -> Response<Bytes> + Send + Sync;

/// What every endpoint of the login flow has.
#[derive(Clone)]
pub(super) struct State {
    pub(super) sessions: Sessions,
    /// Checks the access token where an endpoint requires one. The application cannot change it.
    pub(super) signed_in: BearerAuthLayer,
    /// Where the endpoints are mounted, without a slash at the end.
    pub(super) path: String,
    /// `None` means that tokens are only in bodies.
    pub(super) delivery: Option<Arc<dyn Delivery>>,
    pub(super) tokens: Option<Arc<ShapeTokens>>,
    pub(super) logout: Option<Arc<ShapeLogout>>,
    pub(super) rejection: Option<Arc<ShapeRejection>>,
    pub(super) statuses: Vec<(SessionErrorKind, StatusCode)>,
    pub(super) unknown_paths: Arc<Once>,
    pub(super) foreign_tokens: Arc<Once>,
    pub(super) missing_cookies: Arc<Once>,
    pub(super) preflights: Arc<Once>,
}

impl State {
    pub(super) fn new(sessions: Sessions) -> Self {
        Self {
            signed_in: sessions.layer(),
            sessions,
            path: String::new(),
            delivery: None,
            tokens: None,
            logout: None,
            rejection: None,
            statuses: Vec::new(),
            unknown_paths: Arc::default(),
            foreign_tokens: Arc::default(),
            missing_cookies: Arc::default(),
            preflights: Arc::default(),
        }
    }

    /// Returns how the tokens are sent where the request does not say it.
    pub(super) fn usual_delivery(&self) -> Option<&dyn Delivery> {
        let delivery = self.delivery.as_deref();
        delivery.filter(|delivery| delivery.is_wanted(None).unwrap_or_default())
    }

    /// Returns how the tokens are sent: as the request asks for, if the application has more than
    /// one way. Else the parameter is ignored.
    pub(super) fn delivery(
        &self,
        parameters: &Parameters,
    ) -> Result<Option<&dyn Delivery>, EndpointError> {
        match self.delivery.as_deref() {
            Some(delivery) => {
                let asked = parameters.text("delivery")?;
                Ok(delivery.is_wanted(asked.as_deref())?.then_some(delivery))
            }
            None => {
                let asked = parameters.text_or_none("delivery");
                if asked == Some("cookie") && self.missing_cookies.is_first() {
                    tracing::warn!(
                        cure = "call `with_cookies` on the endpoints, or let the page keep the \
                                refresh token from the body",
                        "a page asks for its tokens in cookies, and these endpoints have none"
                    );
                }
                Ok(None)
            }
        }
    }

    /// Adds what the throttle counts by: the client's address, and the marks of the device, which
    /// are those of the parameter, or those that the browser sends by itself.
    pub(super) fn attempt_context(
        &self,
        context: &RequestContext,
        parameters: &Parameters,
    ) -> RequestContext {
        let context = self.sessions.located(context.clone());
        let sent = parameters.text_or_none("device_mark").map(str::to_owned);
        // A page of another site must not use up the logins of this device.
        let own = |delivery: &dyn Delivery| {
            let parts = context.parts();
            let mark = delivery.device_mark(parts)?;
            delivery.comes_from_us(parts).then(|| mark.to_owned())
        };
        let mark = sent.or_else(|| self.delivery.as_deref().and_then(own));
        match mark {
            Some(mark) => context.with_device_mark(mark),
            None => context,
        }
    }

    /// Returns how the tokens of a login are sent.
    pub(super) fn delivery_of<C>(&self, login: &Login<C>) -> Option<&dyn Delivery> {
        self.delivery.as_deref().filter(|_| login.is_in_cookies())
    }

    /// Returns the response to a login or a refresh. `delivery` is how the tokens are sent.
    pub(super) fn respond(
        &self,
        tokens: &TokenResponse,
        delivery: Option<&dyn Delivery>,
        parts: &Parts,
    ) -> Response<Bytes> {
        let answer = match delivery {
            None => self.shaped(tokens, parts),
            Some(delivery) => {
                let visible = match self.tokens {
                    Some(_) => delivery.visible_to_application(tokens),
                    None => delivery.visible(tokens),
                };
                // A page that shows a failure must not be logged in by its cookies.
                let shaped = self.shaped(&visible, parts);
                shaped.map(|answer| delivery.set_cookies(tokens, parts, answer))
            }
        };
        answer.unwrap_or_else(|error| self.reject(error, parts))
    }

    fn shaped(
        &self,
        tokens: &TokenResponse,
        parts: &Parts,
    ) -> Result<Response<Bytes>, EndpointError> {
        match &self.tokens {
            None => Ok(tokens.to_response()),
            Some(shape) => written(shape(tokens, parts)),
        }
    }

    /// Returns the response to a logout.
    pub(super) fn logged_out(&self, parts: &Parts) -> Response<Bytes> {
        match &self.logout {
            None => json_response(StatusCode::OK, &json!({})),
            Some(shape) => {
                let answer = written(shape(parts));
                answer.unwrap_or_else(|error| self.reject(error, parts))
            }
        }
    }

    /// Returns the response to a request that is refused.
    pub(super) fn reject(&self, error: EndpointError, parts: &Parts) -> Response<Bytes> {
        self.reject_client(error, parts, None)
    }

    /// Returns the response to a login of the application's own that is refused. It says why, and a
    /// failure is not a guess, so the late line is not written.
    pub(super) fn reject_login(
        &self,
        error: EndpointError,
        context: &RequestContext,
    ) -> Response<Bytes> {
        let own = error.session_error();
        if own.is_some_and(SessionError::says_why)
            && let Some(line) = context.late_line()
        {
            line.forget();
        }
        self.reject_client(error, context.parts(), context.client_address())
    }

    fn reject_client(
        &self,
        mut error: EndpointError,
        parts: &Parts,
        client: Option<IpAddr>,
    ) -> Response<Bytes> {
        if let Some(kind) = error.session_error().map(SessionError::kind) {
            let mapped = self.statuses.iter().rev().find(|(known, _)| *known == kind);
            error.set_status(mapped.map(|&(_, status)| status));
        }
        let usual = error.refuse_client(parts, client);
        let response = match &self.rejection {
            Some(shape) => shape(&error, parts),
            None => return usual,
        };
        complete(response, &usual)
    }

    /// Warns if a login finds the cookie of another application under its own name.
    pub(super) fn warn_of_foreign_tokens(&self, held: &[&str]) {
        let is_foreign =
            |token: &&str| token.starts_with("rt1_") && self.sessions.made_for(token).is_none();
        if held.iter().any(is_foreign) && self.foreign_tokens.is_first() {
            tracing::warn!(
                cure = "give each application on this host cookies of its own name: \
                        `CookieDelivery::with_name`",
                "a login replaces a refresh token of another application, or of a secret that is \
                 gone; only the first one is a warning"
            );
        }
    }

    /// Clears the cookies if a page of ours has logged out. A page of another origin with a token
    /// of its own must not clear this browser's cookies.
    pub(super) fn without_cookies(
        &self,
        parts: &Parts,
        answer: Response<Bytes>,
    ) -> Response<Bytes> {
        match &self.delivery {
            Some(delivery) if delivery.comes_from_us(parts) => delivery.clear_cookies(answer),
            _ => answer,
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("sessions", &self.sessions)
            .field("path", &self.path)
            .field("delivery", &self.delivery)
            .field("shapes_tokens", &self.tokens.is_some())
            .field("shapes_logout", &self.logout.is_some())
            .field("shapes_rejections", &self.rejection.is_some())
            .field("statuses", &self.statuses)
            .finish_non_exhaustive()
    }
}

/// Returns the JSON that a closure of the application made, or an error if it made none.
fn written(body: serde_json::Result<Vec<u8>>) -> Result<Response<Bytes>, EndpointError> {
    let body = body.map_err(|error| {
        let cure = "return what fits JSON from the closures of the endpoints";
        SessionError::misconfigured(cure).caused_by(error)
    })?;
    Ok(json_bytes(StatusCode::OK, body))
}
