//! The login endpoint exchanges credentials for tokens.

use bytes::Bytes;
use http::Response;

use super::delivery::check_cookies_may_be_set;
use super::error::EndpointError;
use super::request::Parameters;
use super::state::State;
use crate::bearer::bearer_token;
use crate::request_context::RequestContext;
use crate::session::Login;

pub(super) async fn handle(
    state: &State,
    context: &RequestContext,
    parameters: Parameters,
) -> Result<Response<Bytes>, EndpointError> {
    let read_credentials = |parameters: Parameters| parameters.into_credentials(&state.sessions);
    let login = read(state, context, parameters, read_credentials)?;
    let delivery = state.delivery_of(&login);
    let tokens = state.sessions.log_in_with(login).await?;
    Ok(state.respond(&tokens, delivery, context.parts()))
}

/// Reads a login. The parameters that are left over are the credentials.
pub(super) fn read<C>(
    state: &State,
    context: &RequestContext,
    mut parameters: Parameters,
    read_credentials: impl FnOnce(Parameters) -> Result<C, EndpointError>,
) -> Result<Login<C>, EndpointError> {
    let parts = context.parts();
    parameters.check_grant_type("password")?;
    // The application's own credentials may have fields of these names.
    let device = parameters.text_or_none("device").map(str::to_owned);
    let scope = parameters.login_scope()?;
    let delivery = state.delivery(&parameters)?;
    // This comes before the password is checked: another site must not log a user in here (login
    // CSRF).
    let mut held = Vec::new();
    if let Some(delivery) = delivery {
        check_cookies_may_be_set(delivery, parts)?;
        held = delivery.session_tokens(parts);
        state.warn_of_foreign_tokens(&held);
    }
    // The header only says which session is replaced, so a malformed one refuses no login.
    let sent = bearer_token(&parts.headers).ok().flatten();
    let context = state.attempt_context(context, &parameters);
    let mut login = Login::of(read_credentials(parameters)?, Some(context))
        .on_device(device)
        .asking_for(scope)
        .in_cookies(delivery.is_some());
    for replaced in sent.into_iter().chain(held) {
        login = login.replacing(replaced);
    }
    Ok(login)
}
