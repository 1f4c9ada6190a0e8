//! An attempt before its time.

use super::handle::Login;

impl Login {
    /// Ends the pause after refreshes that failed, so that the next call asks the server at once:
    /// for an application that hears that the network is back, or a button "Try again". Without it
    /// a client that was offline may wait for half a minute.
    ///
    /// A time that the server named in `Retry-After` stays, and so does the pause after a 429.
    ///
    /// ```
    /// # use tower_bearer_client::{ClientError, Login};
    /// async fn network_is_back(login: &Login) -> Result<(), ClientError> {
    ///     login.retry_now();
    ///     login.authorization().await.map(drop)
    /// }
    /// ```
    pub fn retry_now(&self) {
        self.shared.tokens.end_rest();
    }
}
