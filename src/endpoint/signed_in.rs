//! Endpoints that act for the user who asks: they require a live access token.

use http::request::Parts;

use super::error::EndpointError;
use super::state::State;
use crate::token::AccessTokenClaims;

/// Checks a request as [`Sessions::layer`](crate::Sessions::layer) does. No application has changed
/// this layer.
pub(super) async fn signed_in(
    state: &State,
    parts: &Parts,
) -> Result<AccessTokenClaims, EndpointError> {
    let layer = match &state.delivery {
        Some(delivery) => state
            .sessions
            .layer()
            .with_token_sources(delivery.token_sources()),
        None => state.sessions.layer(),
    };
    Ok(layer.gate().identify(parts).await?.into_claims()?)
}
