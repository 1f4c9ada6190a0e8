//! [`Shared`]: the parts of a login, which all its clones and its tasks have.

use std::sync::Arc;

use crate::ClientError;
use crate::store::Keeper;
use crate::tokens::{Pair, Tokens};
use crate::wire::{Endpoint, Endpoints, Failure, With};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) endpoints: Endpoints,
    pub(crate) keeper: Option<Keeper>,
}

impl Shared {
    /// Takes in what is stored, however long the store takes.
    pub(crate) async fn open(&self) -> Result<(), ClientError> {
        match &self.keeper {
            Some(keeper) => keeper.open(&self.tokens).await,
            None => Ok(()),
        }
    }

    /// Takes in what another process has stored.
    pub(crate) async fn reload(&self) -> Result<(), ClientError> {
        match &self.keeper {
            Some(keeper) => keeper.look(&self.tokens).await,
            None => Ok(()),
        }
    }

    /// The same, where what cannot be read now is not newer.
    pub(crate) async fn look(&self) {
        let _ = self.reload().await;
    }

    /// Stores what is held, unless it is stored.
    pub(crate) async fn save(&self) -> Result<(), ClientError> {
        match &self.keeper {
            Some(keeper) if !self.tokens.is_saved() => keeper.save(&self.tokens).await,
            _ => Ok(()),
        }
    }

    /// Ends the sessions of logins that another one has replaced. Their tokens are gone from here,
    /// so there is one attempt.
    pub(crate) async fn end_replaced(&self) -> Result<(), Failure> {
        let mut outcome = Ok(());
        for pair in self.tokens.take_replaced() {
            outcome = self.end_session(&pair).await.and(outcome);
        }
        outcome
    }

    pub(crate) async fn end_session(&self, pair: &Pair) -> Result<(), Failure> {
        let form = [("token", pair.refresh.expose())];
        let ended = self.endpoints.post(Endpoint::Logout, &form, With::Nothing);
        ended.await.map(drop)
    }
}
