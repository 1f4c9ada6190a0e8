//! [`KeyIndex`] finds the keys that a token may mean, without a walk over all keys of a set.

use std::sync::Arc;

use super::key::Key;

/// The keys of a set in two orders.
#[derive(Clone, Default)]
pub(crate) struct KeyIndex {
    /// Those without a name come first. Keys with the same name keep the order of the set.
    by_name: Vec<Arc<Key>>,
    /// Those that have a usual header.
    by_header: Vec<Arc<Key>>,
}

impl KeyIndex {
    pub(crate) fn add(&mut self, key: &Arc<Key>) {
        insert(&mut self.by_name, key, name);
        if key.usual_header.is_some() {
            insert(&mut self.by_header, key, usual_header);
        }
    }

    /// Returns the keys with this name, or those without a name.
    pub(crate) fn named(&self, kid: Option<&str>) -> impl Iterator<Item = &Arc<Key>> {
        equal(&self.by_name, name, kid.map(str::as_bytes))
    }

    pub(crate) fn with_header(&self, segment: &[u8]) -> impl Iterator<Item = &Arc<Key>> {
        equal(&self.by_header, usual_header, Some(segment))
    }

    pub(crate) fn by_name(&self) -> &[Arc<Key>] {
        &self.by_name
    }
}

type Order = fn(&Key) -> Option<&[u8]>;

fn name(key: &Key) -> Option<&[u8]> {
    key.kid.as_deref().map(str::as_bytes)
}

fn usual_header(key: &Key) -> Option<&[u8]> {
    key.usual_header.as_deref().map(str::as_bytes)
}

fn insert(keys: &mut Vec<Arc<Key>>, key: &Arc<Key>, order: Order) {
    let at = keys.partition_point(|known| order(known) <= order(key));
    keys.insert(at, Arc::clone(key));
}

fn equal<'k>(
    keys: &'k [Arc<Key>],
    order: Order,
    wanted: Option<&[u8]>,
) -> impl Iterator<Item = &'k Arc<Key>> {
    let first = keys.partition_point(|key| order(key) < wanted);
    let keys = keys[first..].iter();
    keys.take_while(move |key| order(key) == wanted)
}
