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
use crate::session::SessionError;

pub(super) async fn handle(
    state: &State,
    parts: &Parts,
    mut parameters: Parameters,
) -> Result<Response<Bytes>, EndpointError> {
    let answer = state.logged_out(parts);
    let client = state.sessions.edge().client_address(parts);
    if let Some(token) = parameters.take("token")?.map(Zeroizing::new) {
        state.sessions.log_out_at(&token, client).await?;
        return Ok(answer);
    }
    let mut held = Vec::new();
    if let Some(delivery) = state.delivery.as_deref() {
        held = delivery.session_tokens(parts);
    }
    let sent = bearer_token(&parts.headers);
    if let Some(delivery) = state.delivery.as_deref()
        && !held.is_empty()
        && let Err(error) = check_own_site(delivery, parts)
    {
        if !matches!(sent, Ok(Some(_))) {
            return Err(error);
        }
        // The token in the header says which session ends, and the browser adds cookies by itself.
        held.clear();
    }
    let sent = match sent {
        Ok(sent) => sent,
        // The cookies say which session ends.
        Err(_) if !held.is_empty() => None,
        Err(malformed) => return Err(BearerError::from(malformed).into()),
    };
    if sent.is_none() && held.is_empty() {
        return Err(match state.delivery {
            Some(_) => SessionError::missing_token("token is missing, and so is its cookie").into(),
            None => EndpointError::invalid_request("token is missing"),
        });
    }
    let tokens = sent.into_iter().chain(held).collect();
    state.sessions.log_out_all_at(tokens, client).await?;
    Ok(state.without_cookies(parts, answer))
}

pub(super) async fn handle_everywhere(
    state: &State,
    parts: &Parts,
) -> Result<Response<Bytes>, EndpointError> {
    check(parts, "POST")?;
    let claims = signed_in(state, parts).await?;
    let client = state.sessions.edge().client_address(parts);
    state.sessions.log_out_everywhere(claims.subject()).await?;
    // The cookies are cleared, and may be of other sessions.
    if let Some(delivery) = state.delivery.as_deref()
        && delivery.comes_from_us(parts)
    {
        let held = delivery.session_tokens(parts);
        state.sessions.log_out_all_at(held, client).await?;
    }
    Ok(state.without_cookies(parts, state.logged_out(parts)))
}
