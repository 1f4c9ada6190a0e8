//! [`Part`] is a part of the set of revoked sessions.

use std::cmp::Reverse;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::entry::Revocation;
use super::watched::Watched;
use crate::limits::REVOCATION_RETENTION;
use crate::names::SessionId;
use crate::sync::{ArcSwap, Mutex, MutexGuard};

/// Some of the revoked sessions.
///
/// A request looks into a list that never changes, and takes no lock. A writer makes another list,
/// which replaces it. That is quick because a part is small.
pub(super) struct Part {
    list: ArcSwap<List>,
    /// Held while a list is made. Requests do not wait for it, only other writers.
    writing: Mutex<()>,
    pub(super) watched: Watched,
}

/// Sessions in the order of their ids.
pub(super) struct List {
    known: Box<[Known]>,
    /// When the first of them is forgotten.
    first_end: u64,
}

#[derive(Clone, Copy)]
struct Known {
    id: SessionId,
    /// When the session is forgotten, in milliseconds of the monotonic clock: a jump of the time of
    /// day must not make a revoked token valid again.
    until: u64,
}

/// What a part had before a store was asked, and which of it the store has too.
pub(super) struct Expected {
    list: Arc<List>,
    seen: Vec<bool>,
}

impl Part {
    /// Makes a part with this list, which many parts share while they are empty.
    pub(super) fn new(list: Arc<List>) -> Self {
        Self {
            list: ArcSwap::new(list),
            writing: Mutex::default(),
            watched: Watched::default(),
        }
    }

    pub(super) fn contains(&self, id: &SessionId) -> bool {
        find(&self.list.load().known, id).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.list.load().known.len()
    }

    /// Enters sessions, forgets those whose last access token has expired, and wakes the watches of
    /// those that are new. Returns whether one is new.
    pub(super) fn enter(&self, revoked: &[&Revocation], now: Duration) -> bool {
        let may_change = |list: &List| !revoked.is_empty() || list.first_end <= as_millis(now);
        if !may_change(&self.list.load()) {
            return false;
        }
        let writing = self.writing();
        let old = self.list.load();
        let Some(change) = Change::of(&old, revoked, now) else {
            return false;
        };
        let (list, any_new) = change.list(&old);
        self.list.store(Arc::new(list));
        drop(writing);
        if any_new {
            self.watched.wake(|id| self.contains(id));
        }
        any_new
    }

