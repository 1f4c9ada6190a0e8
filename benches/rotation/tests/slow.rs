//! Where messages take longer than the overlap, the rule loses sessions, and a longer overlap or a
//! session without receipts keeps them.

use rotation::honest::Scenario;
use rotation::measure::honest;
use rotation::rows;

fn lost(name: &str) -> u64 {
    let row = rows::all().find(|candidate| candidate.name == name);
    honest(row.expect("there is such a row"), Scenario::Slow, 4, 5).sessions
}

#[test]
fn messages_that_take_longer_than_the_overlap_cost_sessions() {
    assert!(lost("tower-bearer (default)") > 0);
    assert!(lost("tower-bearer, clients with a key") > 0);
}

#[test]
fn an_overlap_of_more_than_two_round_trips_keeps_them() {
    assert_eq!(lost("tower-bearer, overlap 7 min"), 0);
}

#[test]
fn a_session_without_receipts_keeps_them() {
    assert_eq!(lost("tower-bearer, without receipts"), 0);
}
