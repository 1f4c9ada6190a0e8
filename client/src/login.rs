//! Login and logout.

use super::wire::{TokenAnswer, post};
use super::{BearerClient, ClientError, Http};

impl<S: Http> BearerClient<S> {
    /// Logs in, for this client and all its clones. One attempt: the user is there to try again.
    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Result<(), ClientError> {
        let mut form = vec![("username", username), ("password", password)];
        let mark = self.tokens.mark();
        form.extend(mark.iter().map(|mark| ("device_mark", mark.secret())));
        let asked = self.tokens.now();
        let body = post(self.http.clone(), self.server.login(), &form, None).await?;
        self.tokens.log_in(TokenAnswer::read(&body)?, asked)
    }

    /// Ends the session at the server, then forgets the tokens. Where the server does not answer
    /// they stay, to try again with.
    pub(crate) async fn log_out(&self) -> Result<(), ClientError> {
        // A refresh that is under way would bring tokens after the logout.
        let _turn = self.tokens.turn().await;
        let pair = self.tokens.pair()?;
        post(
            self.http.clone(),
            self.server.logout(),
            &[("token", pair.refresh.secret())],
            None,
        )
        .await?;
        self.tokens.forget(&pair);
        Ok(())
    }
}
