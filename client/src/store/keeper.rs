//! [`Keeper`]: the way to a [`TokenStore`], off the runtime's threads.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::spawn_blocking;

use crate::tokens::{Pair, Tokens};
use crate::{BoxError, ClientError, ClientErrorKind};

use super::stored::StoredLogin;
use super::token_store::TokenStore;

/// A store, with one write at a time. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    store: Arc<dyn TokenStore>,
    /// Held by a thread that writes, and never across an `await`.
    writing: Arc<Mutex<()>>,
}

impl Keeper {
    pub(crate) fn new(store: Arc<dyn TokenStore>) -> Self {
        let writing = Arc::default();
        Self { store, writing }
    }

    pub(crate) async fn load(&self) -> Result<StoredLogin, ClientError> {
        let store = Arc::clone(&self.store);
        let loaded = blocking(move || store.load()).await?;
        Ok(loaded.unwrap_or_default())
    }

    /// Writes what is held when its turn comes: so the last write has the last state.
    pub(crate) async fn save(&self, tokens: &Arc<Tokens>) -> Result<(), ClientError> {
        let (keeper, held) = (self.clone(), Arc::clone(tokens));
        blocking(move || {
            let _one = keeper
                .writing
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let (pair, mark, change) = held.snapshot();
            match StoredLogin::new(pair.as_deref(), mark) {
                Some(login) => keeper.store.save(&login)?,
                None => keeper.store.clear()?,
            }
            held.note_saved(change);
            Ok(())
        })
        .await
    }

    /// What another process has stored after `held`: newer tokens, or the key that it sends with
    /// the same token. What `is_saved` was stored, so anything else came later. Otherwise the time
    /// of its end decides.
    pub(crate) async fn newer(&self, held: &Pair, is_saved: bool) -> Option<Pair> {
        // What cannot be read now is not newer.
        let (pair, _) = self.load().await.ok()?.into_parts().ok()?;
        let pair = pair?;
        let is_same = pair.refresh.is(&held.refresh);
        let is_newer = if is_same {
            !pair.key.is(&held.key)
        } else {
            is_saved || pair.expires_at > held.expires_at
        };
        is_newer.then_some(pair)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
) -> Result<T, ClientError> {
    let failed = |cause| ClientError::new(ClientErrorKind::Storage).with_cause(cause);
    match spawn_blocking(work).await {
        Ok(outcome) => outcome.map_err(failed),
        // It panicked, or the runtime is being shut down.
        Err(error) => Err(failed(error.into())),
    }
}
