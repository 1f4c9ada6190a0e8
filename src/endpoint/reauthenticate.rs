//! The re-authentication endpoint exchanges credentials for a new access token of the session that
//! asks.

use bytes::Bytes;
use http::Response;

use super::delivery::check_cookies_may_be_set;
use super::error::EndpointError;
use super::request::Parameters;
use super::signed_in::signed_in;
use super::state::State;
use crate::bearer::bearer_token;
use crate::request_context::RequestContext;
use crate::session::Login;

pub(super) async fn handle(
    state: &State,
    context: &RequestContext,
    mut parameters: Parameters,
) -> Result<Response<Bytes>, EndpointError> {
    let parts = context.parts();
    let claims = signed_in(state, parts).await?;
    parameters.check_grant_type("password")?;
    let scope = parameters.login_scope()?;
    let asked = state.delivery(&parameters)?;
    // A token that came in its cookie is replaced there, whatever the request asks for.
    let came_in_cookie = matches!(bearer_token(&parts.headers), Ok(None));
    let held = state.delivery.as_deref().filter(|_| came_in_cookie);
    let delivery = asked.or(held);
    if let Some(delivery) = delivery {
        check_cookies_may_be_set(delivery, parts)?;
    }
    let context = state.attempt_context(context, &parameters);
    let credentials = parameters.into_credentials(&state.sessions)?;
    let login = Login::of(credentials, Some(context)).asking_for(scope);
    let tokens = state.sessions.reauthenticate_with(&claims, login).await?;
    Ok(state.respond(&tokens, delivery, parts))
}
