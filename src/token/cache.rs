//! [`Cache`] remembers tokens that were verified, so that a token is verified once and not with
//! each request.
//!
//! What is in it has passed all checks. A hit is the whole token, byte by byte, and what may have
//! changed since then is checked again: see [`Recheck`]. A refusal is never remembered.
//!
//! The table has a fixed number of sets, each with a few places, so nothing ever grows or is moved.
//! A reader locks nothing. A writer has the lock of one set, and gives up if another writer has it.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use arc_swap::ArcSwapOption;

use super::claims::{AccessTokenClaims, Claims};

/// Verified tokens: at most 8,192, and at most 16 MiB.
pub(super) struct Cache {
    /// A random key, so that no one can choose tokens that share a set.
    key: RandomState,
    /// It is made with the first token. Many verifiers never see one.
    sets: OnceLock<Box<[Set]>>,
    /// The set that is cleared next.
    hand: AtomicUsize,
}

#[derive(Default)]
struct Set {
    /// A part of each token's hash, so that a reader looks at one place and not at all.
    tags: [AtomicU32; PLACES],
    places: [ArcSwapOption<Claims>; PLACES],
    /// The place that is emptied next, if all are taken.
    next: Mutex<usize>,
}

/// The checks of a verifier that have to be made with every request.
pub(super) trait Recheck {
    /// Returns whether the verifier would still accept a token with these claims.
    fn still_accepts(&self, claims: &Claims) -> bool;

    /// Returns whether they have expired, or their keys are no longer those of the issuer. Then
    /// they are forgotten.
    fn has_ended(&self, claims: &Claims) -> bool;
}

impl Cache {
    pub(super) fn new() -> Self {
        Self {
            key: RandomState::new(),
            sets: OnceLock::new(),
            hand: AtomicUsize::new(0),
        }
    }

    /// Returns the claims of a token: those that are remembered, or those that `verify` returns,
    /// which are remembered then. `verify` gets the text that the claims keep as their token.
    pub(super) fn look_up<E>(
        &self,
        token: &str,
        verifier: &impl Recheck,
        verify: impl FnOnce(&str) -> Result<AccessTokenClaims, E>,
    ) -> Result<AccessTokenClaims, E> {
        if token.len() > MOST_TOKEN_BYTES {
            return verify("");
        }
        if let Some(claims) = self.find(token, verifier) {
            return Ok(AccessTokenClaims(claims));
        }
        let claims = verify(token)?;
        if claims.0.text.token() == token {
            self.insert(&claims.0, verifier);
        }
        Ok(claims)
    }

    fn find(&self, token: &str, verifier: &impl Recheck) -> Option<Arc<Claims>> {
        let (index, tag) = self.place(token);
        let set = self.sets.get()?.get(index)?;
        let is_tagged = |place: &usize| set.tags[*place].load(Ordering::Relaxed) == tag;
        for place in (0..PLACES).filter(is_tagged) {
            let found = set.places[place].load();
            let Some(claims) = &*found else { continue };
            if claims.text.token() != token {
                continue;
            }
            if verifier.still_accepts(claims) {
                return Some(Arc::clone(claims));
            }
            set.places[place].compare_and_swap(&found, None);
            return None;
        }
        None
    }

    fn insert(&self, claims: &Arc<Claims>, verifier: &impl Recheck) {
        let (index, tag) = self.place(claims.text.token());
        let sets = self
            .sets
            .get_or_init(|| (0..SETS).map(|_| Set::default()).collect());
        sets[index].insert(claims, tag, verifier);
        // One other set a time, so that what has ended goes without a pause.
        let other = self.hand.fetch_add(1, Ordering::Relaxed) % SETS;
        sets[other].forget(verifier);
    }

    /// Returns the set of a token, and its tag there.
    ///
    /// The end of a token is its signature, which is different in any two tokens that pass. To hash
    /// more would cost more than all else here.
    fn place(&self, token: &str) -> (usize, u32) {
        let end = &token.as_bytes()[token.len().saturating_sub(HASHED)..];
        let mut hasher = self.key.build_hasher();
        hasher.write(end);
        let hash = hasher.finish();
        #[allow(clippy::cast_possible_truncation)]
        (hash as usize % SETS, (hash >> 32) as u32)
    }
}

impl Set {
    fn insert(&self, claims: &Arc<Claims>, tag: u32, verifier: &impl Recheck) {
        // Another writer is at work here. The token is remembered when it comes again.
        let Ok(mut next) = self.next.try_lock() else {
            return;
        };
        let is_same = |known: &Claims| known.text.token() == claims.text.token();
        let mut bytes = claims.bytes();
        let mut free = None;
        for (index, place) in self.places.iter().enumerate() {
            match &*place.load() {
                Some(known) if is_same(known) || verifier.has_ended(known) => place.store(None),
                Some(known) => {
                    bytes += known.bytes();
                    continue;
                }
                None => {}
            }
            free = Some(index);
        }
        for _ in 0..PLACES {
            if free.is_some() && bytes <= BYTES {
                break;
            }
            if let Some(known) = self.places[*next].swap(None) {
                bytes -= known.bytes();
            }
            free = Some(*next);
            *next = (*next + 1) % PLACES;
        }
        if let Some(free) = free {
            self.places[free].store(Some(Arc::clone(claims)));
            self.tags[free].store(tag, Ordering::Relaxed);
        }
    }

    fn forget(&self, verifier: &impl Recheck) {
        for place in &self.places {
            let known = place.load();
            if known
                .as_deref()
                .is_some_and(|known| verifier.has_ended(known))
            {
                place.compare_and_swap(&known, None);
            }
        }
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
const PLACES: usize = 16;
/// The bytes of one set: 16 MiB in all.
const BYTES: usize = 16 * 1024 * 1024 / SETS;
const HASHED: usize = 64;
