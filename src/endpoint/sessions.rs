//! [`SessionsEndpoint`].

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use super::delivery::Flow;
use super::request::demand;
use super::response::{Refused, json_response, not_stored};
use super::service::endpoint;
use super::signed_in::signed_in;
use crate::names::SessionId;
use crate::session::Authenticate;
use crate::store::Session;
use crate::token::AccessTokenClaims;

/// `GET /auth/sessions` lists the user's own sessions; `DELETE /auth/sessions/{id}` ends one of them.
///
/// Both demand a live access token, and refuse as [`BearerAuthLayer`](crate::BearerAuthLayer) does.
///
/// The list is `{"sessions": [{"id", "device", "created_at", "last_used_at", "expires_at", "current"}]}`, newest first, times in seconds
/// since the epoch, the last use to the hour. Ending one answers 204; an unknown session and somebody else's both 404.
///
/// A path that ends in `/sessions` or `/` is the list; any other names a session by its last segment.
pub struct SessionsEndpoint<A> {
    pub(super) flow: Flow<A>,
}

endpoint!(SessionsEndpoint);

impl<A: Authenticate> SessionsEndpoint<A> {
    pub(super) async fn handle<B>(&self, request: Request<B>) -> Result<Response<Bytes>, Refused> {
        let (parts, _) = request.into_parts();
        // The path as the application mounted it: with its prefix, or without.
        let id = parts.uri.path().rsplit('/').next().filter(|&last| !last.is_empty() && last != "sessions");
        let Some(id) = id else {
            demand(&parts, &Method::GET, "GET")?;
            let claims = signed_in(&self.flow, &parts).await?;
            return self.list(&claims).await;
        };
        demand(&parts, &Method::DELETE, "DELETE")?;
        let claims = signed_in(&self.flow, &parts).await?;
        let id: SessionId = id.parse().map_err(|_| Refused::NotFound)?;
        if !self.flow.sessions.revoke(claims.subject(), &id).await? {
            return Err(Refused::NotFound);
        }
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(not_stored(response))
    }

    async fn list(&self, claims: &AccessTokenClaims) -> Result<Response<Bytes>, Refused> {
        let sessions = self.flow.sessions.list(claims.subject()).await?;
        let sessions: Vec<Value> = sessions.iter().map(|session| shown(session, claims)).collect();
        Ok(json_response(StatusCode::OK, &json!({ "sessions": sessions })))
    }
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
