//! A store that fails, or does not answer, when a test says so.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tower_bearer_client::{BoxError, MemoryTokenStore, StoredLogin, TokenStore};

#[derive(Clone, Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) store: MemoryTokenStore,
    pub(crate) is_full: Arc<AtomicBool>,
    pub(crate) is_locked: Arc<AtomicBool>,
    gate: Arc<(Mutex<Gate>, Condvar)>,
}

#[derive(Debug, Default)]
struct Gate {
    /// The access that hangs, after so many others.
    hangs: Option<(Access, usize)>,
    is_reached: bool,
    is_open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Load,
    Save,
}

impl Shelf {
    /// One access hangs, after so many others of its kind, until `open`.
    pub(crate) fn hang(&self, access: Access, after: usize) {
        *self.gate.0.lock().unwrap() = Gate {
            hangs: Some((access, after)),
            ..Gate::default()
        };
    }

    pub(crate) async fn reached(&self) {
        let started = std::time::Instant::now();
        while !self.gate.0.lock().unwrap().is_reached {
            assert!(started.elapsed().as_secs() < 10, "the store is not asked");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn open(&self) {
        self.gate.0.lock().unwrap().is_open = true;
        self.gate.1.notify_all();
    }

    /// What is stored, as text.
    pub(crate) fn text(&self) -> String {
        let stored = self.store.load().unwrap();
        stored.map_or_else(String::new, |login| login.to_json().to_string())
    }

    fn pass(&self, access: Access) {
        let mut gate = self.gate.0.lock().unwrap();
        match &mut gate.hangs {
            Some((hangs, 0)) if *hangs == access => {
                (gate.hangs, gate.is_reached) = (None, true);
                // A test that fails does not open it.
                let limit = Duration::from_secs(20);
                drop(
                    self.gate
                        .1
                        .wait_timeout_while(gate, limit, |gate| !gate.is_open),
                );
            }
            Some((hangs, after)) if *hangs == access => *after -= 1,
            _ => {}
        }
    }
}

impl TokenStore for Shelf {
    fn load(&self) -> Result<Option<StoredLogin>, BoxError> {
        self.pass(Access::Load);
        if self.is_locked.load(Ordering::SeqCst) {
            return Err("the keyring is locked".into());
        }
        self.store.load()
    }

    fn save(&self, login: &StoredLogin) -> Result<(), BoxError> {
        self.pass(Access::Save);
        if self.is_full.load(Ordering::SeqCst) {
            return Err("the disk is full".into());
        }
        self.store.save(login)
    }

    fn clear(&self) -> Result<(), BoxError> {
        self.store.clear()
    }
}
