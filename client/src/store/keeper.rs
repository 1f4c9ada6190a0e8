//! [`Keeper`]: reads a [`TokenStore`] and writes it, with what other processes have stored in mind.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::stored::StoredLogin;
use super::token_store::TokenStore;
use super::visits::Visits;
use crate::runtime::runtime;
use crate::tokens::{Kept, Tokens};
use crate::{BoxError, ClientError, ClientErrorKind};

#[derive(Clone, Debug)]
pub(crate) struct Keeper {
    store: Arc<dyn TokenStore>,
    /// The server whose logins it may have.
    server: Arc<str>,
    /// What is stored is not read, and the first save replaces it.
    is_ignored: Arc<AtomicBool>,
    visits: Arc<Visits>,
}

impl Keeper {
    pub(crate) fn new(store: Arc<dyn TokenStore>, server: &str, is_ignored: bool) -> Self {
        Self {
            store,
            server: server.into(),
            is_ignored: Arc::new(AtomicBool::new(is_ignored)),
            visits: Arc::default(),
        }
    }

    /// Reads what is stored, and takes it in where another process has written it.
    pub(crate) async fn look(&self, tokens: &Arc<Tokens>) -> Result<(), ClientError> {
        runtime()?;
        self.visits
            .run(self.taking_in(tokens))
            .await
            .map_err(failed)
    }

    /// Does the same for the first time, without a time limit: a keyring may ask the user to unlock
    /// it, and nothing else waits yet.
    pub(crate) async fn open(&self, tokens: &Arc<Tokens>) -> Result<(), ClientError> {
        runtime()?;
        self.visits
            .visit(self.taking_in(tokens))
            .await
            .map_err(failed)
    }

    fn taking_in(
        &self,
        tokens: &Arc<Tokens>,
    ) -> impl FnOnce() -> Result<(), BoxError> + Send + use<> {
        let (keeper, held) = (self.clone(), Arc::clone(tokens));
        move || {
            if keeper.is_ignored() {
                return Ok(());
            }
            let stored = load(&*keeper.store, &held)?;
            keeper.expect_own(stored.as_ref())?;
            // Before another thread writes: what is older by then would come back.
            held.take_in(keeper.kept(stored)?);
            Ok(())
        }
    }

    /// Writes what is held when its turn comes: so the last write has the last state. What another
    /// process has stored meanwhile is taken in, and not overwritten.
    pub(crate) async fn save(&self, tokens: &Arc<Tokens>) -> Result<(), ClientError> {
        runtime()?;
        let (keeper, held) = (self.clone(), Arc::clone(tokens));
        let work = move || {
            if !keeper.is_ignored() {
                keeper.take_in_before_a_write(&held)?;
            }
            let Some(unsaved) = held.unsaved() else {
                return Ok(());
            };
            match StoredLogin::new(&unsaved, &keeper.server) {
                Some(login) => {
                    let before = held.begin_write(&unsaved);
                    let saved = keeper.store.save(&login);
                    saved.inspect_err(|_| held.undo_write(before))?;
                }
                None => keeper.store.clear()?,
            }
            keeper.is_ignored.store(false, Ordering::SeqCst);
            held.note_saved(&unsaved);
            Ok(())
        };
        self.visits.run(work).await.map_err(failed)
    }

    fn take_in_before_a_write(&self, held: &Tokens) -> Result<(), BoxError> {
        let stored = load(&*self.store, held);
        if let Ok(stored) = &stored {
            // Not even a login replaces it.
            self.expect_own(stored.as_ref())?;
        }
        match stored.and_then(|stored| self.kept(stored)) {
            Ok(kept) => held.take_in(kept),
            Err(_) if held.replaces_stored() => {}
            // It may be newer.
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn is_ignored(&self) -> bool {
        self.is_ignored.load(Ordering::SeqCst)
    }

    fn expect_own(&self, stored: Option<&StoredLogin>) -> Result<(), BoxError> {
        let expected = stored.map_or(Ok(()), |stored| stored.expect_for(&self.server));
        expected.map_err(|error| self.named(error))
    }

    fn kept(&self, stored: Option<StoredLogin>) -> Result<Option<Kept>, BoxError> {
        let kept = stored.map(StoredLogin::into_kept).transpose();
        kept.map_err(|error| self.named(error))
    }

    fn named(&self, error: impl fmt::Display) -> BoxError {
        format!("{}: {error}", self.store.place()).into()
    }
}

fn load(store: &dyn TokenStore, held: &Tokens) -> Result<Option<StoredLogin>, BoxError> {
    let mut stored = store.load()?;
    if stored.is_none() && held.is_stored() {
        // A program that replaces a file may delete it first.
        thread::sleep(MOMENT);
        stored = store.load()?;
    }
    Ok(stored)
}

fn failed(cause: BoxError) -> ClientError {
    ClientError::new(ClientErrorKind::Storage).with_cause(cause)
}

const MOMENT: Duration = Duration::from_millis(200);
