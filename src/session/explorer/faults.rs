//! Tests the explorer: it notices rules that are almost right.

use super::law::Law;
use super::password::{LOGIN, PASSWORD_CHANGE, RESTORED_LOGIN};
use super::restored::RESTORED_STORE;
use super::revived::{ONE_KNOWS, ONE_NODE};
use super::rules::*;
use super::scenarios::*;
use super::search::caught;
use super::skewed::SKEWED_CLOCKS;

#[test]
fn no_reuse_detection_is_caught() {
    caught(
        "no reuse detection",
        &THIEF,
        &NO_REUSE_DETECTION,
        Law::UsedCopiesEndIt,
    );
    caught(
        "no reuse detection, a silent thief",
        &SHORT_SILENT_THIEF,
        &NO_REUSE_DETECTION,
        Law::UnusedCopiesEndIt,
    );
    caught(
        "reuse that ends nothing",
        &THIEF,
        &REUSE_ENDS_NOTHING,
        Law::UsedCopiesEndIt,
    );
}

#[test]
fn a_recovery_that_ignores_receipts_is_caught() {
    caught(
        "recovery ignores receipts",
        &THIEF,
        &RECOVERY_IGNORES_RECEIPTS,
        Law::UsedCopiesEndIt,
    );
}

#[test]
fn recoveries_counted_by_attempt_are_caught() {
    caught(
        "counted by attempt",
        &PHONE,
        &RECOVERIES_COUNTED_BY_ATTEMPT,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn a_count_that_a_receipt_resets_is_caught() {
    caught(
        "a receipt resets the count",
        &SHORT_SILENT_THIEF,
        &A_RECEIPT_RESETS_THE_COUNT,
        Law::UnusedCopiesEndIt,
    );
}

#[test]
fn recoveries_without_end_are_caught() {
    caught(
        "recoveries without end",
        &SHORT_SILENT_THIEF,
        &RECOVERIES_WITHOUT_END,
        Law::UnusedCopiesEndIt,
    );
}

#[test]
fn an_overlap_that_opens_again_in_its_second_half_only_is_caught() {
    let rule = &A_REPEAT_OPENS_IN_THE_SECOND_HALF_ONLY;
    caught(
        "opens late, two tabs",
        &TWO_SLOW_TABS,
        rule,
        Law::NobodyHonestIsRefused,
    );
    caught(
        "opens late, three tabs",
        &THREE_SLOW_TABS,
        rule,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn an_overlap_that_does_not_open_again_is_caught() {
    caught(
        "opens only once",
        &TWO_TABS,
        &THE_OVERLAP_OPENS_ONLY_ONCE,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn healing_that_is_almost_right_is_caught() {
    caught(
        "healing makes a generation",
        &RESTORED_STORE,
        &HEALING_MAKES_A_GENERATION,
        Law::NobodyHonestIsRefused,
    );
    caught(
        "healing adopts nothing",
        &RESTORED_STORE,
        &HEALING_ADOPTS_NOTHING,
        Law::NobodyHonestIsRefused,
    );
    caught(
        "healing opens nothing",
        &RESTORED_STORE,
        &HEALING_OPENS_NOTHING,
        Law::NobodyHonestIsRefused,
    );
    caught(
        "a lost generation is reuse",
        &RESTORED_STORE,
        &A_LOST_GENERATION_IS_REUSE,
        Law::NobodyHonestIsAccused,
    );
}

#[test]
fn a_time_ahead_that_is_not_believed_is_caught() {
    caught(
        "no clock is ahead",
        &SKEWED_CLOCKS,
        &NO_CLOCK_IS_AHEAD,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn a_node_that_forgets_or_conceals_revocations_is_caught() {
    caught(
        "not asked",
        &ONE_NODE,
        &REVOCATIONS_ARE_NOT_ASKED,
        Law::LogoutIsFinal,
    );
    caught(
        "not asked again",
        &ONE_NODE,
        &REVOCATIONS_ARE_ASKED_ONCE,
        Law::NothingIsAnsweredAfterALogout,
    );
    caught(
        "not asserted",
        &ONE_KNOWS,
        &NODES_ASSERT_NOTHING,
        Law::NothingIsRevivedForLong,
    );
}

#[test]
fn a_stamp_that_nobody_compares_is_caught() {
    caught(
        "stamps are ignored",
        &PASSWORD_CHANGE,
        &STAMPS_ARE_IGNORED,
        Law::ThePasswordCounts,
    );
    caught(
        "stamps are ignored, a restore",
        &RESTORED_LOGIN,
        &STAMPS_ARE_IGNORED,
        Law::LogoutIsFinal,
    );
    caught(
        "a login asks once",
        &LOGIN,
        &A_LOGIN_ASKS_ONCE,
        Law::ThePasswordCounts,
    );
}

#[test]
fn an_alarm_after_a_logout_is_caught() {
    caught(
        "a revoked token is reuse",
        &LOGOUT,
        &A_REVOKED_TOKEN_IS_REUSE,
        Law::NobodyHonestIsAccused,
    );
}

#[test]
fn a_revoked_session_that_recovers_is_caught() {
    caught(
        "the revoked recover",
        &LOGOUT,
        &THE_REVOKED_RECOVER,
        Law::LogoutIsFinal,
    );
}

#[test]
fn a_receipt_that_does_not_raise_the_revision_is_caught() {
    caught(
        "no revision",
        &TWO_TABS,
        &A_RECEIPT_RAISES_NO_REVISION,
        Law::RevisionsCount,
    );
    // This matters: a write that is under way undoes the receipt, and the thief goes on.
    caught(
        "no revision, a lost receipt",
        &THIEF,
        &A_RECEIPT_RAISES_NO_REVISION,
        Law::UsedCopiesEndIt,
    );
}

// Each law notices some fault.

#[test]
fn a_rotation_at_every_use_is_caught() {
    caught(
        "nothing coalesces",
        &TWO_TABS,
        &NOTHING_COALESCES,
        Law::OneRotationInTheOverlap,
    );
    caught(
        "nothing coalesces, tabs",
        &TWO_TABS,
        &NOTHING_COALESCES,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn an_absolute_end_that_is_forgotten_is_caught() {
    caught(
        "the end is forgotten",
        &ENDS,
        &THE_END_IS_FORGOTTEN,
        Law::NothingOutlivesTheSession,
    );
}

#[test]
fn an_access_token_that_outlives_its_session_is_caught() {
    caught(
        "tokens outlive",
        &ENDS,
        &ACCESS_TOKENS_OUTLIVE_THE_SESSION,
        Law::NothingOutlivesTheSession,
    );
}

#[test]
fn a_decision_that_one_clock_makes_alone_is_caught() {
    caught(
        "the later clock accuses",
        &SLOW_APPLICATION,
        &THE_LATER_CLOCK_ACCUSES,
        Law::NobodyHonestIsAccused,
    );
    caught(
        "the first clock counts",
        &SLOW_ENDS,
        &THE_FIRST_CLOCK_COUNTS,
        Law::NothingOutlivesTheSession,
    );
}
