//! The logout endpoints end one session, or all sessions of a user.

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use zeroize::Zeroizing;

use super::delivery::check_own_site;
use super::error::EndpointError;
use super::request::{Parameters, check};
use super::signed_in::signed_in;
use super::state::State;
use crate::bearer::{BearerError, bearer_token};

pub(super) async fn handle(
    state: &State,
    parts: &Parts,
    mut parameters: Parameters,
) -> Result<Response<Bytes>, EndpointError> {
    let answer = state.logged_out(parts);
    if let Some(token) = parameters.take("token")?.map(Zeroizing::new) {
        state.sessions.log_out(&token).await?;
        return Ok(answer);
    }
    let sent = bearer_token(&parts.headers).map_err(BearerError::from)?;
    let mut held = None;
    if let Some(delivery) = state.delivery.as_deref() {
        held = delivery.refresh_token(parts)?;
        if held.is_some() {
            check_own_site(delivery, parts)?;
        }
    }
    if sent.is_none() && held.is_none() {
        return Err(EndpointError::invalid_request("token is missing"));
    }
    for token in sent.into_iter().chain(held) {
        state.sessions.log_out(token).await?;
    }
    Ok(state.without_cookies(parts, answer))
}

pub(super) async fn handle_everywhere(
    state: &State,
    parts: &Parts,
) -> Result<Response<Bytes>, EndpointError> {
    check(parts, "POST")?;
    let claims = signed_in(state, parts).await?;
    state.sessions.log_out_everywhere(claims.subject()).await?;
    Ok(state.without_cookies(parts, state.logged_out(parts)))
}
