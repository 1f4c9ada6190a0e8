//! The token endpoint is login and refresh at one URL.

use bytes::Bytes;
use http::Response;

use super::error::EndpointError;
use super::request::Parameters;
use super::state::State;
use super::{login, refresh};
use crate::request_context::RequestContext;
use crate::session::{SessionError, SessionErrorKind};

pub(super) async fn handle(
    state: &State,
    context: &RequestContext,
    parameters: Parameters,
) -> Result<Response<Bytes>, EndpointError> {
    match parameters.text("grant_type")?.as_deref() {
        Some("password") if state.sessions.has_login() => {
            // Here it is the parameter of RFC 6749, and never a field of the credentials.
            parameters.scope()?;
            login::handle(state, context, parameters).await
        }
        Some("refresh_token") => refresh::handle(state, context, parameters).await,
        Some(_) => Err(SessionError::new(SessionErrorKind::UnsupportedGrantType).into()),
        None => Err(EndpointError::invalid_request("grant_type is missing")),
    }
}
