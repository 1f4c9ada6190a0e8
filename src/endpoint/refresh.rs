//! The refresh endpoint exchanges a refresh token for new tokens.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::delivery::check_own_site;
use super::error::EndpointError;
use super::request::Parameters;
use super::response::not_stored;
use super::state::State;
use crate::keys::RefreshToken;
use crate::names::Scope;
use crate::request_context::RequestContext;
use crate::session::{Refresh, SessionError, SessionErrorKind};

pub(super) async fn handle(
    state: &State,
    context: &RequestContext,
    mut parameters: Parameters,
) -> Result<Response<Bytes>, EndpointError> {
    let parts = context.parts();
    parameters.check_grant_type("refresh_token")?;
    let mut delivery = state.delivery(parameters.text("delivery")?.as_deref())?;
    let given = parameters.take("refresh_token")?.map(RefreshToken::new);
    let token = match (given, state.delivery.as_deref()) {
        (Some(given), _) => Some(given),
        // A token that came in a cookie is replaced in the cookie, whatever the request asks for,
        // so that no script can read it.
        (None, Some(cookies)) => cookies
            .refresh_token(parts)?
            .inspect(|_| delivery = Some(cookies))
            .map(RefreshToken::new),
        (None, None) => None,
    };
    if let Some(delivery) = delivery {
        check_own_site(delivery, parts)?;
    }
    let token = token.ok_or_else(|| EndpointError::invalid_request("refresh_token is missing"))?;
    if is_dry_run(&parameters)? {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(not_stored(response));
    }
    let mut refresh = Refresh::new(token).with_context(context.clone());
    if let Some(scope) = parameters.take("scope")? {
        let scope: Scope = scope
            .parse()
            .map_err(|_| SessionError::new(SessionErrorKind::InvalidScope))?;
        refresh = refresh.with_scope(scope);
    }
    if let Some(key) = idempotency_key(&parts.headers)? {
        refresh = refresh.with_idempotency_key(key)?;
    }
    let tokens = state.sessions.refresh(refresh).await?;
    Ok(state.respond(&tokens, delivery, parts))
}

/// Returns whether the client only asks if its refresh token arrives: a page cannot see whether the
/// browser kept the cookie. The token is not looked at, and nothing changes.
fn is_dry_run(parameters: &Parameters) -> Result<bool, EndpointError> {
    match parameters.text("dry_run")?.as_deref() {
        None => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(EndpointError::invalid_request("dry_run is true or absent")),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<&[u8]>, EndpointError> {
    let mut values = headers.get_all("idempotency-key").iter();
    let key = values.next().map(http::HeaderValue::as_bytes);
    if values.next().is_some() {
        return Err(EndpointError::invalid_request(
            "more than one Idempotency-Key",
        ));
    }
    Ok(key)
}
