//! Support for the application's own login handler: what [`LoginEndpoint`](super::LoginEndpoint)
//! does before and after the login itself.

use http::request::Parts;
use http::{Request, Response};
use http_body::Body;

use super::auth::AuthEndpoints;
use super::body::EndpointBody;
use super::error::EndpointError;
use super::login;
use super::request::Parameters;
use crate::error::BoxError;
use crate::request_context::RequestContext;
use crate::session::{Login, LoginCredentials, TokenResponse};

impl AuthEndpoints {
    /// Reads a login for the application's own handler: for a login with a second factor, for
    /// example.
    ///
    /// It reads and refuses the same as [`LoginEndpoint`](crate::endpoint::LoginEndpoint): a wrong
    /// method or media type, a body above 8 KiB, a repeated or a missing parameter, and another
    /// site if the response sets cookies. [`Identity::with_login`](crate::Identity::with_login)
    /// takes over what belongs to the login besides its credentials, and [`respond`](Self::respond)
    /// makes the response. In Axum (feature `axum`) `Login<C>` is an extractor that does this, if
    /// `AuthEndpoints` is a part of the state.
    ///
    /// **A second factor that only this handler asks for** is useless if `/login`, `/token` and
    /// `/reauthenticate` still accept a password alone. Set [`NoCredentials`](crate::NoCredentials)
    /// in [`Authenticate`](crate::Authenticate), which turns off all three; or ask for the factor
    /// in `authenticate`, with [`Outcome::denied`](crate::Outcome::denied), and do not write a
    /// handler at all.
    ///
    /// ```
    /// # use tower_bearer::{AuthEndpoints, Identity, LoginCredentials, SessionError, Sessions};
    /// use axum::body::Body;
    /// use http::{Request, Response};
    /// use tower_bearer::endpoint::EndpointBody;
    /// use tower_bearer::session::SessionErrorKind;
    /// # #[derive(serde::Deserialize)]
    /// # struct Credentials { email: String, password: String, code: Option<String> }
    /// # impl LoginCredentials for Credentials {
    /// #     fn account(&self) -> std::borrow::Cow<'_, str> { (&self.email).into() }
    /// # }
    /// # async fn find_user(_: &str, _: &str) -> Result<u64, SessionError> { Ok(1) }
    ///
    /// async fn log_in(
    ///     sessions: &Sessions,
    ///     endpoints: &AuthEndpoints,
    ///     request: Request<Body>,
    /// ) -> Response<EndpointBody> {
    ///     let (parts, body) = request.into_parts();
    ///     let login = match endpoints.read_login::<Credentials, _>(&parts, body).await {
    ///         Ok(login) => login,
    ///         Err(error) => return endpoints.reject(error, &parts),
    ///     };
    ///     let outcome = async {
    ///         // Guesses are bounded here too. An attempt that is dropped counts as one.
    ///         let attempt = sessions.attempt(&login.email, login.context()).await?;
    ///         let user = match find_user(&login.email, &login.password).await {
    ///             // The database failed, so this was not a guess.
    ///             Err(error) if error.kind() == SessionErrorKind::Unavailable => {
    ///                 attempt.unavailable().await?;
    ///                 return Err(error);
    ///             }
    ///             found => found?,
    ///         };
    ///         if login.code.is_none() {
    ///             attempt.unfinished().await?;
    ///             return Err(SessionError::denied("code_required"));
    ///         }
    ///         let identity = Identity::new(user).with_login(&login);
    ///         let mark = attempt.succeeded(identity.subject()).await?;
    ///         sessions.start(identity.with_device_mark(mark)).await
    ///     };
    ///     endpoints.respond(outcome.await, &login)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The request is one that `LoginEndpoint` refuses. Respond with [`reject`](Self::reject).
    pub async fn read_login<C, B>(
        &self,
        request: impl Into<RequestContext>,
        body: B,
    ) -> Result<Login<C>, EndpointError>
    where
        C: LoginCredentials,
        B: Body,
        B::Error: Into<BoxError>,
    {
        let context = request.into().with_late_line();
        let parameters = Parameters::read(context.parts(), body).await?;
        login::read(&self.state, &context, parameters, Parameters::into_typed)
    }

    /// Returns the response with these tokens as [`LoginEndpoint`](crate::endpoint::LoginEndpoint)
    /// does: through the closure of [`with_token_response`](Self::with_token_response), and with
    /// `Cache-Control: no-store`. `request` is the head of the request.
    ///
    /// Where only clients that ask for cookies get them, the tokens are in the body, because the
    /// parameters of the request are not known here. [`respond`](Self::respond) knows what a login
    /// asked for.
    ///
    /// Where every client gets cookies, they are set without a look at the request. So the handler
    /// refuses requests from other sites before it logs a user in
    /// (`CookieDelivery::cross_site_rejection`), and ends the sessions whose cookies it replaces
    /// (`CookieDelivery::session_tokens`). After [`read_login`](Self::read_login) neither is
    /// needed.
    #[must_use]
    pub fn accept(&self, tokens: &TokenResponse, request: &Parts) -> Response<EndpointBody> {
        let response = self
            .state
            .respond(tokens, self.state.usual_delivery(), request);
        response.map(EndpointBody::from)
    }

    /// Returns the response to a login that [`read_login`](Self::read_login) read, as
    /// [`LoginEndpoint`](crate::endpoint::LoginEndpoint) does: through the closures of these
    /// endpoints, with cookies if the client gets them, and with `Cache-Control: no-store`. An
    /// error that the application made is logged.
    #[must_use]
    pub fn respond<C, E>(
        &self,
        outcome: Result<TokenResponse, E>,
        login: &Login<C>,
    ) -> Response<EndpointBody>
    where
        E: Into<EndpointError>,
    {
        // Only a login that a test has made has no request.
        let nothing = || Request::new(()).into_parts().0.into();
        let context = login.context().cloned().unwrap_or_else(nothing);
        let response = match outcome {
            Ok(tokens) => {
                self.state
                    .respond(&tokens, self.state.delivery_of(login), context.parts())
            }
            Err(error) => self.state.reject_login(error.into(), &context),
        };
        response.map(EndpointBody::from)
    }
}
