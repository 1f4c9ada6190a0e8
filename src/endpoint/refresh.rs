//! The refresh endpoint exchanges a refresh token for new tokens.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::delivery::check_cookies_may_be_set;
use super::error::EndpointError;
use super::request::Parameters;
use super::response::not_stored;
use super::state::State;
use crate::bearer::bearer_token;
use crate::keys::RefreshToken;
use crate::request_context::RequestContext;
use crate::session::{Refresh, SessionError};

pub(super) async fn handle(
    state: &State,
    context: &RequestContext,
    mut parameters: Parameters,
) -> Result<Response<Bytes>, EndpointError> {
    let parts = context.parts();
    parameters.check_grant_type("refresh_token")?;
    let mut delivery = state.delivery(&parameters)?;
    let given = parameters.take("refresh_token")?.map(RefreshToken::new);
    let mut tokens: Vec<RefreshToken> = given.into_iter().collect();
    if let Some(cookies) = state.delivery.as_deref()
        && tokens.is_empty()
    {
        tokens.extend(
            cookies
                .refresh_tokens(parts)
                .into_iter()
                .map(RefreshToken::new),
        );
        // A token that came in a cookie is replaced in the cookie, whatever the request asks for,
        // so that no script can read it.
        if !tokens.is_empty() {
            delivery = Some(cookies);
        }
    }
    if let Some(delivery) = delivery {
        check_cookies_may_be_set(delivery, parts)?;
    }
    if tokens.is_empty() {
        return Err(missing(state));
    }
    // A page cannot see whether the browser kept its cookie, so it asks if its refresh token
    // arrives. The store is not asked about the token, and nothing changes.
    if parameters.flag("dry_run")? {
        // The page of a login sends its access token, and the cookie may be an older one, which the
        // browser still has. A malformed header says nothing.
        let sent = bearer_token(&parts.headers).ok().flatten();
        let named = sent.and_then(|sent| state.sessions.named_by(sent));
        let has_arrived = |token: &RefreshToken| {
            // Another application on this host may have set a cookie of the same name.
            let session = state.sessions.made_for(token.secret());
            session.is_some_and(|session| named.is_none_or(|named| session == named))
        };
        if !tokens.iter().any(has_arrived) {
            return Err(missing(state));
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(not_stored(response));
    }
    let mut refresh = Refresh::one_of(tokens)
        .with_scope(parameters.scope()?)
        .with_context(context.clone());
    if let Some(key) = idempotency_key(&parts.headers)? {
        refresh = refresh.with_idempotency_key(key)?;
    }
    let tokens = state.sessions.refresh(refresh).await?;
    Ok(state.respond(&tokens, delivery, parts))
}

fn missing(state: &State) -> EndpointError {
    match state.delivery {
        Some(_) => {
            SessionError::missing_token("refresh_token is missing, and so is its cookie").into()
        }
        None => EndpointError::invalid_request("refresh_token is missing"),
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
