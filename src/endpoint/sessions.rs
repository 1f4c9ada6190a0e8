//! The sessions endpoint lists a user's own sessions, and ends one of them.

use bytes::Bytes;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::error::EndpointError;
use super::request::check;
use super::response::{json_response, not_stored};
use super::signed_in::signed_in;
use super::state::State;
use crate::names::SessionId;
use crate::store::Session;
use crate::token::AccessTokenClaims;

pub(super) async fn handle(state: &State, parts: &Parts) -> Result<Response<Bytes>, EndpointError> {
    // The path may have the prefix at which the application mounted the endpoints.
    let id = parts
        .uri
        .path()
        .rsplit('/')
        .next()
        .filter(|&last| !last.is_empty() && last != "sessions");
    let Some(id) = id else {
        check(parts, "GET")?;
        let claims = signed_in(state, parts).await?;
        return list(state, &claims).await;
    };
    check(parts, "DELETE")?;
    let claims = signed_in(state, parts).await?;
    let id: SessionId = id.parse().map_err(|_| EndpointError::not_found())?;
    if !state.sessions.revoke(claims.subject(), &id).await?.any() {
        return Err(EndpointError::not_found());
    }
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(not_stored(response))
}

async fn list(state: &State, claims: &AccessTokenClaims) -> Result<Response<Bytes>, EndpointError> {
    let sessions = state.sessions.list(claims.subject()).await?;
    let sessions: Vec<Value> = sessions
        .iter()
        .map(|session| shown(session, claims))
        .collect();
    Ok(json_response(
        StatusCode::OK,
        &json!({ "sessions": sessions }),
    ))
}

fn shown(session: &Session, claims: &AccessTokenClaims) -> Value {
    const HOUR: u64 = 3600;
    json!({
        "id": session.id().to_string(),
        "device": session.device(),
        "created_at": session.created_at().as_secs(),
        "last_used_at": session.last_used_at().as_secs() / HOUR * HOUR,
        "expires_at": session.expires_at().as_secs(),
        "current": claims.session_id() == Some(session.id()),
    })
}
