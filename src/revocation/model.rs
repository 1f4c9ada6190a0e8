//! The set of revoked sessions and the queue of receipts, in the orders in which threads may use
//! them.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use loom::sync::atomic::{AtomicBool, Ordering};

use super::entry::Revocation;
use super::part::Part;
use super::receipts::{Receipt, Receipts};
use crate::model::{at_once, explore};
use crate::names::SessionId;
use crate::once::DoneIn;

const START: Duration = Duration::from_secs(1);

#[test]
fn two_writers_lose_no_revocation() {
    explore(|| {
        let (part, same) = shared_part();
        let after = Arc::clone(&part);
        at_once(
            move || part.enter(&[&revocation(1)], START),
            move || same.enter(&[&revocation(2), &revocation(3)], START),
        );
        for number in [1, 2, 3] {
            assert!(after.contains(&id(number)), "{number}");
        }
    });
}

#[test]
fn a_revoked_session_stays_so_while_others_are_entered() {
    explore(|| {
        let (part, read) = shared_part();
        part.enter(&[&revocation(1)], START);
        let (_, is_revoked) = at_once(
            move || part.enter(&[&revocation(2)], START),
            move || read.contains(&id(1)),
        );
        assert!(is_revoked);
    });
}

/// A long connection begins to watch, and then looks once. The revocation is seen by one of both.
#[test]
fn no_revocation_falls_between_the_watch_and_the_look() {
    explore(|| {
        let (part, watched) = shared_part();
        let (_, (was_revoked, mut watch)) = at_once(
            move || part.enter(&[&revocation(1)], START),
            move || {
                let revoked = watched.watched.join(&id(1));
                let mut watch = Box::pin(async move { revoked.notified().await });
                // It waits from now on.
                let was_woken = is_ready(watch.as_mut());
                (was_woken || watched.contains(&id(1)), watch)
            },
        );
        assert!(was_revoked || is_ready(watch.as_mut()));
    });
}

#[test]
fn a_watch_that_begins_while_another_one_ends_is_woken() {
    explore(|| {
        let (part, same) = shared_part();
        let after = Arc::clone(&part);
        part.watched.join(&id(1));
        let (_, revoked) = at_once(
            move || part.watched.leave(&id(1)),
            move || same.watched.join(&id(1)),
        );
        let mut woken = pin!(revoked.notified());
        woken.as_mut().enable();
        after.enter(&[&revocation(1)], START);
        assert!(woken.as_mut().enable());
    });
}

/// Else a process would revoke a session again that the store has.
#[test]
fn a_session_that_is_expected_was_written_to_the_store_before() {
    explore(|| {
        let (part, same) = shared_part();
        let is_stored = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&is_stored);
        at_once(
            move || {
                is_stored.store(true, Ordering::Relaxed);
                part.enter(&[&revocation(1)], START);
            },
            move || {
                let is_expected = same.expected().lacking(START).next().is_some();
                assert!(!is_expected || asked.load(Ordering::Relaxed));
            },
        );
    });
}

#[test]
fn the_receipt_of_two_requests_at_once_is_queued_once() {
    explore(|| {
        let (receipts, claims) = (Receipts::default(), Arc::new(DoneIn::default()));
        at_once(push(&receipts, &claims), push(&receipts, &claims));
        assert_eq!(receipts.take(), [RECEIPT]);
    });
}

#[test]
fn a_receipt_that_the_store_did_not_get_is_queued_by_a_later_request() {
    explore(|| {
        let (receipts, claims) = (Receipts::default(), Arc::new(DoneIn::default()));
        push(&receipts, &claims)();
        receipts.take();
        let failed = receipts.clone();
        at_once(push(&receipts, &claims), move || failed.forget(RECEIPT));
        push(&receipts, &claims)();
        assert_eq!(receipts.take(), [RECEIPT]);
    });
}

#[test]
fn a_receipt_that_arrives_while_others_are_taken_is_in_one_of_both_batches() {
    explore(|| {
        let (receipts, claims) = (Receipts::default(), Arc::new(DoneIn::default()));
        let taking = receipts.clone();
        let (_, mut taken) = at_once(push(&receipts, &claims), move || taking.take());
        taken.extend(receipts.take());
        assert_eq!(taken, [RECEIPT]);
    });
}

fn shared_part() -> (Arc<Part>, Arc<Part>) {
    let part = Arc::new(Part::new(Arc::default()));
    (Arc::clone(&part), part)
}

fn is_ready(future: Pin<&mut impl Future>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    future.poll(&mut context).is_ready()
}

/// A request with these claims.
fn push(receipts: &Receipts, claims: &Arc<DoneIn>) -> impl Fn() + use<> {
    let (receipts, claims) = (receipts.clone(), Arc::clone(claims));
    move || receipts.push(RECEIPT, &claims)
}

fn revocation(number: u128) -> Revocation {
    Revocation::new(id(number), Duration::ZERO)
}

const fn id(number: u128) -> SessionId {
    SessionId::from_bytes(number.to_be_bytes())
}

const RECEIPT: Receipt = Receipt::new(id(1), 3);
