//! [`Delivery`] sends tokens in another way than in the body.

use std::fmt;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::error::EndpointError;
use crate::session::TokenResponse;

/// Sends and reads tokens in cookies. `CookieDelivery`, with the feature `cookie`, implements it.
pub(super) trait Delivery: fmt::Debug + Send + Sync {
    /// Returns whether the response sets cookies. `asked` is what the request says about it.
    fn is_wanted(&self, asked: Option<&str>) -> Result<bool, EndpointError>;

    /// Returns whether a client can have the tokens in the body instead.
    fn lets_client_choose(&self) -> bool;

    /// Returns the refresh tokens that the browser sent by itself.
    fn refresh_tokens<'p>(&self, parts: &'p Parts) -> Vec<&'p str>;

    /// Returns the tokens of both kinds that the browser sent by itself. They may be of several
    /// sessions.
    fn session_tokens<'p>(&self, parts: &'p Parts) -> Vec<&'p str>;

    /// Returns the marks of the device that the browser sent by itself.
    fn device_mark<'p>(&self, parts: &'p Parts) -> Option<&'p str>;

    /// Returns whether a page of ours made the browser send the request.
    fn comes_from_us(&self, parts: &Parts) -> bool;

    /// Refuses a request whose browser would never send the cookies back.
    fn check_arrival(&self, parts: &Parts) -> Result<(), EndpointError>;

    /// Returns what of the tokens the body may have.
    fn visible(&self, tokens: &TokenResponse) -> TokenResponse;

    /// Returns the same, for a body that the application writes.
    fn visible_to_application(&self, tokens: &TokenResponse) -> TokenResponse;

    /// Sets the tokens as cookies, except those that the browser already has.
    fn set_cookies(
        &self,
        tokens: &TokenResponse,
        parts: &Parts,
        answer: Response<Bytes>,
    ) -> Response<Bytes>;

    /// Clears the cookies.
    fn clear_cookies(&self, answer: Response<Bytes>) -> Response<Bytes>;
}

/// Refuses a request that another site made the browser send.
pub(super) fn check_own_site(delivery: &dyn Delivery, parts: &Parts) -> Result<(), EndpointError> {
    if delivery.comes_from_us(parts) {
        Ok(())
    } else {
        Err(EndpointError::cross_site(
            parts,
            delivery.lets_client_choose(),
        ))
    }
}

/// Refuses a request whose response must not set cookies.
pub(super) fn check_cookies_may_be_set(
    delivery: &dyn Delivery,
    parts: &Parts,
) -> Result<(), EndpointError> {
    check_own_site(delivery, parts)?;
    delivery.check_arrival(parts)
}
