//! Refusals that ask the user to authenticate again, or in another way (RFC 9470).

use std::borrow::Cow;
use std::time::Duration;

use super::BearerError;
use crate::bearer::error_kind::BearerErrorKind;

impl BearerError {
    /// Makes a 401 `insufficient_user_authentication`: the user has to authenticate again, because
    /// they did so more than `max_age` ago. The challenge says how many seconds that is (RFC 9470
    /// section 3).
    #[must_use]
    pub fn insufficient_user_authentication(max_age: Duration) -> Self {
        Self::from(BearerErrorKind::InsufficientUserAuthentication)
            .map(|special| special.max_age = Some(max_age.as_secs()))
    }

    /// Makes a 401 `insufficient_user_authentication`: the user has to authenticate in one of these
    /// ways, as with a second factor. The reason is `authentication_too_weak`.
    ///
    /// They are values of the claim `acr`, separated by spaces, the preferred one first, and are
    /// the `acr_values` of the challenge (RFC 9470 section 3). Text that is not visible ASCII, or
    /// has a quote or a backslash, is left out of it.
    ///
    /// ```
    /// use tower_bearer::{BearerAuthLayer, BearerError};
    ///
    /// # fn example(layer: BearerAuthLayer) -> BearerAuthLayer {
    /// layer.require(|claims| match claims.claim::<String>("acr")?.as_deref() {
    ///     Some("gold") => Ok(true),
    ///     _ => Err(BearerError::insufficient_acr("gold").into()),
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn insufficient_acr(acr_values: impl Into<Cow<'static, str>>) -> Self {
        let acr_values = acr_values.into();
        Self::from(BearerErrorKind::InsufficientUserAuthentication).map(|special| {
            special.reason = Some("authentication_too_weak".into());
            special.description = Some("a stronger authentication is needed".into());
            special.acr_values = Some(acr_values);
        })
    }

    pub(in crate::bearer) fn max_age(&self) -> Option<u64> {
        self.special()?.max_age
    }

    pub(in crate::bearer) fn acr_values(&self) -> Option<&str> {
        self.special()?.acr_values.as_deref()
    }
}
