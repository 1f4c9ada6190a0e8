//! A login at a handler of the application's own.

use super::handle::Login;
use crate::ClientError;
use crate::secret::Secret;
use crate::wire::TokenAnswer;

impl Login {
    /// Logs a user in with the response of another login than that of the endpoints: a handler of
    /// the application's own, a passkey, a login in several steps. `body` is JSON like that of
    /// `/auth/login`: `access_token`, `token_type`, `expires_in`, `refresh_token` and perhaps
    /// `device_mark`. `scope` is what that login has asked for, if it has: a refresh asks for no
    /// more.
    ///
    /// The tokens have to be those of the [`Server`](crate::Server), whose endpoints refresh them
    /// and end their session. Call this as soon as the response is there: `expires_in` is counted
    /// from now. Like [`Login::log_in`] it replaces a login before, and ends its session.
    ///
    /// # Errors
    ///
    /// - [`Unavailable`](crate::ClientErrorKind::Unavailable): the body is something else. A login
    ///   that was there before stays.
    /// - [`Storage`](crate::ClientErrorKind::Storage) and
    ///   [`Settings`](crate::ClientErrorKind::Settings), as in [`Login::log_in`].
    ///
    /// ```
    /// # use tower_bearer_client::{BoxError, Login};
    /// # async fn post(_: &str, _: &[(&str, &str)]) -> Result<Vec<u8>, BoxError> { Ok(Vec::new()) }
    /// async fn log_in_with_code(login: &Login, code: &str) -> Result<(), BoxError> {
    ///     let mark = login.device_mark().unwrap_or_default();
    ///     let form = [("email", "alice@example.com"), ("code", code), ("device_mark", &mark)];
    ///     let body = post("https://api.example.com/login", &form).await?;
    ///     Ok(login.take_tokens(&body, None).await?)
    /// }
    /// ```
    pub async fn take_tokens(&self, body: &[u8], scope: Option<&str>) -> Result<(), ClientError> {
        let answer = TokenAnswer::read(body)?;
        self.begin(answer, self.shared.tokens.now(), scope).await
    }

    /// Returns the device mark, for a login that this crate does not send: so strangers who guess
    /// passwords do not lock this device out. It is not a credential.
    ///
    /// [`Login::log_in`] sends it by itself, [`Login::take_tokens`] keeps the one that comes with
    /// the tokens, and [`Login::set_device_mark`] any other.
    ///
    /// ```
    /// # use tower_bearer_client::Login;
    /// fn is_known_here(login: &Login) -> bool {
    ///     login.device_mark().is_some()
    /// }
    /// ```
    #[must_use]
    pub fn device_mark(&self) -> Option<String> {
        let mark = self.shared.tokens.mark();
        mark.as_ref().map(Secret::expose).map(str::to_owned)
    }
}
