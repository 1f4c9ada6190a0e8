//! Endpoints that act for the user who asks: they demand a live access token.

use std::sync::Arc;

use http::HeaderMap;

use super::response::Refused;
use crate::bearer::{BearerError, BearerErrorKind};
use crate::session::{Authenticate, Sessions};
use crate::token::AccessTokenClaims;

/// Judges a request as [`Sessions::layer`] would.
pub(super) async fn signed_in<A: Authenticate>(
    sessions: &Sessions<A>,
    headers: &HeaderMap,
) -> Result<AccessTokenClaims, Refused> {
    let layer = sessions.layer();
    let gate = Arc::clone(layer.gate());
    let claims = gate.verify(headers)?.ok_or(BearerError::new(BearerErrorKind::TokenMissing))?;
    gate.admit(Some(claims.clone())).await?;
    Ok(claims)
}
