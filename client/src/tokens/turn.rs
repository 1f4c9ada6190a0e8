//! [`Turn`]: one refresh or logout at a time, without a lock that is held across an `await`.

use std::mem;
use std::sync::Arc;

use tokio::sync::watch;

use super::ending::{Ending, ended};
use super::held::{Due, Tokens};
use super::pair::Pair;
use crate::ClientError;

/// The next step of a caller who may refresh. While the refresh of a pair is under way, that pair
/// may still serve: see [`Tokens::patience`].
pub(crate) enum Next {
    Use(Arc<Pair>),
    Refresh(Arc<Pair>, Turn),
    Wait(Arc<Pair>, watch::Receiver<Ending>),
}

/// The right to refresh, or to log out. It is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    tokens: Arc<Tokens>,
    sender: watch::Sender<Ending>,
    ending: Ending,
}

impl Turn {
    /// Takes the turn, or returns what has to be waited for.
    pub(crate) fn take(tokens: &Arc<Tokens>) -> Result<Self, watch::Receiver<Ending>> {
        let (sender, receiver) = watch::channel(Ending::None);
        tokens.begin_turn(receiver)?;
        Ok(Self {
            tokens: Arc::clone(tokens),
            sender,
            ending: Ending::None,
        })
    }

    /// Takes the turn after the others that are under way.
    pub(crate) async fn wait_for(tokens: &Arc<Tokens>) -> Self {
        loop {
            match Self::take(tokens) {
                Ok(turn) => return turn,
                Err(other) => drop(ended(other).await),
            }
        }
    }

    /// Tells all who wait how it ended.
    pub(crate) fn end(mut self, ending: Ending) {
        self.ending = ending;
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Ending> {
        self.sender.subscribe()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // First the turn: the others look again at once.
        self.tokens.end_turn();
        self.sender
            .send_replace(mem::replace(&mut self.ending, Ending::None));
    }
}

impl Next {
    /// `refused` is the number of a pair whose access token the server no longer takes.
    pub(crate) fn of(tokens: &Arc<Tokens>, refused: Option<u64>) -> Result<Self, ClientError> {
        let pair = match tokens.due(refused)? {
            Due::Use(pair) => return Ok(Self::Use(pair)),
            Due::Refresh(pair) => pair,
        };
        let turn = match Turn::take(tokens) {
            Ok(turn) => turn,
            Err(ending) => return Ok(Self::Wait(pair, ending)),
        };
        // The turn before may have ended just now.
        Ok(match tokens.due(refused)? {
            Due::Use(pair) => Self::Use(pair),
            Due::Refresh(pair) => Self::Refresh(pair, turn),
        })
    }
}
