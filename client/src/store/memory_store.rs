//! [`MemoryTokenStore`]: a store of this process.

use std::sync::{Arc, Mutex, PoisonError};

use crate::{BoxError, StoredLogin, TokenStore};

/// Keeps a login in memory, for tests, and for an application that starts its clients anew. Clones
/// are the same store.
///
/// ```
/// use tower_bearer_client::{MemoryTokenStore, StoredLogin, TokenStore};
///
/// # fn main() -> Result<(), tower_bearer_client::BoxError> {
/// let store = MemoryTokenStore::default();
/// store.save(&StoredLogin::default())?;
/// assert!(store.clone().load()?.is_some());
/// store.clear()?;
/// assert!(store.load()?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryTokenStore(Arc<Mutex<Option<StoredLogin>>>);

impl MemoryTokenStore {
    fn set(&self, login: Option<StoredLogin>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = login;
    }
}

impl TokenStore for MemoryTokenStore {
    fn load(&self) -> Result<Option<StoredLogin>, BoxError> {
        Ok(self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }

    fn save(&self, login: &StoredLogin) -> Result<(), BoxError> {
        self.set(Some(login.clone()));
        Ok(())
    }

    fn clear(&self) -> Result<(), BoxError> {
        self.set(None);
        Ok(())
    }
}
