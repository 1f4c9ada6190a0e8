//! One refresh for all who wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::shared::Shared;
use crate::ClientError;
use crate::runtime::runtime;
use crate::tokens::{Due, Ending, Next, Pair, Turn, ended};
use crate::wire::{Endpoint, Failure, Then, With};

/// Returns a pair whose access token is good for a while, for a request that belongs to the login
/// with this id. The next user must not do what the one before has asked for. `refused` is the
/// number of a pair that has just been refused.
pub(crate) async fn fresh_of(
    login: u64,
    shared: Arc<Shared>,
    refused: Option<u64>,
) -> Result<Arc<Pair>, ClientError> {
    match fresh(Arc::clone(&shared), refused).await {
        Ok(pair) if pair.login == login => Ok(pair),
        Err(error) if !shared.tokens.is_replaced(login) => Err(error),
        _ => Err(ClientError::login_replaced()),
    }
}

/// The same for whichever login is held.
async fn fresh(shared: Arc<Shared>, refused: Option<u64>) -> Result<Arc<Pair>, ClientError> {
    let tokens = &shared.tokens;
    for _ in 0..LOOKS {
        let (pair, ending) = match Next::of(tokens, refused)? {
            Next::Use(pair) => return Ok(pair),
            Next::Wait(pair, ending) => (pair, ending),
            Next::Refresh(pair, turn) => {
                let ending = turn.subscribe();
                let runtime = runtime()?;
                // In a task of its own, so that a caller who hangs up does not end it for the
                // others.
                runtime.spawn(refresh(Arc::clone(&shared), refused, turn));
                (pair, ending)
            }
        };
        let ending = match tokens.patience(&pair, refused) {
            // The refresh is ahead of time: nobody needs its tokens yet.
            Some(Duration::ZERO) => return Ok(pair),
            Some(patience) => match timeout(patience, ended(ending)).await {
                Ok(ending) => ending,
                Err(_) if tokens.holds(&pair) && tokens.patience(&pair, refused).is_some() => {
                    return Ok(pair);
                }
                // It was refused or replaced meanwhile.
                Err(_) => continue,
            },
            None => ended(ending).await,
        };
        match ending {
            // However short its life is.
            Ending::Renewed(pair) if tokens.holds(&pair) => return Ok(pair),
            // An access token that still lives serves this call. So do the tokens of a login that
            // came between.
            Ending::Failed(failure) => {
                return match tokens.due(refused) {
                    Ok(Due::Use(pair)) => Ok(pair),
                    _ => Err(failure),
                };
            }
            _ => {}
        }
    }
    Err(ClientError::unavailable("other refreshes never ended"))
}

async fn refresh(shared: Arc<Shared>, refused: Option<u64>, turn: Turn) {
    let tokens = &shared.tokens;
    // Another process may have refreshed, or may be about to, with another key.
    let looked = shared.reload().await;
    let Ok(Due::Refresh(pair)) = tokens.due(refused) else {
        return turn.end(Ending::Done);
    };
    if let Err(error) = looked
        && tokens.may_be_read(&pair)
    {
        // An older refresh token looks like that of a thief, and another process may have used
        // this one. Only a login that was never stored is that of this process alone.
        let time = |failures| rest_after(failures).min(LONGEST_REST_OFFLINE);
        tokens.rest(&pair, error.clone(), false, time);
        return turn.end(Ending::Failed(error));
    }
    let ending = match present(&shared, &pair).await {
        Ok(mut renewed) => {
            if tokens.is_refused(&pair, refused) {
                renewed.trial = pair.trial.next(tokens.monotonic());
            }
            tokens.offer(&pair, renewed);
            // Stored before a call has it. The tokens are good even if they cannot be saved:
            // `Login::is_saved` tells.
            let _ = shared.save().await;
            match tokens.use_next() {
                Some(pair) => {
                    tokens.note_refresh();
                    Ending::Renewed(pair)
                }
                None => Ending::Done,
            }
        }
        Err(failure) => fail(&shared, &pair, failure).await,
    };
    turn.end(ending);
}

async fn fail(shared: &Shared, pair: &Arc<Pair>, failure: Failure) -> Ending {
    let (named, longest) = match failure.then {
        Then::End => {
            // A process that has logged in meanwhile keeps its login.
            shared.look().await;
            if !shared.tokens.holds(pair) {
                return Ending::Done;
            }
            shared.tokens.forget(pair);
            let _ = shared.save().await;
            return Ending::Failed(failure.error);
        }
        // Zero names no time: a server that is busy for an hour may send it each time.
        Then::Again(named) => (named.filter(|named| !named.is_zero()), LONGEST_REST),
        Then::Retry => (None, LONGEST_REST_OFFLINE),
        Then::Renew | Then::Ask | Then::Rest => (None, LONGEST_REST),
    };
    let time = |failures: u32| {
        let rest = named.unwrap_or_else(|| rest_after(failures));
        rest.clamp(REST, longest)
    };
    let error = failure.error.clone();
    shared.tokens.rest(pair, error, named.is_some(), time);
    Ending::Failed(failure.error)
}

/// Twice as long after each failure in a row.
fn rest_after(failures: u32) -> Duration {
    REST.saturating_mul(1 << failures.min(16))
}

/// Presents the refresh token, three times at most. The key stays the same: so the server knows
/// that it is the same client, which has lost an answer.
async fn present(shared: &Shared, pair: &Pair) -> Result<Pair, Failure> {
    let mut form = vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", pair.refresh.expose()),
    ];
    // Without it the server would grant all that the user may do.
    form.extend(pair.scope.iter().map(|scope| ("scope", &**scope)));
    let mut attempt = 1;
    loop {
        let asked = shared.tokens.now();
        let failure = match shared
            .endpoints
            .tokens(Endpoint::Refresh, &form, With::Key(&pair.key))
            .await
        {
            Ok(answer) => {
                return Ok(Pair::from_answer(answer, asked, Some(pair))?);
            }
            Err(failure) => failure,
        };
        let named = match failure.then {
            Then::Retry if attempt < ATTEMPTS => None,
            Then::Again(named) if attempt < ATTEMPTS => named,
            _ => return Err(failure),
        };
        let wait = named.unwrap_or_default().max(PAUSE * attempt);
        // No caller waits for that long. The next one after the rest tries again.
        if wait > LONGEST_WAIT {
            return Err(failure);
        }
        sleep(wait).await;
        attempt += 1;
    }
}

/// A caller who waited for a logout, or for a refresh whose runtime is gone, looks again.
const LOOKS: usize = 4;
const ATTEMPTS: u32 = 3;
/// Between attempts, where the server names no longer time.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// After a refresh that failed, and twice as long after the next, unless the server names a time.
const REST: Duration = Duration::from_secs(1);
/// A server that asks for a day is not believed.
const LONGEST_REST: Duration = Duration::from_secs(300);
/// Where no answer came: the network may be back at any moment, and no server is busy.
const LONGEST_REST_OFFLINE: Duration = Duration::from_secs(30);
