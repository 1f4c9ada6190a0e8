//! [`Cache`] remembers tokens that were verified, so that a token is verified twice and not
//! with each request.
//!
//! Every remembered token has passed all checks. A hit is the whole token, byte by byte, and what
//! may have changed since then is checked again: see [`Recheck`]. A refusal is never remembered.
//!
//! The table has a fixed number of sets, each with a few places, so nothing ever grows or is moved.
//! The first time that a token passes, only a few bits of its hash are noted. It is kept when it
//! passes again. So tokens that are used once are not copied and do not push out the others, and
//! cost hardly more than without a cache. A reader locks nothing. A writer has the lock of one set,
//! and gives up if another writer has it.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use super::claims::{AccessTokenClaims, Claims};
use crate::clock::Timestamp;
use crate::sync::{ArcSwapOption, AtomicU32, AtomicUsize, Guard, Mutex};

#[cfg(tower_bearer_loom)]
mod model;

/// Verified tokens: at most 8,192, and at most 16 MiB.
pub(super) struct Cache {
    /// A random key, so that no one can choose tokens that share a set.
    key: RandomState,
    /// It is made with the first token. Many verifiers never see one.
    sets: OnceLock<Box<[Set]>>,
    /// How many tokens were kept, which says which set is cleared next.
    kept: AtomicUsize,
}

/// Where a token is noted or kept once it has passed.
#[derive(Clone, Copy)]
pub(crate) struct Unknown(Option<Place>);

/// A set, and the tag of a token there.
type Place = (usize, u32);

#[derive(Default)]
struct Set {
    /// A part of each token's hash, so that a reader compares few tokens and not 16.
    tags: [AtomicU32; PLACES],
    /// The tags of the last tokens that have passed: as many as may be kept.
    passed: [AtomicU32; PLACES],
    /// How many have passed. Two threads may take the same number: then one tag is lost, and its
    /// token is noted when it comes again.
    count: AtomicUsize,
    places: [ArcSwapOption<Claims>; PLACES],
    writer: Mutex<Writer>,
}

/// The end and the size of each place, so that a writer does not load the claims.
struct Writer {
    ends: [Timestamp; PLACES],
    /// An empty place has none.
    bytes: [usize; PLACES],
    /// The place that is emptied next, if all are taken.
    next: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            ends: [Timestamp::ZERO; PLACES],
            bytes: [0; PLACES],
            next: 0,
        }
    }
}

/// The checks of a verifier that have to be made with every request.
pub(super) trait Recheck {
    /// Returns whether the verifier would still accept a token with these claims.
    fn still_accepts(&self, claims: &Claims) -> bool;

    /// Returns when it stops accepting these claims.
    fn end_of(&self, claims: &Claims) -> Timestamp;

    fn now(&self) -> Timestamp;
}

impl Unknown {
    /// A token that is not remembered.
    pub(super) const NOT_KEPT: Self = Self(None);
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            key: RandomState::new(),
            sets: OnceLock::new(),
            kept: AtomicUsize::new(0),
        }
    }

    /// Returns the claims of a token that is remembered, or where to [`keep`](Self::keep) them once
    /// they are known. The token may be any bytes: what is not a token is not remembered either.
    pub(super) fn find(
        &self,
        token: &[u8],
        verifier: &impl Recheck,
    ) -> Result<AccessTokenClaims, Unknown> {
        if token.len() > MOST_TOKEN_BYTES {
            return Err(Unknown::NOT_KEPT);
        }
        let place = self.place(token);
        self.find_at(place, token, verifier)
            .map(AccessTokenClaims)
            .ok_or(Unknown(Some(place)))
    }

    fn find_at(
        &self,
        (index, tag): Place,
        token: &[u8],
        verifier: &impl Recheck,
    ) -> Option<Arc<Claims>> {
        let set = self.sets.get()?.get(index)?;
        set.find_accepted(tag, token, verifier)
    }

    /// Returns the text that the claims of this token keep: the token, if it has passed before.
    pub(super) fn copy_of<'t>(&self, token: &'t [u8], unknown: Unknown) -> &'t [u8] {
        let sets = self.sets.get().zip(unknown.0);
        match sets {
            Some((sets, (index, tag))) if sets[index].has_seen(tag) => token,
            _ => &[],
        }
    }

    /// Remembers a token that has passed all checks, if its claims have its text. If they do not,
    /// it is noted that the token has passed.
    pub(super) fn keep(
        &self,
        claims: &AccessTokenClaims,
        unknown: Unknown,
        verifier: &impl Recheck,
    ) {
        let claims = &claims.0;
        let Some((index, tag)) = unknown.0 else {
            return;
        };
        // Legacy claims have no text. Their notes would push out those of other tokens.
        if claims.form.keys().is_none() {
            return;
        }
        let sets = self
            .sets
            .get_or_init(|| (0..SETS).map(|_| Set::default()).collect());
        if claims.text.token().is_empty() {
            sets[index].note(tag);
            return;
        }
        let (now, end) = (verifier.now(), verifier.end_of(claims));
        sets[index].insert(claims, tag, end, now);
        // Now and then another set: expired tokens are removed a few at a time.
        let kept = self.kept.fetch_add(1, Ordering::Relaxed);
        if kept.is_multiple_of(KEPT_A_SWEEP) {
            sets[kept / KEPT_A_SWEEP % SETS].forget(now);
        }
    }

    /// Returns the set of a token, and its tag there.
    ///
    /// The end of a token is its signature, which is different in any two tokens that pass in
    /// practice. Hashing all of it would dominate a hit.
    fn place(&self, token: &[u8]) -> Place {
        let end = &token[token.len().saturating_sub(HASHED)..];
        let mut hasher = self.key.build_hasher();
        hasher.write(end);
        let hash = hasher.finish();
        #[allow(clippy::cast_possible_truncation)]
        (hash as usize % SETS, (hash >> 32) as u32)
    }
}

