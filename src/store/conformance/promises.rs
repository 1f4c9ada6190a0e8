//! The list of all promises, and the macro that makes a test of each.

use std::any::Any;
use std::sync::Arc;

use crate::store::contract::SessionStore;

/// The one list of all promises. It exports the functions and makes `store_conformance!`, so that a
/// function which is missing here is dead code, and the compiler says so. (`$d` is a dollar sign
/// for the inner macro.)
macro_rules! promises {
    ($d:tt $($room:ident: $($promise:ident),+;)+) => {
        $(pub use super::$room::{$($promise),+};)+

        /// Makes a `#[tokio::test]` of every promise of a
        /// [`SessionStore`](crate::store::SessionStore), in the module where it is called.
        ///
        /// It takes an async function or closure that makes a fresh, empty store. A value that has
        /// to live as long as the store, such as a directory, may come with it as `(store, guard)`.
        /// The crate that calls the macro needs `tokio` with the features `macros` and
        /// `rt-multi-thread`.
        ///
        /// ```
        /// # #[allow(dead_code)]
        /// mod my_store {
        ///     use tower_bearer::MemoryStore;
        ///
        ///     async fn make_store() -> MemoryStore {
        ///         MemoryStore::new()
        ///     }
        ///
        ///     tower_bearer::store_conformance!(make_store);
        /// }
        /// ```
        ///
        /// The functions behind it are in [`store::conformance`](crate::store::conformance).
        #[macro_export]
        macro_rules! store_conformance {
            ($d make_store:expr $d(,)?) => {
                $($(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $promise() {
                        use $crate::store::conformance::FreshStore;
                        let fresh = ($d make_store)().await;
                        let (store, guard) = FreshStore::into_store_and_guard(fresh);
                        $crate::store::conformance::$promise(store).await;
                        drop(guard);
                    }
                )+)+
            };
        }
    };
}

promises! { $
    rows:
        insert_makes_a_row_that_every_method_sees,
        insert_refuses_a_known_id,
        of_racing_inserts_of_one_id_one_succeeds,
        find_finds_nothing_under_an_unknown_id,
        find_returns_expired_and_revoked_rows,
        find_never_shows_half_a_change;
    fields:
        every_field_survives_a_round_trip,
        data_of_every_length_survive_a_round_trip,
        an_unknown_kind_survives,
        every_subject_survives_a_round_trip;
    replace:
        replace_writes_what_a_refresh_changes,
        replace_writes_nothing_else,
        replace_refuses_a_wrong_revision,
        replace_refuses_an_unknown_session,
        replace_refuses_a_revoked_session,
        of_racing_replaces_one_wins,
        racing_refreshes_lose_no_update;
    confirm:
        confirm_writes_once,
        confirm_ignores_another_generation,
        confirm_ignores_an_unknown_or_revoked_session,
        racing_confirms_write_once,
        confirm_and_replace_never_both_write_over_one_revision,
        confirm_all_does_what_confirm_does,
        racing_confirm_alls_write_once,
        confirm_all_and_refreshes_lose_no_update;
    revoke:
        revoke_sets_reason_time_and_revision,
        revoke_does_not_look_at_the_revision,
        revoke_keeps_the_first_reason,
        revoke_says_false_for_an_unknown_session,
        of_racing_revokes_one_says_true,
        nothing_lives_after_revoke,
        revoke_and_confirm_each_count_once;
    revoke_all:
        revoke_all_ends_the_sessions_of_one_subject,
        revoke_all_counts_only_what_it_changed,
        revoke_all_reaches_every_session_inserted_before,
        racing_revoke_alls_count_each_session_once,
        nothing_lives_after_revoke_all;
    selection:
        list_shows_only_what_belongs_to_the_owners,
        list_follows_the_owner_that_replace_wrote,
        list_shows_only_the_selected_kinds,
        list_leaves_out_the_excepted_session,
        revoke_all_ends_only_what_belongs_to_the_owners,
        revoke_all_ends_only_the_selected_kinds,
        revoke_all_spares_the_excepted_session;
    list:
        list_shows_only_what_lives,
        count_reaches_what_list_shows,
        list_is_newest_first,
        list_is_exact_about_the_subject,
        list_never_misses_what_was_just_inserted,
        list_is_bounded_and_keeps_the_newest;
    feed:
        the_feed_without_a_cursor_has_every_revocation,
        the_feed_with_a_cursor_has_what_came_after,
        the_feed_has_every_page,
        the_feed_does_not_follow_the_clock,
        the_feed_has_no_gaps_while_many_revoke,
        revoke_all_enters_the_feed,
        an_unknown_cursor_is_answered_as_none,
        a_complete_page_says_so,
        the_feed_tells_the_time,
        the_feed_tells_how_long_ago;
    again:
        assert_revoked_ends_what_lives,
        assert_revoked_enters_what_is_unknown,
        assert_revoked_leaves_what_is_revoked;
    dropped:
        a_revoke_that_was_dropped_is_completed_by_the_next,
        a_revoke_all_that_was_dropped_is_completed_by_the_next,
        an_assert_revoked_that_was_dropped_is_completed_by_the_next;
    announced:
        every_revocation_is_announced,
        what_is_announced_is_in_the_feed;
    delete:
        delete_expired_deletes_what_ended_a_day_ago,
        delete_expired_keeps_what_lives_or_ended_lately,
        revocations_stay_for_the_retention,
        revocations_by_a_slow_clock_stay_for_the_retention,
        revocations_go_after_the_retention,
        a_cursor_survives_delete_expired,
        delete_expired_leaves_refreshes_alone;
    erase:
        erase_deletes_the_revoked_rows_of_one_subject,
        erase_leaves_what_was_not_revoked,
        erase_deletes_only_what_is_selected,
        erase_deletes_what_was_revoked_before,
        an_erased_session_stays_in_the_feed,
        racing_erasures_count_each_row_once;
    counters:
        of_racing_charges_as_many_pass_as_there_is_room,
        charge_keeps_both_rates,
        a_refused_charge_changes_nothing,
        charge_leaves_out_only_what_is_refused,
        read_returns_the_debts_of_a_counter,
        give_back_makes_room,
        give_back_never_makes_more_than_empty,
        racing_refunds_lose_no_charge,
        calls_with_the_same_keys_do_not_block_each_other,
        a_counter_ends_with_its_debts;
    values:
        a_value_survives_a_round_trip,
        a_value_ends_with_its_lifetime,
        note_overwrites,
        of_racing_put_news_one_succeeds,
        of_racing_takes_one_has_the_value,
        answers_are_in_the_order_of_the_keys,
        keys_of_two_kinds_never_meet,
        delete_ended_leaves_what_has_not_ended;
}

/// What the expression given to [`store_conformance!`](crate::store_conformance) may make: a store,
/// or a store and what has to outlive it.
pub trait FreshStore {
    /// The store, and what is dropped after the test.
    fn into_store_and_guard(self) -> (Arc<dyn SessionStore>, Box<dyn Any + Send>);
}

impl<S: SessionStore> FreshStore for S {
    fn into_store_and_guard(self) -> (Arc<dyn SessionStore>, Box<dyn Any + Send>) {
        (Arc::new(self), Box::new(()))
    }
}

impl<S: SessionStore, G: Any + Send> FreshStore for (S, G) {
    fn into_store_and_guard(self) -> (Arc<dyn SessionStore>, Box<dyn Any + Send>) {
        (Arc::new(self.0), Box::new(self.1))
    }
}