    /// Returns what the part has now, for a comparison with what a store has.
    pub(super) fn expected(&self) -> Expected {
        // A writer may not have replaced the list yet.
        let _writing = self.writing();
        Expected {
            list: self.list.load_full(),
            seen: Vec::new(),
        }
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expected {
    /// Notes what the store has.
    pub(super) fn saw(&mut self, revoked: &[&Revocation]) {
        self.seen.resize(self.len(), false);
        for revocation in revoked {
            if let Ok(at) = find(&self.list.known, &revocation.id) {
                self.seen[at] = true;
            }
        }
    }

    /// Returns what the store lacks, except sessions whose time to be forgotten has come.
    pub(super) fn lacking(&self, now: Duration) -> impl Iterator<Item = SessionId> {
        let seen = self.seen.iter().chain(std::iter::repeat(&false));
        let lacks = move |(known, seen): &(&Known, &bool)| !**seen && known.until > as_millis(now);
        let lacking = self.list.known.iter().zip(seen).filter(lacks);
        lacking.map(|(known, _)| known.id)
    }

    pub(super) fn len(&self) -> usize {
        self.list.known.len()
    }
}

/// The changes that a page makes in a list.
struct Change {
    /// The sessions that are new or have more time, with the moment when they are forgotten.
    entered: Vec<(SessionId, u64)>,
    now: u64,
}

impl Change {
    /// Returns `None` if nothing changes: most pages repeat what is known.
    fn of(old: &List, revoked: &[&Revocation], now: Duration) -> Option<Self> {
        let until = |age| as_millis(now + REVOCATION_RETENTION.saturating_sub(age));
        let now = as_millis(now);
        let entered = revoked
            .iter()
            .map(|revoked| (revoked.id, until(revoked.age)));
        let counts = |&(id, until): &(SessionId, u64)| match find(&old.known, &id) {
            // A repeated session keeps its time. After a backup was restored, the session was
            // revoked again: then its time starts anew.
            Ok(at) if old.known[at].until > now => until > old.known[at].until + REPEATED,
            _ => until > now,
        };
        let entered: Vec<_> = entered.filter(counts).collect();
        (!entered.is_empty() || old.first_end <= now).then_some(Self { entered, now })
    }

    /// Returns the new list, and whether a session is new in it.
    fn list(self, old: &List) -> (List, bool) {
        let mut known = Vec::with_capacity(old.known.len() + self.entered.len());
        known.extend(old.known.iter().filter(|known| known.until > self.now));
        let kept = known.len();
        for (id, until) in self.entered {
            match find(&known[..kept], &id) {
                Ok(at) => known[at].until = known[at].until.max(until),
                Err(_) => known.push(Known { id, until }),
            }
        }
        // A page may have a session twice: the longer time counts.
        known.sort_by_key(|known| (key(&known.id), Reverse(known.until)));
        known.dedup_by_key(|known| known.id);
        let any_new = known.len() > kept;
        (List::new(known), any_new)
    }
}

impl List {
    fn new(known: Vec<Known>) -> Self {
        let first_end = known.iter().map(|known| known.until).min();
        Self {
            known: known.into_boxed_slice(),
            first_end: first_end.unwrap_or(u64::MAX),
        }
    }
}

impl Default for List {
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

fn find(known: &[Known], id: &SessionId) -> Result<usize, usize> {
    known.binary_search_by_key(&key(id), |known| key(&known.id))
}

/// Returns the id as a number, because that is quicker to compare than bytes.
fn key(id: &SessionId) -> u128 {
    u128::from_be_bytes(*id.as_bytes())
}

pub(super) fn as_millis(moment: Duration) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(u64::MAX - 1)
}

/// The age of a repeated session may differ by this many milliseconds, because of clocks and slow
/// pages.
const REPEATED: u64 = 60_000;

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    fn id(number: u128) -> SessionId {
        SessionId::from_bytes(number.to_be_bytes())
    }

    fn enter(part: &Part, revoked: &[(u128, Duration)], now: Duration) -> bool {
        let revoked = revoked
            .iter()
            .map(|&(number, age)| Revocation::new(id(number), age));
        let revoked: Vec<Revocation> = revoked.collect();
        part.enter(&revoked.iter().collect::<Vec<_>>(), now)
    }

    fn part(numbers: impl Iterator<Item = u128>) -> Part {
        let part = Part::new(Arc::default());
        let revoked: Vec<_> = numbers.map(|number| (number, Duration::ZERO)).collect();
        assert!(enter(&part, &revoked, START));
        part
    }

    #[test]
    fn a_look_up_does_not_wait_for_a_writer() {
        let part = part(0..100);
        let _writing = part.writing();
        assert!(part.contains(&id(7)) && !part.contains(&id(100)));
    }

    #[test]
    fn every_session_is_found_in_whatever_order_it_came() {
        let part = part((0..500).rev().map(|number| number * 2));
        assert!(enter(
            &part,
            &[(7, Duration::ZERO), (8, Duration::ZERO)],
            START
        ));
        for number in 0..1000 {
            let is_in = number % 2 == 0 || number == 7;
            assert_eq!(part.contains(&id(number)), is_in, "{number}");
        }
    }

    #[test]
    fn a_session_that_is_repeated_is_there_once() {
        let part = part(0..10);
        let twice = [
            (3, Duration::ZERO),
            (20, Duration::ZERO),
            (20, Duration::ZERO),
        ];
        assert!(enter(&part, &twice, START));
        assert_eq!(part.len(), 11);
        assert!(!enter(&part, &twice, START + Duration::from_secs(60)));
        assert_eq!(part.len(), 11);
    }

    #[test]
    fn a_session_is_forgotten_when_its_time_is_over_and_not_before() {
        let young = part(0..10);
        let hour = Duration::from_secs(3600);
        assert!(enter(&young, &[(20, hour)], START));
        let end = START + REVOCATION_RETENTION;
        let last_moment = end - hour - Duration::from_millis(1);
        assert!(!enter(&young, &[], last_moment));
        assert!(young.contains(&id(20)));
        assert!(!enter(&young, &[], end - hour));
        assert!(!young.contains(&id(20)) && young.contains(&id(3)));
        assert!(!enter(&young, &[(20, REVOCATION_RETENTION)], end));
        assert_eq!(young.len(), 0);
    }

    #[test]
    fn a_session_whose_time_is_over_here_stays_for_as_long_as_the_store_says() {
        let part = part(0..10);
        let (end, second) = (START + REVOCATION_RETENTION, Duration::from_secs(1));
        assert!(enter(&part, &[(3, REVOCATION_RETENTION - second)], end));
        assert!(part.contains(&id(3)));
        enter(&part, &[], end + second);
        assert!(!part.contains(&id(3)));
    }

    #[test]
    fn what_was_revoked_again_counts_anew() {
        let part = part(0..10);
        let later = START + Duration::from_secs(61);
        assert!(!enter(&part, &[(3, Duration::ZERO)], later));
        enter(&part, &[], START + REVOCATION_RETENTION);
        assert!(part.contains(&id(3)));
        assert_eq!(part.len(), 1);
    }

    #[test]
    fn only_what_was_entered_before_the_question_can_be_lacking() {
        let part = Part::new(Arc::default());
        let enter = |number| {
            let revocation = Revocation::new(id(number), Duration::ZERO);
            assert!(part.enter(&[&revocation], START));
        };
        enter(1);
        enter(2);
        let mut asked = part.expected();
        enter(3);
        let lacking = |expected: &Expected, now| expected.lacking(now).collect::<Vec<_>>();
        assert_eq!(lacking(&asked, START), [id(1), id(2)]);
        asked.saw(&[&Revocation::new(id(1), Duration::ZERO)]);
        assert_eq!(lacking(&asked, START), [id(2)]);
        let end = START + REVOCATION_RETENTION;
        assert_eq!(lacking(&part.expected(), end), []);
    }
}
