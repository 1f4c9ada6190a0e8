//! The conformance suite notices what a store of short-lived things gets wrong.

use tower_bearer::store::conformance;

use super::ephemeral::EphemeralFault::*;
use super::store::faulty_ephemeral;

/// For each fault the promises that it breaks.
macro_rules! noticed {
    ($($test:ident: $fault:ident => $($promise:ident),+;)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $test() {
            $(
                let promise = stringify!($promise);
                let checked = tokio::spawn(conformance::$promise(faulty_ephemeral($fault)));
                assert!(checked.await.is_err(), "{promise} did not notice {:?}", $fault);
            )+
        })+
    };
}

noticed! {
    a_charge_that_reads_and_then_writes_is_noticed: ChargeReadsThenWrites =>
        of_racing_charges_as_many_pass_as_there_is_room,
        racing_refunds_lose_no_charge;
    a_charge_without_the_fast_rate_is_noticed: ChargeForgetsTheFastRate =>
        of_racing_charges_as_many_pass_as_there_is_room,
        charge_keeps_both_rates,
        read_returns_the_debts_of_a_counter;
    a_charge_without_the_slow_rate_is_noticed: ChargeForgetsTheSlowRate =>
        of_racing_charges_as_many_pass_as_there_is_room,
        charge_keeps_both_rates,
        read_returns_the_debts_of_a_counter;
    a_charge_that_writes_what_it_refuses_is_noticed: ChargeWritesWhatItRefuses =>
        a_refused_charge_changes_nothing;
    a_charge_of_all_or_none_is_noticed: ChargesAllOrNone =>
        charge_leaves_out_only_what_is_refused;
    a_charge_that_stops_at_the_first_refusal_is_noticed: ChargeStopsAtTheFirstRefusal =>
        charge_leaves_out_only_what_is_refused;
    a_read_by_another_clock_is_noticed: ReadIsByAnotherClock =>
        read_returns_the_debts_of_a_counter;
    a_refund_that_does_nothing_is_noticed: GiveBackDoesNothing =>
        give_back_makes_room,
        give_back_never_makes_more_than_empty,
        racing_refunds_lose_no_charge;
    a_refund_of_more_than_there_is_is_noticed: GiveBackMakesMoreThanEmpty =>
        give_back_never_makes_more_than_empty;
    a_refund_that_reads_and_then_writes_is_noticed: GiveBackReadsThenWrites =>
        racing_refunds_lose_no_charge;
    a_store_in_which_nothing_ends_is_noticed: NothingEnds =>
        a_counter_ends_with_its_debts,
        a_value_ends_with_its_lifetime;
    a_value_that_is_cut_is_noticed: ValuesAreCut =>
        a_value_survives_a_round_trip;
    a_note_that_keeps_the_first_value_is_noticed: NoteKeepsTheFirst =>
        note_overwrites;
    a_put_new_that_overwrites_is_noticed: PutNewOverwrites =>
        of_racing_put_news_one_succeeds;
    a_put_new_that_reads_and_then_writes_is_noticed: PutNewReadsThenWrites =>
        of_racing_put_news_one_succeeds;
    a_take_that_reads_and_then_deletes_is_noticed: TakeReadsThenDeletes =>
        of_racing_takes_one_has_the_value;
    a_take_that_leaves_the_value_is_noticed: TakeLeavesTheValue =>
        of_racing_takes_one_has_the_value,
        a_value_survives_a_round_trip;
    answers_in_an_order_of_their_own_are_noticed: AnswersAreSorted =>
        answers_are_in_the_order_of_the_keys;
    answers_for_some_keys_only_are_noticed: AnswersLeaveOutWhatIsAbsent =>
        answers_are_in_the_order_of_the_keys;
    kinds_that_meet_are_noticed: KindsMeet =>
        keys_of_two_kinds_never_meet;
    a_deletion_of_everything_is_noticed: DeletesEverything =>
        delete_ended_leaves_what_has_not_ended;
}
