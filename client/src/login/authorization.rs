//! The header with the access token, for what is not an HTTP client.

use std::sync::Arc;

use http::HeaderValue;

use super::handle::Login;
use crate::ClientError;
use crate::refresh::fresh_of;

impl Login {
    /// Returns `Bearer` and an access token that is good for a while, for what is not an HTTP
    /// client: the handshake of a WebSocket, an interceptor. The value is sensitive.
    ///
    /// It is for the origins of the [`Server`](crate::Server) only. If the server refuses it, call
    /// [`Login::note_refused`].
    ///
    /// # Errors
    ///
    /// - [`NotLoggedIn`](crate::ClientErrorKind::NotLoggedIn).
    /// - [`LoginReplaced`](crate::ClientErrorKind::LoginReplaced): another login came meanwhile.
    /// - [`Denied`](crate::ClientErrorKind::Denied),
    ///   [`TooManyAttempts`](crate::ClientErrorKind::TooManyAttempts) and
    ///   [`Unavailable`](crate::ClientErrorKind::Unavailable): a refresh failed. In the pause after
    ///   it they come at once: see [`Login::retry_now`].
    /// - [`Storage`](crate::ClientErrorKind::Storage): the store cannot be read, so the refresh
    ///   token may be an old one.
    /// - [`Settings`](crate::ClientErrorKind::Settings), as in [`Login::log_in`].
    ///
    /// ```
    /// # use tower_bearer_client::{BoxError, Login};
    /// async fn handshake(login: &Login) -> Result<http::Request<()>, BoxError> {
    ///     let request = http::Request::get("wss://api.example.com/feed");
    ///     Ok(request.header("authorization", login.authorization().await?).body(())?)
    /// }
    /// ```
    pub async fn authorization(&self) -> Result<HeaderValue, ClientError> {
        let login = self.shared.tokens.login()?;
        let pair = fresh_of(login, Arc::clone(&self.shared), None).await?;
        Ok(pair.authorization.clone())
    }

    /// Says that the server refused this value of [`Login::authorization`]: with a 401 whose
    /// `WWW-Authenticate` has `error="invalid_token"`, or 16 in gRPC. The next call gets another
    /// token, or hears that the login is over. The layer does this by itself.
    ///
    /// A value that has been replaced since is ignored. So is a token that came after a refusal
    /// within the last ten seconds: another one would not help.
    ///
    /// ```
    /// # use http::{HeaderValue, StatusCode};
    /// # use tower_bearer_client::{ClientError, Login};
    /// # async fn connect(_: &HeaderValue) -> StatusCode { StatusCode::OK }
    /// async fn connected(login: &Login) -> Result<StatusCode, ClientError> {
    ///     let authorization = login.authorization().await?;
    ///     let status = connect(&authorization).await;
    ///     if status != StatusCode::UNAUTHORIZED {
    ///         return Ok(status);
    ///     }
    ///     login.note_refused(&authorization);
    ///     Ok(connect(&login.authorization().await?).await)
    /// }
    /// ```
    pub fn note_refused(&self, authorization: &HeaderValue) {
        let tokens = &self.shared.tokens;
        let pair = tokens
            .pair()
            .filter(|pair| pair.authorization == authorization);
        if let Some(pair) = pair
            && !pair.trial.is_in_vain(tokens.monotonic())
        {
            tokens.note_refused(pair.number);
        }
    }
}
