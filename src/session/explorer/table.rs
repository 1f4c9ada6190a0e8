//! Tests the table at the top of `rotation.rs` row by row, with its boundaries. These tests do not
//! search: they call `decide`, in milliseconds.

use std::time::Duration;

use super::decided::{
    BURST, KEY, NOW, OTHER_KEY, W, at, confirmed, decided, healed, opened, recovered, reply,
    rotated, row, strict, swap,
};
use crate::session::policy::SessionPolicy;
use crate::session::rotation::{Decision, Progress, Reply, SessionOver, decide};
use crate::store::{RevocationReason, Session, SessionParts};

#[test]
fn a_decision_is_written_into_the_row_with_the_next_revision_and_changes_nothing_else() {
    let row = SessionParts {
        device: Some("a laptop".to_owned()),
        stamp: Some([3; 16]),
        ..row(W)
    };
    let next = Progress {
        generation: 9,
        rotated_at: None,
        confirmed: true,
        recoveries: 4,
        recovered: true,
        retry_key: OTHER_KEY,
    };
    let written = SessionParts {
        generation: 9,
        rotated_at: None,
        confirmed: true,
        recoveries: 4,
        recovered: true,
        retry_key: OTHER_KEY,
        revision: 41,
        ..row.clone()
    };
    let session = Session::from_parts(row);
    assert_eq!(next.written_to(session).into_parts(), written);
}

#[test]
fn a_revoked_session_refuses_every_generation_and_calls_none_of_them_reuse() {
    let revoked = SessionParts {
        revoked: Some(RevocationReason::LoggedOut.at(at(NOW))),
        ..row(W)
    };
    for presented in [0, 3, 4, 5, 6] {
        assert_eq!(
            decided(&revoked, presented, KEY),
            Decision::Refuse(SessionOver::Revoked)
        );
    }
}

#[test]
fn a_session_that_is_over_refuses_every_generation_from_its_last_moment_on() {
    let unused = u64::try_from(SessionPolicy::default().idle_timeout.as_millis()).unwrap();
    let ended = SessionParts {
        expires_at: at(NOW),
        ..row(W)
    };
    let forgotten = row(unused);
    let never_used = SessionParts {
        rotated_at: None,
        created_at: at(NOW - unused),
        ..row(W)
    };
    for over in [ended, forgotten, never_used] {
        for presented in [0, 3, 4, 5, 6] {
            assert_eq!(
                decided(&over, presented, KEY),
                Decision::Refuse(SessionOver::Expired)
            );
        }
    }
    let last_moment = SessionParts {
        expires_at: at(NOW + 1),
        ..row(unused - 1)
    };
    assert_eq!(decided(&last_moment, 5, KEY), rotated(&last_moment, KEY, 0));
}

#[test]
fn a_generation_ahead_of_the_row_is_adopted_as_confirmed_and_then_coalesces() {
    let behind = SessionParts {
        recoveries: 3,
        recovered: true,
        ..row(2 * W)
    };
    for presented in [6, 9, u32::MAX] {
        assert_eq!(
            decided(&behind, presented, OTHER_KEY),
            healed(&behind, presented)
        );
    }
    let Decision::Replace { next, .. } = decided(&behind, 9, None) else {
        panic!("healed")
    };
    let next = next.written_to(Session::from_parts(behind));
    assert_eq!(decided(next.parts(), 9, None), reply(Reply::Coalesced));
    assert_eq!(decided(next.parts(), 8, None), reply(Reply::Repeated));
}

#[test]
fn the_current_generation_is_rotated_from_the_end_of_the_overlap_on() {
    let new = SessionParts {
        rotated_at: None,
        ..row(0)
    };
    for row in [row(W), confirmed(W), row(50 * W), new] {
        assert_eq!(decided(&row, 5, OTHER_KEY), rotated(&row, OTHER_KEY, 0));
        assert_eq!(decided(&row, 5, None), rotated(&row, None, 0));
    }
}

#[test]
fn the_current_generation_stays_current_within_the_overlap() {
    for row in [confirmed(0), confirmed(W / 2), confirmed(W - 1)] {
        assert_eq!(decided(&row, 5, None), reply(Reply::Coalesced));
    }
}

#[test]
fn whoever_presents_the_current_generation_confirms_it() {
    for row in [row(0), row(W / 2), row(W - 1)] {
        assert_eq!(
            decided(&row, 5, None),
            swap(&row, Reply::Coalesced, |next| next.confirmed = true)
        );
    }
}

#[test]
fn the_generation_before_is_repeated_without_a_write_in_a_burst() {
    for row in [row(0), confirmed(0), row(BURST - 1), confirmed(BURST - 1)] {
        assert_eq!(decided(&row, 4, None), reply(Reply::Repeated));
    }
}

#[test]
fn a_burst_is_an_eighth_of_a_short_overlap() {
    let policy = SessionPolicy::default().with_overlap(Duration::from_millis(800));
    let decided =
        |row: &SessionParts| decide(&Session::from_parts(row.clone()), 4, None, at(NOW), &policy);
    assert_eq!(decided(&row(99)), reply(Reply::Repeated));
    assert_eq!(decided(&row(100)), opened(&row(100)));
}

