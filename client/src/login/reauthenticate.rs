//! A user who is logged in proves again who they are.

use std::sync::Arc;

use super::form::add;
use super::handle::Login;
use crate::ClientError;
use crate::refresh::fresh_of;
use crate::secret::Secret;
use crate::tokens::{Ending, Pair, Turn};
use crate::wire::{Endpoint, Failure, Then, With};

impl Login {
    /// Asks `/auth/reauthenticate` with the password, and uses the new access token from then on:
    /// for a route that answered 401 with `error="insufficient_user_authentication"` (RFC 9470).
    /// The application sends that request again. This one is sent once, and the refresh token
    /// stays.
    ///
    /// `parameters` are those of [`Login::log_in_with`].
    ///
    /// # Errors
    ///
    /// - [`NotLoggedIn`]: no user is logged in, or the server has ended the session.
    /// - [`InvalidCredentials`]: they are wrong, or those of another user.
    /// - [`TooManyAttempts`], with [`ClientError::retry_after`]; [`Denied`] and [`Unavailable`].
    ///   A code that goes once only may be used up then.
    /// - [`Storage`]: the new access token is used, but the store failed. Or the store cannot be
    ///   read, and a refresh was needed first, as in [`Login::authorization`]: nothing was sent.
    /// - [`Settings`], as in [`Login::log_in`].
    /// - [`LoginReplaced`]: another login came since the call, here or from another process. A
    ///   password is not sent with its token.
    ///
    /// After all but the first the login stays.
    ///
    /// [`NotLoggedIn`]: crate::ClientErrorKind::NotLoggedIn
    /// [`InvalidCredentials`]: crate::ClientErrorKind::InvalidCredentials
    /// [`TooManyAttempts`]: crate::ClientErrorKind::TooManyAttempts
    /// [`Denied`]: crate::ClientErrorKind::Denied
    /// [`Unavailable`]: crate::ClientErrorKind::Unavailable
    /// [`Storage`]: crate::ClientErrorKind::Storage
    /// [`Settings`]: crate::ClientErrorKind::Settings
    /// [`LoginReplaced`]: crate::ClientErrorKind::LoginReplaced
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn confirm(login: &Login, password: &str) -> Result<(), ClientError> {
    ///     let user = [("username", "alice"), ("password", password)];
    ///     login.reauthenticate(&user).await
    /// }
    /// ```
    pub async fn reauthenticate(&self, parameters: &[(&str, &str)]) -> Result<(), ClientError> {
        let login = self.shared.tokens.login()?;
        let mut refused = None;
        loop {
            fresh_of(login, Arc::clone(&self.shared), refused).await?;
            // A refresh at the same time would bring a token without the new time.
            let turn = Turn::wait_for(&self.shared.tokens).await;
            // Another process may have logged in since, perhaps as another user.
            self.shared.look().await;
            let pair = self.shared.tokens.pair();
            let pair = pair.ok_or_else(ClientError::not_logged_in)?;
            if pair.login != login {
                return Err(ClientError::login_replaced());
            }
            match self.ask_again(&pair, parameters).await {
                Ok(()) => {}
                // The access token was refused before the password was looked at.
                Err(failure) if failure.then == Then::Renew && refused.is_none() => {
                    refused = Some(pair.number);
                    continue;
                }
                // A code in the form is used up, so the form is not sent again.
                Err(failure) if failure.then == Then::Ask => {
                    drop(turn);
                    fresh_of(login, Arc::clone(&self.shared), Some(pair.number)).await?;
                    return Err(failure.error);
                }
                Err(failure) => return Err(failure.error),
            }
            let saved = self.shared.save().await;
            let is_used = self.shared.tokens.use_next().is_some();
            turn.end(Ending::Done);
            if self.shared.tokens.is_replaced(login) {
                return Err(ClientError::login_replaced());
            }
            if !is_used {
                // Another process has stored newer tokens meanwhile, without the new time. The
                // server keeps it with the session, so that the next access token has it.
                self.shared.tokens.note_outdated(login);
            }
            return saved;
        }
    }

    /// Offers the pair with the new access token.
    async fn ask_again(
        &self,
        pair: &Arc<Pair>,
        parameters: &[(&str, &str)],
    ) -> Result<(), Failure> {
        let held = &self.shared.tokens;
        let mark = held.mark();
        let mut form = parameters.to_vec();
        add(&mut form, "device_mark", mark.as_ref().map(Secret::expose));
        add(&mut form, "scope", pair.scope.as_deref());
        let (asked, with) = (held.now(), With::Access(&pair.authorization));
        let endpoints = &self.shared.endpoints;
        let asking = endpoints.tokens(Endpoint::Reauthenticate, &form, with);
        let mut answer = asking.await?;
        let mark = answer.device_mark.take();
        let renewed = Pair::reauthenticated(answer, asked, pair)?;
        if let Some(mark) = mark {
            held.set_mark_of(pair.login, mark);
        }
        held.offer(pair, renewed);
        Ok(())
    }

    /// Takes a device mark that the application has from another answer than that of a login, as
    /// after a new password. The next login sends it.
    ///
    /// # Errors
    ///
    /// [`Storage`](crate::ClientErrorKind::Storage), and outside of a tokio runtime
    /// [`Settings`](crate::ClientErrorKind::Settings).
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
