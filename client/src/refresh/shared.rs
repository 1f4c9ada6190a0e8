//! [`Shared`]: the parts of a login, which all its clones and its tasks have.

use std::sync::Arc;

use crate::store::Keeper;
use crate::tokens::{Pair, Tokens};
use crate::wire::Endpoints;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) endpoints: Endpoints,
    pub(crate) keeper: Option<Keeper>,
}

impl Shared {
    /// What another process has stored after `pair`.
    pub(crate) async fn newer(&self, pair: &Pair) -> Option<Pair> {
        let is_saved = self.tokens.is_saved();
        self.keeper.as_ref()?.newer(pair, is_saved).await
    }
}
