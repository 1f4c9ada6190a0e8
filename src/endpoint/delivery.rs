//! [`Delivery`]: tokens by another way than the body.

use std::fmt;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::error::EndpointError;
use crate::session::TokenResponse;

/// Tokens in cookies: `CookieDelivery`, of the feature `cookie`.
pub(super) trait Delivery: fmt::Debug + Send + Sync {
    /// Whether the answer sets cookies. `asked` is what the request says of it.
    fn is_wanted(&self, asked: Option<&str>) -> Result<bool, EndpointError>;

    /// The refresh token that the browser sent by itself.
    fn refresh_token<'p>(&self, parts: &'p Parts) -> Result<Option<&'p str>, EndpointError>;

    /// Whether a page of ours made the browser send it.
    fn comes_from_us(&self, parts: &Parts) -> bool;

    /// What of the tokens the body may have.
    fn visible(&self, tokens: &TokenResponse) -> TokenResponse;

    /// The same, where the application writes the body.
    fn visible_to_application(&self, tokens: &TokenResponse) -> TokenResponse;

    /// The tokens as cookies. What the browser has already it keeps.
    fn set_cookies(
        &self,
        tokens: &TokenResponse,
        parts: &Parts,
        answer: Response<Bytes>,
    ) -> Response<Bytes>;

    /// Clears the cookies.
    fn clear_cookies(&self, answer: Response<Bytes>) -> Response<Bytes>;
}

/// Refuses what another site made the browser send.
pub(super) fn check_own_site(delivery: &dyn Delivery, parts: &Parts) -> Result<(), EndpointError> {
    if delivery.comes_from_us(parts) {
        Ok(())
    } else {
        Err(EndpointError::cross_site())
    }
}
