//! The extractors and responses for the application's own login handlers, and
//! [`EndpointRejection`].

use std::convert::Infallible;

use axum_core::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;
use http_body_util::Full;

use crate::endpoint::{AuthEndpoints, EndpointBody, EndpointError};
use crate::request_context::RequestContext;
use crate::session::{Login, LoginCredentials, SessionError, TokenResponse};

/// The rejection of the extractor [`Login`]: a login that [`AuthEndpoints::read_login`] refuses.
/// The response is that of these endpoints.
#[derive(Debug)]
pub struct EndpointRejection {
    error: EndpointError,
    response: Box<http::Response<EndpointBody>>,
}

impl EndpointRejection {
    /// Returns the reason of the rejection.
    #[must_use]
    pub fn error(&self) -> &EndpointError {
        &self.error
    }
}

impl IntoResponse for EndpointRejection {
    fn into_response(self) -> Response {
        self.response.into_response()
    }
}

/// Reads a login as [`AuthEndpoints::read_login`] does. The state has to have the endpoints.
///
/// ```
/// use axum::extract::{FromRef, State};
/// use axum::response::IntoResponse;
/// use tower_bearer::{AuthEndpoints, Identity, Login, PasswordCredentials, Sessions};
///
/// #[derive(Clone, FromRef)]
/// struct AppState {
///     sessions: Sessions,
///     endpoints: AuthEndpoints,
/// }
///
/// async fn log_in(
///     State(app): State<AppState>,
///     login: Login<PasswordCredentials>,
/// ) -> impl IntoResponse {
///     let outcome = async {
///         let attempt = app.sessions.attempt(login.username(), login.context()).await?;
///         // The application's own check of the user, and of a second factor, comes here.
///         let identity = Identity::new(login.username()).with_login(&login);
///         let mark = attempt.succeeded(identity.subject()).await?;
///         app.sessions.start(identity.with_device_mark(mark)).await
///     };
///     app.endpoints.respond(outcome.await, &login)
/// }
///
/// # use axum::{Router, routing::any};
/// # let _: Router<AppState> =
/// // The endpoints refuse other methods, in their words.
/// Router::new().route("/login", any(log_in))
/// # ;
/// ```
impl<S, C> FromRequest<S> for Login<C>
where
    S: Send + Sync,
    AuthEndpoints: FromRef<S>,
    C: LoginCredentials,
{
    type Rejection = EndpointRejection;

    async fn from_request(request: Request, state: &S) -> Result<Self, EndpointRejection> {
        let endpoints = AuthEndpoints::from_ref(state);
        let (parts, body) = request.into_parts();
        let context = RequestContext::from(parts);
        let read = endpoints.read_login(context.clone(), body).await;
        read.map_err(|error| EndpointRejection {
            response: Box::new(endpoints.reject(error.clone(), context.parts())),
            error,
        })
    }
}

/// Extracts the request, for [`Identity::with_context`](crate::Identity::with_context) and
/// [`Refresh::with_context`](crate::session::Refresh::with_context). It does not have the client's
/// IP address yet. [`Sessions`](crate::Sessions) add that.
impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::from(&*parts))
    }
}

/// Lets the application's own handler return `Result<TokenResponse, SessionError>`.
impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        self.to_response().map(Full::new).into_response()
    }
}

/// Lets the application's own handler return `Result<TokenResponse, SessionError>`.
impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        self.to_response().map(Full::new).into_response()
    }
}
