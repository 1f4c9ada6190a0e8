//! Endpoints that act for the user who asks: they demand a live access token.

use http::request::Parts;

use super::delivery::Flow;
use super::response::Refused;
use crate::bearer::BearerError;
use crate::session::Authenticate;
use crate::token::AccessTokenClaims;

/// Judges a request as [`Sessions::layer`](crate::Sessions::layer) would, and refuses in its usual words: no application has changed this layer.
pub(super) async fn signed_in<A: Authenticate>(flow: &Flow<A>, parts: &Parts) -> Result<AccessTokenClaims, Refused> {
    let judge = async {
        let layer = match &flow.delivery {
            Some(delivery) => flow.sessions.layer().with_token_sources(delivery.token_sources()),
            None => flow.sessions.layer(),
        };
        layer.gate().identify(parts).await?.into_claims()
    };
    judge.await.map_err(|error: BearerError| Refused::bearer(error, parts))
}
