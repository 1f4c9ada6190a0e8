//! The login and its store.

use super::handle::Login;
use crate::ClientError;

impl Login {
    /// Whether the store has what is held. A refresh whose tokens could not be saved counts all the
    /// same, since they are good: [`Login::save`] tries again. While the store cannot be read there
    /// is no refresh: see [`TokenStore`](crate::TokenStore).
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn at_the_end(login: &Login) -> Result<(), ClientError> {
    ///     if login.is_saved() { Ok(()) } else { login.save().await }
    /// }
    /// ```
    #[must_use]
    pub fn is_saved(&self) -> bool {
        self.shared.keeper.is_none() || self.shared.tokens.is_saved()
    }

    /// Takes in what another process has stored: newer tokens, another login, or that the login was
    /// forgotten. A refresh does that by itself. It is for a process that is logged out, and waits
    /// for a login that the user makes in another one. Without a store it does nothing.
    ///
    /// # Errors
    ///
    /// [`Storage`](crate::ClientErrorKind::Storage), and outside of a tokio runtime
    /// [`Settings`](crate::ClientErrorKind::Settings).
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn is_back(login: &Login) -> Result<bool, ClientError> {
    ///     login.reload().await?;
    ///     Ok(login.is_logged_in())
    /// }
    /// ```
    pub async fn reload(&self) -> Result<(), ClientError> {
        self.shared.reload().await
    }

    /// Writes what is held into the store, unless the store has it. What another process has done
    /// since is taken in, and stays: newer tokens, another login, or that the login was forgotten.
    /// Without a store it does nothing.
    ///
    /// # Errors
    ///
    /// [`Storage`](crate::ClientErrorKind::Storage), and outside of a tokio runtime
    /// [`Settings`](crate::ClientErrorKind::Settings).
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn at_the_end(login: &Login) -> Result<(), ClientError> {
    ///     login.save().await
    /// }
    /// ```
    pub async fn save(&self) -> Result<(), ClientError> {
        self.shared.save().await
    }
}
