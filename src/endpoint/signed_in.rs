//! Identifies the user of a request, for endpoints that require an access token.

use http::request::Parts;

use super::error::EndpointError;
use super::state::State;
use crate::token::AccessTokenClaims;

/// Checks the access token of a request as [`Sessions::layer`](crate::Sessions::layer) does.
pub(super) async fn signed_in(
    state: &State,
    parts: &Parts,
) -> Result<AccessTokenClaims, EndpointError> {
    let admission = state.signed_in.gate().identify(parts).await?;
    Ok(admission.into_claims()?)
}
