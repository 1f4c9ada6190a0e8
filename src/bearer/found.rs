//! [`Found`] is a value whose type only the application knows.

use std::any::{Any, type_name};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use crate::token::AccessTokenClaims;

/// The application's user or its own claims, type-erased, as the layer has found them.
#[derive(Clone)]
pub(super) struct Found(Arc<dyn Value>);

trait Value: Any + Send + Sync {
    fn type_name(&self) -> &'static str {
        type_name::<Self>()
    }
}

impl<T: Any + Send + Sync> Value for T {}

/// Parses the application's own claims from those of a token.
pub(super) type ParseClaims = fn(&AccessTokenClaims) -> Result<Found, BearerError>;

impl Found {
    pub(super) fn new<T: Send + Sync + 'static>(value: T) -> Self {
        Self(Arc::new(value))
    }

    /// Parses the claims of a token as a `T`. The error goes to the log, and shows no value.
    pub(super) fn in_claims<T>(claims: &AccessTokenClaims) -> Result<Self, BearerError>
    where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let invalid = |error| BearerError::from(BearerErrorKind::InvalidToken).with_cause(error);
        claims.parse::<T>().map(Self::new).map_err(invalid)
    }

    pub(super) fn get<T: Clone + 'static>(&self) -> Option<T> {
        let value: &dyn Any = &*self.0;
        value.downcast_ref::<T>().cloned()
    }

    pub(super) fn type_name(&self) -> &'static str {
        // Not the `Arc`, which is a `Value` too.
        (*self.0).type_name()
    }
}
