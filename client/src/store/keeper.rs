//! [`Keeper`]: the way to a [`TokenStore`], off the runtime's threads.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::stored::StoredLogin;
use super::token_store::TokenStore;
use crate::tokens::{Kept, Tokens};
use crate::{BoxError, ClientError, ClientErrorKind};

/// A store, with one thread in it at a time.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Arc<dyn TokenStore>,
    /// A thread that never comes back keeps it: then no other one follows.
    entry: Arc<Mutex<()>>,
}

impl Keeper {
    pub(crate) fn new(store: Arc<dyn TokenStore>) -> Self {
        let entry = Arc::default();
        Self { store, entry }
    }

    /// Reads what is stored, and takes it in where another process has written it.
    pub(crate) async fn look(&self, tokens: &Arc<Tokens>) -> Result<(), ClientError> {
        let (store, held) = (Arc::clone(&self.store), Arc::clone(tokens));
        self.blocking(move || {
            // Before another thread writes: what is older by then would come back.
            held.take_in(load(&*store, &held)?);
            Ok(())
        })
        .await
    }

    /// Writes what is held when its turn comes: so the last write has the last state. What another
    /// process has stored meanwhile is taken in, and not overwritten.
    pub(crate) async fn save(&self, tokens: &Arc<Tokens>) -> Result<(), ClientError> {
        let (store, held) = (Arc::clone(&self.store), Arc::clone(tokens));
        self.blocking(move || {
            match load(&*store, &held) {
                Ok(kept) => held.take_in(kept),
                Err(_) if held.replaces_stored() => {}
                // It may be newer.
                Err(error) => return Err(error),
            }
            let Some(unsaved) = held.unsaved() else {
                return Ok(());
            };
            match StoredLogin::new(&unsaved) {
                Some(login) => store.save(&login)?,
                None => store.clear()?,
            }
            held.note_saved(&unsaved);
            Ok(())
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, ClientError> {
        let failed = |cause| ClientError::new(ClientErrorKind::Storage).with_cause(cause);
        let entry = Arc::clone(&self.entry);
        let worked = async {
            let entry = entry.lock_owned().await;
            spawn_blocking(move || {
                let _entry = entry;
                work()
            })
            .await
        };
        match timeout(LIMIT, worked).await {
            Ok(Ok(outcome)) => outcome.map_err(failed),
            // It panicked, or the runtime is being shut down.
            Ok(Err(error)) => Err(failed(error.into())),
            Err(_) => Err(failed("the store does not answer".into())),
        }
    }
}

fn load(store: &dyn TokenStore, held: &Tokens) -> Result<Option<Kept>, BoxError> {
    let mut stored = store.load()?;
    if stored.is_none() && held.is_stored() {
        // A program that replaces a file may delete it first.
        thread::sleep(MOMENT);
        stored = store.load()?;
    }
    stored.map(StoredLogin::into_kept).transpose()
}

/// A keyring may ask the user, and a network drive may be gone.
const LIMIT: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(200);
