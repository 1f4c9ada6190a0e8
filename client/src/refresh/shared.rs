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
    /// Takes in what another process has stored. What cannot be read now is not newer.
    pub(crate) async fn look(&self) {
        if let Some(keeper) = &self.keeper {
            let _ = keeper.look(&self.tokens).await;
        }
    }

    /// Stores what is held, unless it is stored.
    pub(crate) async fn save(&self) -> Result<(), ClientError> {
        match &self.keeper {
            Some(keeper) if !self.tokens.is_saved() => keeper.save(&self.tokens).await,
            _ => Ok(()),
        }
    }
}
