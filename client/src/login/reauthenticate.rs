//! A user who is logged in proves again who they are.

use std::sync::Arc;

use super::form::add;
use super::handle::Login;
use crate::ClientError;
use crate::refresh::fresh;
use crate::secret::Secret;
use crate::tokens::{Ending, Pair, Turn};
use crate::wire::{Endpoint, With};

impl Login {
    /// Asks `/auth/reauthenticate` with the password, and uses the new access token from then on:
    /// for a route that answered 401 with `error="insufficient_user_authentication"` (RFC 9470).
    /// The application sends that request again. It is tried once, and the refresh token stays.
    ///
    /// `parameters` are those of [`Login::log_in_with`].
    ///
    /// # Errors
    ///
    /// [`NotLoggedIn`](crate::ClientErrorKind::NotLoggedIn), or those of [`Login::log_in`]. The
    /// login stays as it was.
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn confirm(login: &Login, password: &str) -> Result<(), ClientError> {
    ///     let user = [("username", "alice"), ("password", password)];
    ///     login.reauthenticate(&user).await
    /// }
    /// ```
    pub async fn reauthenticate(&self, parameters: &[(&str, &str)]) -> Result<(), ClientError> {
        let held = &self.shared.tokens;
        fresh(Arc::clone(&self.shared), None).await?;
        // A refresh at the same time would bring a token without the new time.
        let turn = Turn::wait_for(held).await;
        // Another process may have logged in since, perhaps as another user.
        self.shared.look().await;
        let pair = held.pair().ok_or_else(ClientError::not_logged_in)?;
        let mark = held.mark();
        let mut form = parameters.to_vec();
        add(&mut form, "device_mark", mark.as_ref().map(Secret::expose));
        add(&mut form, "scope", pair.scope.as_deref());
        let asked = held.now();
        let mut answer = self
            .shared
            .endpoints
            .tokens(
                Endpoint::Reauthenticate,
                &form,
                With::Access(&pair.authorization),
            )
            .await
            .map_err(|failure| failure.error)?;
        if let Some(mark) = answer.device_mark.take() {
            held.set_mark(mark);
        }
        held.offer(&pair, Pair::reauthenticated(answer, asked, &pair)?);
        let saved = self.shared.save().await;
        held.use_next();
        turn.end(Ending::Done);
        saved
    }

    /// Takes a device mark that the application has from another answer than that of a login, as
    /// after a new password. The next login sends it.
    ///
    /// # Errors
    ///
    /// [`Storage`](crate::ClientErrorKind::Storage).
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn after_a_new_password(login: &Login, mark: &str) -> Result<(), ClientError> {
    ///     login.set_device_mark(mark).await
    /// }
    /// ```
    pub async fn set_device_mark(&self, mark: &str) -> Result<(), ClientError> {
        let mark = Secret::new(mark.to_owned());
        self.shared.tokens.set_mark(mark);
        self.shared.save().await
    }
}