#[test]
fn the_generation_before_is_repeated_to_the_end_of_the_overlap_once_the_answer_arrived() {
    for row in [confirmed(BURST), confirmed(W / 2), confirmed(W)] {
        assert_eq!(decided(&row, 4, None), reply(Reply::Repeated));
    }
}

#[test]
fn the_overlap_opens_again_after_the_burst_while_no_answer_arrived() {
    for row in [row(BURST), row(W / 2), row(W)] {
        assert_eq!(decided(&row, 4, None), opened(&row));
    }
}

#[test]
fn the_generation_before_is_recovered_after_the_overlap_while_no_answer_arrived() {
    let never_dated = SessionParts {
        rotated_at: None,
        ..row(0)
    };
    for row in [row(W + 1), row(700 * W), never_dated] {
        assert_eq!(decided(&row, 4, None), recovered(&row));
        assert_eq!(decided(&row, 4, OTHER_KEY), recovered(&row));
    }
}

#[test]
fn the_same_idempotency_key_recovers_although_an_answer_arrived() {
    let row = confirmed(W + 1);
    assert_eq!(decided(&row, 4, KEY), recovered(&row));
    assert_eq!(decided(&row, 4, OTHER_KEY), Decision::Reuse);
    assert_eq!(decided(&row, 4, None), Decision::Reuse);
    // An absent key equals nothing.
    let unkeyed = SessionParts {
        retry_key: None,
        ..row
    };
    assert_eq!(decided(&unkeyed, 4, None), Decision::Reuse);
    assert_eq!(decided(&unkeyed, 4, KEY), Decision::Reuse);
}

#[test]
fn the_generation_before_is_reuse_after_the_overlap_once_an_answer_arrived() {
    assert_eq!(decided(&confirmed(W), 4, None), reply(Reply::Repeated));
    assert_eq!(decided(&confirmed(W + 1), 4, None), Decision::Reuse);
}

#[test]
fn older_generations_are_reuse_at_any_time() {
    for row in [
        row(0),
        confirmed(0),
        row(W / 2),
        row(W),
        row(W + 1),
        confirmed(9 * W),
    ] {
        for presented in [0, 2, 3] {
            assert_eq!(decided(&row, presented, KEY), Decision::Reuse);
        }
    }
}

#[test]
fn seven_generations_in_a_row_are_recovered_and_not_an_eighth() {
    let (seventh, eighth) = (
        SessionParts {
            recoveries: 6,
            ..row(W + 1)
        },
        SessionParts {
            recoveries: 7,
            ..row(W + 1)
        },
    );
    assert_eq!(decided(&seventh, 4, None), recovered(&seventh));
    assert_eq!(decided(&eighth, 4, None), Decision::Reuse);
    assert_eq!(decided(&eighth, 4, KEY), Decision::Reuse);
    // Recoveries do not matter within the overlap.
    let eighth = SessionParts {
        recoveries: 7,
        ..row(W)
    };
    assert_eq!(decided(&eighth, 4, None), opened(&eighth));
}

#[test]
fn a_generation_that_needed_a_recovery_counts_once_and_one_that_needed_none_resets_the_count() {
    let again = SessionParts {
        recoveries: 3,
        recovered: true,
        ..row(W + 1)
    };
    assert_eq!(decided(&again, 4, None), recovered(&again));
    // A receipt does not change this.
    for row in [
        again,
        SessionParts {
            recoveries: 3,
            recovered: true,
            ..confirmed(W)
        },
    ] {
        assert_eq!(decided(&row, 5, None), rotated(&row, None, 4));
    }
    let without = SessionParts {
        recoveries: 3,
        ..row(W)
    };
    assert_eq!(decided(&without, 5, None), rotated(&without, None, 0));
}

#[test]
fn no_overlap_is_strict_single_use() {
    for row in [
        row(0),
        confirmed(0),
        row(1),
        row(W),
        SessionParts {
            rotated_at: None,
            ..row(0)
        },
    ] {
        assert_eq!(strict(&row, 6, None), healed(&row, 6));
        assert_eq!(strict(&row, 5, KEY), rotated(&row, KEY, 0));
        for presented in [0, 3, 4] {
            assert_eq!(strict(&row, presented, KEY), Decision::Reuse);
        }
    }
}

#[test]
fn a_clock_that_jumped_ahead_and_came_back_logs_no_honest_client_out() {
    let ahead = |millis| SessionParts {
        rotated_at: Some(at(NOW + millis)),
        ..row(0)
    };
    // Up to five minutes in the future count as now.
    for row in [ahead(1), ahead(300_000)] {
        assert_eq!(
            decided(&row, 5, None),
            swap(&row, Reply::Coalesced, |next| next.confirmed = true)
        );
        assert_eq!(decided(&row, 4, None), reply(Reply::Repeated));
    }
    // A time further in the future counts as long ago, and the next write corrects it.
    for row in [ahead(300_001), ahead(1_000 * W)] {
        assert_eq!(decided(&row, 5, None), rotated(&row, None, 0));
        assert_eq!(decided(&row, 4, None), recovered(&row));
    }
}

#[test]
fn the_last_generation_of_all_is_not_rotated() {
    let last = SessionParts {
        generation: u32::MAX,
        ..row(W)
    };
    assert_eq!(
        decided(&last, u32::MAX, None),
        Decision::Refuse(SessionOver::Expired)
    );
    assert_eq!(decided(&last, u32::MAX - 1, None), opened(&last));
}
