//! [`Route`] says which endpoint a request is for, and calls it.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;

use super::error::EndpointError;
use super::request::Parameters;
use super::state::State;
use super::{login, logout, reauthenticate, refresh, sessions, token};
use crate::bearer::is_preflight;
use crate::error::BoxError;
use crate::request_context::RequestContext;
use crate::shown::path;

/// The endpoint that a request is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Route {
    Login,
    Reauthenticate,
    Refresh,
    Token,
    Logout,
    LogoutEverywhere,
    Sessions,
}

impl Route {
    /// Returns the endpoint of a path, relative to the path of all endpoints.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/login" => Self::Login,
            "/reauthenticate" => Self::Reauthenticate,
            "/refresh" => Self::Refresh,
            "/token" => Self::Token,
            "/logout" => Self::Logout,
            "/logout-everywhere" => Self::LogoutEverywhere,
            path => match path.strip_prefix("/sessions")? {
                "" => Self::Sessions,
                id if id.starts_with('/') && !id[1..].contains('/') => Self::Sessions,
                _ => return None,
            },
        })
    }

    /// Returns the response, also if the request is refused.
    pub(super) async fn answer<B>(
        route: Option<Self>,
        state: Arc<State>,
        request: Request<B>,
    ) -> Response<Bytes>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let context = RequestContext::from(parts);
        match Self::handle(route, &state, &context, body).await {
            Ok(response) => response,
            Err(error) => {
                hint_at_cors(&state, context.parts());
                state.reject(error, context.parts())
            }
        }
    }

    async fn handle<B>(
        route: Option<Self>,
        state: &Arc<State>,
        context: &RequestContext,
        body: B,
    ) -> Result<Response<Bytes>, EndpointError>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let parts = context.parts();
        match route {
            Some(Self::Login) if state.sessions.has_login() => {
                login::handle(state, context, Parameters::read(parts, body).await?).await
            }
            Some(Self::Reauthenticate) if state.sessions.has_login() => {
                let parameters = Parameters::read(parts, body).await?;
                reauthenticate::handle(state, context, parameters).await
            }
            Some(Self::Refresh) => {
                refresh::handle(state, context, Parameters::read(parts, body).await?).await
            }
            Some(Self::Token) => {
                token::handle(state, context, Parameters::read(parts, body).await?).await
            }
            Some(Self::Logout) => {
                logout::handle(state, parts, Parameters::read(parts, body).await?).await
            }
            Some(Self::LogoutEverywhere) => logout::handle_everywhere(state, parts).await,
            Some(Self::Sessions) => sessions::handle(state, parts).await,
            Some(Self::Login | Self::Reauthenticate) | None => Err(unknown(state, parts)),
        }
    }
}

fn hint_at_cors(state: &State, parts: &Parts) {
    if is_preflight(&parts.method, &parts.headers) && state.preflights.is_first() {
        tracing::warn!(
            path = &*path(parts),
            cure = "add a CORS layer around the whole application: see `endpoint::cors`",
            "a CORS preflight was refused, because the endpoints answer none; only the first one \
             is a warning"
        );
    }
}

fn unknown(state: &State, parts: &Parts) -> EndpointError {
    if state.unknown_paths.is_first() {
        tracing::warn!(
            path = &*path(parts),
            mounted_at = state.path,
            cure = "check the name of the endpoint; if the path begins with that of the endpoints, \
                mount them with `nest_service`, or set it with `with_path`",
            "the endpoints see a path at which there is none; only the first such path is a warning"
        );
    }
    EndpointError::not_found()
}