impl Set {
    /// Returns the claims of a token that is still accepted. One that is not is forgotten.
    #[inline]
    fn find_accepted(
        &self,
        tag: u32,
        token: &[u8],
        verifier: &impl Recheck,
    ) -> Option<Arc<Claims>> {
        let (place, found) = self.find(tag, token)?;
        let claims = found.as_ref()?;
        if verifier.still_accepts(claims) {
            return Some(Arc::clone(claims));
        }
        // What a writer has put there meanwhile stays.
        self.places[place].compare_and_swap(&found, None);
        None
    }

    /// Returns the place of a token, and its claims. Every byte of the token is compared.
    #[inline]
    fn find(&self, tag: u32, token: &[u8]) -> Option<(usize, Guard<Option<Arc<Claims>>>)> {
        let is_tagged = |place: &usize| self.tags[*place].load(Ordering::Relaxed) == tag;
        (0..PLACES).filter(is_tagged).find_map(|place| {
            let found = self.places[place].load();
            let is_it = found
                .as_ref()
                .is_some_and(|claims| claims.text.token().as_bytes() == token);
            is_it.then_some((place, found))
        })
    }

    /// Returns whether a token with this tag has passed not long ago.
    fn has_seen(&self, tag: u32) -> bool {
        let mut passed = self.passed.iter();
        passed.any(|passed| passed.load(Ordering::Relaxed) == tag)
    }

    /// Notes that a token has passed, in place of the one that did so longest ago. Requests at the
    /// same moment with the same token note it once.
    fn note(&self, tag: u32) {
        if self.has_seen(tag) {
            return;
        }
        let count = self.count.load(Ordering::Relaxed);
        self.passed[count % PLACES].store(tag, Ordering::Relaxed);
        self.count.store(count.wrapping_add(1), Ordering::Relaxed);
    }

    fn insert(&self, claims: &Arc<Claims>, tag: u32, end: Timestamp, now: Timestamp) {
        // If another writer is at work here, the token is remembered when it comes again.
        let Ok(mut writer) = self.writer.try_lock() else {
            return;
        };
        let bytes = claims.bytes();
        // Requests at the same moment may have kept it.
        if bytes > BYTES || self.find(tag, claims.text.token().as_bytes()).is_some() {
            return;
        }
        self.forget_ended(&mut writer, now);
        while !writer.has_room(bytes) {
            let place = writer.next;
            writer.next = (place + 1) % PLACES;
            self.empty(place, &mut writer);
        }
        if let Some(place) = writer.free_place() {
            self.places[place].store(Some(Arc::clone(claims)));
            self.tags[place].store(tag, Ordering::Relaxed);
            (writer.ends[place], writer.bytes[place]) = (end, bytes);
        }
    }

    /// Forgets what has ended.
    fn forget(&self, now: Timestamp) {
        if let Ok(mut writer) = self.writer.try_lock() {
            self.forget_ended(&mut writer, now);
        }
    }

    fn forget_ended(&self, writer: &mut Writer, now: Timestamp) {
        for place in 0..PLACES {
            if writer.bytes[place] > 0 && writer.ends[place] <= now {
                self.empty(place, writer);
            }
        }
    }

    fn empty(&self, place: usize, writer: &mut Writer) {
        self.places[place].store(None);
        writer.bytes[place] = 0;
    }
}

impl Writer {
    fn free_place(&self) -> Option<usize> {
        self.bytes.iter().position(|&bytes| bytes == 0)
    }

    fn has_room(&self, bytes: usize) -> bool {
        self.free_place().is_some() && self.bytes.iter().sum::<usize>() + bytes <= BYTES
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cache")
    }
}

/// Tokens above this size are verified each time.
const MOST_TOKEN_BYTES: usize = 4 * 1024;

const SETS: usize = 512;
const PLACES: usize = if cfg!(tower_bearer_loom) { 2 } else { 16 };
/// The bytes of one set: 16 MiB in all.
const BYTES: usize = 16 * 1024 * 1024 / SETS;
/// The characters that are hashed: 96 bits of the signature.
const HASHED: usize = 16;
/// Another set is loaded with one of so many tokens, since it is far away in memory.
const KEPT_A_SWEEP: usize = 8;
