//! One refresh for all who wait.

use std::time::Duration;

use tokio::time::sleep;
use tower_bearer::clock::Timestamp;

use super::tokens::{Due, Pair};
use super::wire::{Failure, TokenAnswer, post};
use super::{BearerClient, ClientError, Http};

impl<S: Http> BearerClient<S> {
    /// A pair whose access token is good for a while. `refused` is the number of one that has just
    /// been refused.
    pub(super) async fn fresh(&self, refused: Option<u64>) -> Result<Pair, ClientError> {
        if let Due::Nothing(pair) = self.tokens.due(refused)? {
            return Ok(pair);
        }
        let turn = self.tokens.turn().await;
        // A caller that waited finds the tokens of the one before.
        let pair = match self.tokens.due(refused)? {
            Due::Nothing(pair) => return Ok(pair),
            Due::Refresh(pair) => pair,
        };
        let client = self.clone();
        // In a task of its own, so that a caller who hangs up does not end it for the others.
        let refresh = tokio::spawn(async move {
            let outcome = client.refresh(&pair, refused).await;
            drop(turn);
            outcome
        });
        refresh
            .await
            .unwrap_or_else(|error| Err(ClientError::unavailable(error)))
    }

    async fn refresh(&self, pair: &Pair, refused: Option<u64>) -> Result<Pair, ClientError> {
        let failure = match self.present(pair).await {
            Ok((answer, asked)) => return self.tokens.renew(pair, answer, asked),
            Err(failure) => failure,
        };
        let rest = match &failure {
            Failure::Rejected { .. } => {
                self.tokens.forget(pair);
                None
            }
            Failure::Again { wait, .. } => Some(wait.unwrap_or(REST).clamp(REST, LONGEST_REST)),
            Failure::Failed(_) => Some(REST),
        };
        let failure = ClientError::from(failure);
        if let Some(time) = rest {
            self.tokens.rest(pair, failure.clone(), time);
        }
        // An access token that still lives serves this call. So do the tokens of a login that came
        // between.
        match self.tokens.due(refused) {
            Ok(Due::Nothing(pair)) => Ok(pair),
            _ => Err(failure),
        }
    }

    /// Presents the refresh token, three times at most, and says when it asked. The key stays the
    /// same: so the server knows that it is the same client, which has lost an answer.
    async fn present(&self, pair: &Pair) -> Result<(TokenAnswer, Timestamp), Failure> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", pair.refresh.secret()),
        ];
        let mut attempt = 1;
        loop {
            let asked = self.tokens.now();
            let failure = match post(
                self.http.clone(),
                self.server.refresh(),
                &form,
                Some(&pair.key),
            )
            .await
            {
                Ok(body) => return Ok((TokenAnswer::read(&body)?, asked)),
                Err(failure) => failure,
            };
            let wait = match &failure {
                Failure::Again { wait, .. } if attempt < ATTEMPTS => {
                    wait.unwrap_or(PAUSE * attempt)
                }
                _ => return Err(failure),
            };
            // No caller waits for that long. The next one after the rest tries again.
            if wait > LONGEST_WAIT {
                return Err(failure);
            }
            sleep(wait).await;
            attempt += 1;
        }
    }
}

const ATTEMPTS: u32 = 3;
/// Between attempts, where the server names no time.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// After a refresh that failed, unless the server asks for more.
const REST: Duration = Duration::from_secs(1);
/// A server that asks for a day is not believed.
const LONGEST_REST: Duration = Duration::from_secs(300);
