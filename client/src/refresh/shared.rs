//! [`Shared`]: the parts of a login, which all its clones and its tasks have.

use std::sync::Arc;

use crate::ClientError;
use crate::store::Keeper;
use crate::tokens::Tokens;
use crate::wire::Endpoints;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) endpoints: Endpoints,
    pub(crate) keeper: Option<Keeper>,
}

impl Shared {
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
}
