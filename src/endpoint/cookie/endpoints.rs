//! How the endpoints use [`CookieDelivery`].

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::{Choice, CookieDelivery};
use crate::browser::Site;
use crate::endpoint::auth::AuthEndpoints;
use crate::endpoint::delivery::Delivery;
use crate::endpoint::error::EndpointError;
use crate::keys::AccessToken;
use crate::session::TokenResponse;

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

    fn lets_client_choose(&self) -> bool {
        matches!(self.choice, Choice::TheClients)
    }

    fn refresh_tokens<'p>(&self, parts: &'p Parts) -> Vec<&'p str> {
        Self::refresh_tokens(self, parts)
    }

    fn session_tokens<'p>(&self, parts: &'p Parts) -> Vec<&'p str> {
        Self::session_tokens(self, parts)
    }

    fn device_mark<'p>(&self, parts: &'p Parts) -> Option<&'p str> {
        Self::device_mark(self, parts)
    }

    fn comes_from_us(&self, parts: &Parts) -> bool {
        self.origins.site(parts, &self.edge) == Site::Own
    }

    fn check_arrival(&self, parts: &Parts) -> Result<(), EndpointError> {
        Self::check_arrival(self, parts)
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
        cookies.warn_of_other_sites();
        self.map(|state| {
            let layer = state.sessions.layer();
            state.signed_in = layer.with_token_sources(cookies.token_sources());
            state.delivery = Some(Arc::new(cookies));
        })
    }
}
