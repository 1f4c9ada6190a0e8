//! [`Keeper`]: reads a [`TokenStore`] and writes it, with what other processes have stored in mind.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::stored::StoredLogin;
use super::token_store::TokenStore;
use super::visits::Visits;
use crate::runtime::runtime;
use crate::tokens::{Kept, Tokens};
use crate::{BoxError, ClientError, ClientErrorKind};

#[derive(Debug)]
pub(crate) struct Keeper {
    store: Arc<dyn TokenStore>,
    /// The origin whose logins it may have.
    server: Arc<str>,
    visits: Visits,
}

impl Keeper {
    pub(crate) fn new(store: Arc<dyn TokenStore>, server: &str) -> Self {
        Self {
            store,
            server: server.into(),
            visits: Visits::default(),
        }
    }

    /// Reads what is stored, and takes it in where another process has written it.
    pub(crate) async fn look(&self, tokens: &Arc<Tokens>) -> Result<(), ClientError> {
        runtime()?;
        let (store, held) = (Arc::clone(&self.store), Arc::clone(tokens));
        let server = Arc::clone(&self.server);
        let work = move || {
            let stored = load(&*store, &held)?;
            expect_for(&server, stored.as_ref())?;
            // Before another thread writes: what is older by then would come back.
            held.take_in(kept(stored)?);
            Ok(())
        };
        self.visits.run(work).await.map_err(failed)
    }

    /// Writes what is held when its turn comes: so the last write has the last state. What another
    /// process has stored meanwhile is taken in, and not overwritten.
    pub(crate) async fn save(&self, tokens: &Arc<Tokens>) -> Result<(), ClientError> {
        runtime()?;
        let (store, held) = (Arc::clone(&self.store), Arc::clone(tokens));
        let server = Arc::clone(&self.server);
        let work = move || {
            let stored = load(&*store, &held);
            if let Ok(stored) = &stored {
                // Not even a login replaces it.
                expect_for(&server, stored.as_ref())?;
            }
            match stored.and_then(kept) {
                Ok(kept) => held.take_in(kept),
                Err(_) if held.replaces_stored() => {}
                // It may be newer.
                Err(error) => return Err(error),
            }
            let Some(unsaved) = held.unsaved() else {
                return Ok(());
            };
            match StoredLogin::new(&unsaved, &server) {
                Some(login) => {
                    let before = held.begin_write(&unsaved);
                    store
                        .save(&login)
                        .inspect_err(|_| held.undo_write(before))?;
                }
                None => store.clear()?,
            }
            held.note_saved(&unsaved);
            Ok(())
        };
        self.visits.run(work).await.map_err(failed)
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

fn expect_for(server: &str, stored: Option<&StoredLogin>) -> Result<(), BoxError> {
    stored.map_or(Ok(()), |stored| stored.expect_for(server))
}

fn kept(stored: Option<StoredLogin>) -> Result<Option<Kept>, BoxError> {
    stored.map(StoredLogin::into_kept).transpose()
}

fn failed(cause: BoxError) -> ClientError {
    ClientError::new(ClientErrorKind::Storage).with_cause(cause)
}

const MOMENT: Duration = Duration::from_millis(200);
