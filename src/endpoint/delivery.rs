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

    /// Returns the refresh token that the browser sent by itself.
    fn refresh_token<'p>(&self, parts: &'p Parts) -> Result<Option<&'p str>, EndpointError>;

    /// Returns whether a page of ours made the browser send the request.
    fn comes_from_us(&self, parts: &Parts) -> bool;

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
        Err(EndpointError::cross_site())
    }
}
