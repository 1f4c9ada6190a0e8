//! [`IndexKey`] is the secret with which the index by subject is hashed.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hmac::Mac;
use redis::Cmd;

use super::link::Link;
use super::pipeline::all;
use super::prefix::{FEEDS, KeyPrefix};
use crate::digest::hmac;
use crate::error::BoxError;
use crate::names::Subject;

/// A random key that Redis keeps beside the sessions, so that it is that of all processes, and is
/// gone with the sessions. Without it a stranger cannot choose a name whose sessions would be in
/// the same part of the index as those of another user, where each look-up reads them too.
///
/// It has copies in sixteen places, so that no node of a cluster is asked for it more than others,
/// and so that it outlives a node that lost everything.
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

    /// Reads the copy of this bucket of the index.
    pub(super) fn read(prefix: &KeyPrefix, bucket: u16) -> Cmd {
        read(prefix, usize::from(bucket) % FEEDS)
    }
}

fn read(prefix: &KeyPrefix, copy: usize) -> Cmd {
    let mut get = redis::cmd("GET");
    get.arg(prefix.index_key(copy));
    get
}

fn write(prefix: &KeyPrefix, copy: usize, key: &[u8]) -> Cmd {
    let mut set = redis::cmd("SET");
    set.arg(prefix.index_key(copy)).arg(key);
    set
}

impl KnownKey {
    /// Returns the key that this process knows, or reads it.
    pub(super) async fn get(
        &self,
        link: &mut Link,
        prefix: &KeyPrefix,
    ) -> Result<Arc<IndexKey>, BoxError> {
        match self.0.load_full() {
            Some(known) => Ok(known),
            None => self.read(link, prefix).await,
        }
    }

    /// Reads all copies, and writes those that are missing or others than most are. If there is
    /// none it makes a key: of several processes that try, one succeeds.
    pub(super) async fn read(
        &self,
        link: &mut Link,
        prefix: &KeyPrefix,
    ) -> Result<Arc<IndexKey>, BoxError> {
        loop {
            let copies = all((0..FEEDS).map(|copy| read(prefix, copy)));
            let copies: Vec<Option<Vec<u8>>> = copies.query_async(link).await?;
            let Some(key) = most_frequent(&copies) else {
                let mut random = [0; LENGTH];
                getrandom::fill(&mut random)?;
                let mut first = write(prefix, 0, &random);
                first.arg("NX").exec_async(link).await?;
                continue;
            };
            let others = copies.iter().enumerate();
            let others = others.filter(|(_, copy)| copy.as_deref() != Some(key));
            let repair = all(others.map(|(copy, _)| write(prefix, copy, key)));
            if !repair.is_empty() {
                repair.exec_async(link).await?;
                continue;
            }
            let key = key
                .try_into()
                .map_err(|_| "the key of the index in Redis has another length")?;
            let key = Arc::new(IndexKey(key));
            self.0.store(Some(Arc::clone(&key)));
            return Ok(key);
        }
    }
}

/// Returns the copy that there is most often, and the first one of several.
fn most_frequent(copies: &[Option<Vec<u8>>]) -> Option<&[u8]> {
    let count = |one: &[u8]| copies.iter().flatten().filter(|copy| *copy == one).count();
    let copies = copies.iter().flatten().map(Vec::as_slice);
    // `max_by_key` returns the last one.
    copies.rev().max_by_key(|copy| count(copy))
}

const LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_that_most_have_is_the_key() {
        let copy = |byte: u8| Some(vec![byte]);
        for (copies, key) in [
            (vec![None, None], None),
            (vec![None, copy(1), None], Some([1].as_slice())),
            (vec![copy(1), copy(2), copy(2)], Some(&[2])),
            (vec![copy(2), copy(1), None, copy(1), copy(2)], Some(&[2])),
        ] {
            assert_eq!(most_frequent(&copies), key, "of {copies:?}");
        }
    }
}
