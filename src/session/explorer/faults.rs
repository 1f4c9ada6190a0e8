//! The explorer is proven: it catches rules that are almost right.

use super::law::Law;
use super::rules::*;
use super::scenarios::*;
use super::search::caught;

#[test]
fn no_reuse_detection_is_caught() {
    caught("no reuse detection", &THIEF, &NO_REUSE_DETECTION, Law::UsedCopiesEndIt);
    caught("no reuse detection, a silent thief", &SHORT_SILENT_THIEF, &NO_REUSE_DETECTION, Law::UnusedCopiesEndIt);
    caught("reuse that ends nothing", &THIEF, &REUSE_ENDS_NOTHING, Law::UsedCopiesEndIt);
}

#[test]
fn a_recovery_that_ignores_receipts_is_caught() {
    caught("recovery ignores receipts", &THIEF, &RECOVERY_IGNORES_RECEIPTS, Law::UsedCopiesEndIt);
}

#[test]
fn recoveries_counted_by_attempt_are_caught() {
    caught("counted by attempt", &PHONE, &RECOVERIES_COUNTED_BY_ATTEMPT, Law::NobodyHonestIsRefused);
}

#[test]
fn a_count_that_a_receipt_resets_is_caught() {
    caught("a receipt resets the count", &SHORT_SILENT_THIEF, &A_RECEIPT_RESETS_THE_COUNT, Law::UnusedCopiesEndIt);
}

#[test]
fn recoveries_without_end_are_caught() {
    caught("recoveries without end", &SHORT_SILENT_THIEF, &RECOVERIES_WITHOUT_END, Law::UnusedCopiesEndIt);
}

#[test]
fn an_overlap_that_opens_again_in_its_second_half_only_is_caught() {
    let rule = &A_REPEAT_OPENS_IN_THE_SECOND_HALF_ONLY;
    caught("opens late, two tabs", &TWO_SLOW_TABS, rule, Law::NobodyHonestIsRefused);
    caught("opens late, three tabs", &THREE_SLOW_TABS, rule, Law::NobodyHonestIsRefused);
}

#[test]
fn an_overlap_that_does_not_open_again_is_caught() {
    caught("opens only once", &TWO_TABS, &THE_OVERLAP_OPENS_ONLY_ONCE, Law::NobodyHonestIsRefused);
}

#[test]
fn healing_that_makes_a_generation_is_caught() {
    caught("healing makes a generation", &FORGETFUL_STORE, &HEALING_MAKES_A_GENERATION, Law::NobodyHonestIsRefused);
}

#[test]
fn a_revoked_session_that_recovers_is_caught() {
    caught("the revoked recover", &LOGOUT, &THE_REVOKED_RECOVER, Law::LogoutIsFinal);
}

#[test]
fn a_receipt_that_does_not_raise_the_revision_is_caught() {
    caught("no revision", &TWO_TABS, &A_RECEIPT_RAISES_NO_REVISION, Law::RevisionsCount);
    // And it matters: a write under way undoes the receipt, and the thief goes on.
    caught("no revision, a lost receipt", &THIEF, &A_RECEIPT_RAISES_NO_REVISION, Law::UsedCopiesEndIt);
}

// Each law catches something.

#[test]
fn a_rotation_at_every_use_is_caught() {
    caught("nothing coalesces", &TWO_TABS, &NOTHING_COALESCES, Law::OneRotationInTheOverlap);
    caught("nothing coalesces, tabs", &TWO_TABS, &NOTHING_COALESCES, Law::NobodyHonestIsRefused);
}

#[test]
fn an_absolute_end_that_is_forgotten_is_caught() {
    caught("the end is forgotten", &ENDS, &THE_END_IS_FORGOTTEN, Law::NothingOutlivesTheSession);
}
