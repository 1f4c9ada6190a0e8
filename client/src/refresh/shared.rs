//! [`Shared`]: the parts of a login, which all its clones and its tasks have.

use std::sync::Arc;

use crate::store::Keeper;
use crate::tokens::Tokens;
use crate::wire::Endpoints;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) endpoints: Endpoints,
    pub(crate) keeper: Option<Keeper>,
}
