//! [`IndexKey`] is the secret with which the index by subject is hashed.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hmac::Mac;
use redis::Cmd;
use redis::aio::ConnectionManager;

use super::prefix::KeyPrefix;
use crate::digest::hmac;
use crate::error::BoxError;
use crate::names::Subject;

/// A random key that Redis keeps beside the sessions, so that it is that of all processes, and is
/// gone with the sessions. Without it a stranger cannot choose a name whose sessions would be in
/// the same part of the index as those of another user, where each look-up reads them too.
pub(super) struct IndexKey([u8; LENGTH]);

/// The key, as this process last read it.
#[derive(Default)]
pub(super) struct KnownKey(ArcSwapOption<IndexKey>);

impl IndexKey {
    pub(super) fn hash(&self, subject: &Subject) -> [u8; 32] {
        let tag = hmac(&self.0).chain_update(subject.as_str());
        tag.finalize().into_bytes().into()
    }

    /// Returns whether Redis has this key. Commands that used another one have to be repeated.
    pub(super) fn is(&self, read: Option<&[u8]>) -> bool {
        read == Some(&self.0)
    }

    /// Reads the key of this prefix.
    pub(super) fn read(prefix: &KeyPrefix) -> Cmd {
        let mut get = redis::cmd("GET");
        get.arg(prefix.index_key());
        get
    }
}

impl KnownKey {
    /// Returns the key that this process knows, or reads it.
    pub(super) async fn get(
        &self,
        connection: &mut ConnectionManager,
        prefix: &KeyPrefix,
    ) -> Result<Arc<IndexKey>, BoxError> {
        match self.0.load_full() {
            Some(known) => Ok(known),
            None => self.read(connection, prefix).await,
        }
    }

    /// Reads the key, and makes one if there is none. If several processes try, one of them
    /// succeeds.
    pub(super) async fn read(
        &self,
        connection: &mut ConnectionManager,
        prefix: &KeyPrefix,
    ) -> Result<Arc<IndexKey>, BoxError> {
        loop {
            let read = IndexKey::read(prefix);
            let read: Option<Vec<u8>> = read.query_async(connection).await?;
            if let Some(read) = read {
                let key = read
                    .try_into()
                    .map_err(|_| "the key of the index in Redis has another length")?;
                let key = Arc::new(IndexKey(key));
                self.0.store(Some(Arc::clone(&key)));
                return Ok(key);
            }
            let mut random = [0; LENGTH];
            getrandom::fill(&mut random)?;
            let mut set = redis::cmd("SET");
            set.arg(prefix.index_key()).arg(&random).arg("NX");
            set.exec_async(connection).await?;
        }
    }
}

const LENGTH: usize = 32;
