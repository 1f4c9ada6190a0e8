//! [`RevokedSet`] has the sessions that were revoked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::yield_now;

use super::entry::Revocation;
use super::part::{Expected, Part};
use crate::names::SessionId;

/// The revoked sessions, in parts.
///
/// A look-up takes no lock. Work on all parts takes them one by one, and lets the other tasks of
/// its thread go on in between, so that no request waits while a store returns a million
/// revocations at once.
pub(super) struct RevokedSet {
    parts: Box<[Part]>,
}

/// What was known before a store was asked, to compare it with everything that the store has.
pub(crate) struct Comparison(Vec<Expected>);

/// The revocations of a page, by the part that they belong to.
pub(super) struct Page<'a>(BTreeMap<usize, Vec<&'a Revocation>>);

impl RevokedSet {
    pub(super) fn contains(&self, id: &SessionId) -> bool {
        self.part(id).contains(id)
    }

    /// Enters one session.
    pub(super) fn enter(&self, revocation: &Revocation, now: Duration) {
        self.part(&revocation.id).enter(&[revocation], now);
    }

    /// Enters the sessions of a page, and forgets those whose last access token has expired.
    pub(super) async fn extend(&self, page: &Page<'_>, now: Duration) {
        let mut steps = Steps::default();
        for (index, part) in self.parts.iter().enumerate() {
            let revoked = page.of_part(index);
            part.enter(revoked, now);
            steps.did(revoked.len()).await;
        }
    }

    /// Begins a comparison with what the set has now.
    pub(super) fn compare(&self) -> Comparison {
        Comparison(self.parts.iter().map(Part::expected).collect())
    }

    /// Returns the part that this session belongs to.
    pub(super) fn part(&self, id: &SessionId) -> &Part {
        &self.parts[part_of(id)]
    }

    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }
}

impl Default for RevokedSet {
    fn default() -> Self {
        let empty = Arc::default();
        let parts = (0..PARTS).map(|_| Part::new(Arc::clone(&empty)));
        Self {
            parts: parts.collect(),
        }
    }
}

impl Comparison {
    /// Notes that the store has the sessions of this page.
    pub(super) async fn saw(&mut self, page: &Page<'_>) {
        let mut steps = Steps::default();
        for (index, part) in self.0.iter_mut().enumerate() {
            let revoked = page.of_part(index);
            part.saw(revoked);
            steps.did(revoked.len()).await;
        }
    }

    /// Returns the sessions that no page had, except those whose time to be forgotten has come.
    pub(super) async fn lacking(&self, now: Duration) -> Vec<SessionId> {
        let (mut lacking, mut steps) = (Vec::new(), Steps::default());
        for part in &self.0 {
            lacking.extend(part.lacking(now));
            steps.did(part.len()).await;
        }
        lacking
    }
}

impl<'a> Page<'a> {
    pub(super) async fn of(revoked: &'a [Revocation]) -> Self {
        let (mut parts, mut steps) = (BTreeMap::<_, Vec<_>>::new(), Steps::default());
        for revocation in revoked {
            let part = parts.entry(part_of(&revocation.id)).or_default();
            part.push(revocation);
            steps.did(1).await;
        }
        Self(parts)
    }

    fn of_part(&self, index: usize) -> &[&'a Revocation] {
        self.0.get(&index).map_or(&[], Vec::as_slice)
    }
}

/// Counts what a task does without a pause.
#[derive(Default)]
struct Steps(usize);

impl Steps {
    /// Lets other tasks go on after a step of so many sessions.
    async fn did(&mut self, sessions: usize) {
        self.0 += sessions;
        if self.0 >= STEP {
            self.0 = 0;
            yield_now().await;
        }
    }
}

/// Returns the part that a session belongs to.
///
/// An id is a hash, so any of its bits would do. The multiplication spreads the ids of tests too,
/// which are often numbers.
fn part_of(id: &SessionId) -> usize {
    let id = u128::from_le_bytes(*id.as_bytes());
    let folded = (id >> 64) as u64 ^ id as u64;
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - PARTS.ilog2())) as usize
}

/// With a million revoked sessions a part has a thousand, and is made again in microseconds.
const PARTS: usize = 1024;
/// About this many sessions are looked at without a pause, or one part.
const STEP: usize = 1024;

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::pin;

    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn parts_are_equally_large() {
        let hash = |number: u128| {
            let hash = Sha256::digest(number.to_le_bytes());
            u128::from_le_bytes(hash[..16].try_into().unwrap())
        };
        let kinds: [&dyn Fn(u128) -> u128; 4] = [
            &hash,
            &|number| number,
            &|number| number << 64,
            &u128::swap_bytes,
        ];
        for of in kinds {
            let mut parts = vec![0; PARTS];
            for number in 0..100 * PARTS as u128 {
                parts[part_of(&SessionId::from_bytes(of(number).to_le_bytes()))] += 1;
            }
            let largest = parts.iter().max().unwrap();
            assert!(*largest < 200, "{largest}");
        }
    }

    #[tokio::test]
    async fn each_walk_through_many_revocations_pauses() {
        async fn pauses<T>(walk: impl Future<Output = T>) -> (usize, T) {
            let (mut walk, mut polls) = (pin!(walk), 0);
            let walk = poll_fn(|cx| {
                polls += 1;
                walk.as_mut().poll(cx)
            });
            let done = walk.await;
            (polls - 1, done)
        }

        const MANY: usize = 20_000;
        let revoked = (0..MANY as u128).map(|number| {
            let id = SessionId::from_bytes(number.to_le_bytes());
            Revocation::new(id, Duration::ZERO)
        });
        let (revoked, now) = (revoked.collect::<Vec<_>>(), Duration::ZERO);
        let set = RevokedSet::default();
        let (sorts, page) = pauses(Page::of(&revoked)).await;
        let (enters, ()) = pauses(set.extend(&page, now)).await;
        let (mut comparison, nothing) = (set.compare(), set.compare());
        let (compares, ()) = pauses(comparison.saw(&page)).await;
        let (finds, lost) = pauses(comparison.lacking(now)).await;
        let (misses, all) = pauses(nothing.lacking(now)).await;
        assert_eq!((lost.len(), set.len(), all.len()), (0, MANY, MANY));
        for pauses in [sorts, enters, compares, finds, misses] {
            assert!((15..=MANY / STEP).contains(&pauses), "{pauses} pauses");
        }
    }
}
