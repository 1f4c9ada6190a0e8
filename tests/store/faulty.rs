//! The conformance suite notices what a store gets wrong: each store here breaks one promise, and
//! the function for it panics.

mod ephemeral;
mod short_lived;
mod store;

use store::Fault::*;
use store::faulty;
use tower_bearer::store::conformance;

/// For each fault the promises that it breaks.
macro_rules! noticed {
    ($($test:ident: $fault:ident => $($promise:ident),+;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $test() {
            $(
                let promise = stringify!($promise);
                let checked = tokio::spawn(conformance::$promise(faulty($fault)));
                assert!(checked.await.is_err(), "{promise} did not notice {:?}", $fault);
            )+
        })+
    };
}

noticed! {
    an_insert_that_overwrites_is_noticed: InsertOverwrites =>
        insert_refuses_a_known_id, of_racing_inserts_of_one_id_one_succeeds;
    an_index_that_lags_is_noticed: InsertEntersTheIndexLate =>
        insert_makes_a_row_that_every_method_sees, list_never_misses_what_was_just_inserted;
    a_find_from_a_cache_is_noticed: FindIsCached =>
        find_never_shows_half_a_change, nothing_lives_after_revoke;
    a_find_from_a_replica_that_lags_is_noticed: FindReadsALaggingReplica =>
        insert_makes_a_row_that_every_method_sees,
        replace_writes_what_a_refresh_changes,
        nothing_lives_after_revoke;
    a_replace_that_ignores_the_revision_is_noticed: ReplaceIgnoresTheRevision =>
        replace_refuses_a_wrong_revision,
        of_racing_replaces_one_wins,
        racing_refreshes_lose_no_update;
    a_replace_that_reads_and_then_writes_is_noticed: ReplaceReadsThenWrites =>
        of_racing_replaces_one_wins;
    a_replace_that_moves_the_end_is_noticed: ReplaceMovesTheEnd =>
        replace_writes_nothing_else;
    a_confirm_that_always_writes_is_noticed: ConfirmAlwaysWrites =>
        confirm_writes_once,
        confirm_ignores_another_generation,
        confirm_ignores_an_unknown_or_revoked_session,
        racing_confirms_write_once,
        confirm_all_does_what_confirm_does,
        racing_confirm_alls_write_once;
    a_confirm_that_reads_and_then_writes_is_noticed: ConfirmReadsThenWrites =>
        confirm_and_replace_never_both_write_over_one_revision, revoke_and_confirm_each_count_once,
        confirm_all_and_refreshes_lose_no_update;
    a_confirm_all_that_forgets_the_rest_is_noticed: ConfirmAllForgetsTheRest =>
        confirm_all_does_what_confirm_does, racing_confirm_alls_write_once;
    a_revoke_that_overwrites_the_reason_is_noticed: RevokeOverwritesTheReason =>
        revoke_keeps_the_first_reason, of_racing_revokes_one_says_true;
    a_revoke_that_reads_and_then_writes_is_noticed: RevokeReadsThenWrites =>
        of_racing_revokes_one_says_true;
    a_revoke_all_that_misses_the_newest_is_noticed: RevokeAllMissesTheNewest =>
        insert_makes_a_row_that_every_method_sees, revoke_all_ends_the_sessions_of_one_subject,
        revoke_all_counts_only_what_it_changed, revoke_all_reaches_every_session_inserted_before,
        racing_revoke_alls_count_each_session_once, nothing_lives_after_revoke_all;
    a_revoke_all_outside_the_feed_is_noticed: RevokeAllForgetsTheFeed =>
        revoke_all_enters_the_feed;
    rows_that_end_before_the_feed_are_noticed: RowsEndBeforeTheFeed =>
        a_revoke_that_was_dropped_is_completed_by_the_next,
        a_revoke_all_that_was_dropped_is_completed_by_the_next,
        an_assert_revoked_that_was_dropped_is_completed_by_the_next;
    a_list_that_ignores_case_is_noticed: ListIgnoresCase =>
        list_is_exact_about_the_subject;
    a_count_that_is_too_low_is_noticed: CountStopsAtOne => count_reaches_what_list_shows;
    a_count_of_everyone_is_noticed: CountCountsEveryone => count_reaches_what_list_shows;
    a_feed_that_numbers_before_the_commit_is_noticed: FeedNumbersBeforeTheCommit =>
        the_feed_has_no_gaps_while_many_revoke;
    a_feed_that_believes_any_cursor_is_noticed: FeedBelievesAnyCursor =>
        an_unknown_cursor_is_answered_as_none;
    a_feed_that_is_never_complete_is_noticed: FeedIsNeverComplete =>
        a_complete_page_says_so;
    a_feed_that_is_always_complete_is_noticed: FeedIsAlwaysComplete =>
        a_complete_page_says_so;
    a_feed_that_ends_with_its_first_page_is_noticed: FeedEndsWithItsFirstPage =>
        the_feed_has_every_page;
    pages_that_all_begin_again_are_noticed: PagesBeginAgain => the_feed_has_every_page;
    an_assertion_that_forgets_the_unknown_is_noticed: AssertForgetsTheUnknown =>
        assert_revoked_enters_what_is_unknown;
    an_assertion_that_forgets_what_lives_is_noticed: AssertForgetsWhatLives =>
        assert_revoked_ends_what_lives;
    a_store_that_announces_nothing_is_noticed: AnnouncesNothing =>
        every_revocation_is_announced;
    a_deletion_that_forgets_the_retention_is_noticed: DeleteForgetsTheRetention =>
        delete_expired_keeps_what_lives_or_ended_lately,
        revocations_stay_for_the_retention,
        delete_expired_leaves_refreshes_alone;
    an_erasure_that_deletes_nothing_is_noticed: EraseDeletesNothing =>
        erase_deletes_the_revoked_rows_of_one_subject,
        erase_deletes_what_was_revoked_before,
        racing_erasures_count_each_row_once;
    an_erasure_of_what_lives_is_noticed: EraseEndsWhatLives =>
        erase_leaves_what_was_not_revoked;
    an_erasure_outside_the_feed_is_noticed: EraseForgetsTheFeed =>
        an_erased_session_stays_in_the_feed;
}

/// The wrapper itself breaks nothing: what the tests above notice is the fault.
mod without_a_fault {
    use super::*;

    tower_bearer::store_conformance!(async || faulty(Nothing));
}
