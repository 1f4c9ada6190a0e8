//! Endpoints that act for the user who asks: they demand a live access token.

use std::sync::Arc;

use http::request::Parts;

use super::response::Refused;
use crate::bearer::{BearerError, BearerErrorKind};
use crate::session::{Authenticate, Sessions};
use crate::token::AccessTokenClaims;

/// Judges a request as [`Sessions::layer`] would, and refuses in its usual words: no application has changed this layer.
pub(super) async fn signed_in<A: Authenticate>(sessions: &Sessions<A>, parts: &Parts) -> Result<AccessTokenClaims, Refused> {
    let judge = async {
        let layer = sessions.layer();
        let claims = layer.gate().verify(&parts.headers)?.ok_or(BearerError::new(BearerErrorKind::TokenMissing))?;
        Arc::clone(layer.gate()).admit(Some(claims.clone())).await?;
        Ok(claims)
    };
    judge.await.map_err(|error| Refused::bearer(error, parts))
}
