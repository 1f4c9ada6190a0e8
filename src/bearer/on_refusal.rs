//! [`OnRefusal`] is told of each request that a layer refuses.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;

use super::error::BearerError;
use crate::token::AccessTokenClaims;

type Tell = dyn Fn(&BearerError, Option<&AccessTokenClaims>, &Parts) + Send + Sync;

/// Is told of each request that a layer refuses, with the claims of its token where they are known.
#[derive(Clone)]
pub(crate) struct OnRefusal(Arc<Tell>);

impl OnRefusal {
    pub(crate) fn new(
        tell: impl Fn(&BearerError, Option<&AccessTokenClaims>, &Parts) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn tell(&self, error: &BearerError, parts: &Parts) {
        let admitted = || AccessTokenClaims::from_extensions(&parts.extensions);
        (self.0)(error, error.claims.as_ref().or_else(admitted), parts);
    }
}

impl fmt::Debug for OnRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnRefusal")
    }
}
