//! Endpoints that act for the user who asks: they require a live access token.

use http::request::Parts;

use super::error::EndpointError;
use super::state::State;
use crate::token::AccessTokenClaims;

/// Checks a request as [`Sessions::layer`](crate::Sessions::layer) does.
pub(super) async fn signed_in(
    state: &State,
    parts: &Parts,
) -> Result<AccessTokenClaims, EndpointError> {
    let admission = state.signed_in.gate().identify(parts).await?;
    Ok(admission.into_claims()?)
}
