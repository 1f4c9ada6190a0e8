//! What a store may not lose.
//!
//! A generation that a store loses is healed: the client is ahead of the row, and the row follows. A write that only opened the overlap
//! again makes no generation, so nobody is ahead of it, and the loss goes unnoticed.

use super::law::Law;
use super::rules::REAL;
use super::scenario::Scenario;
use super::scenarios::{FORGETFUL_RACE, FORGETFUL_STORE};
use super::search::caught;

#[test]
fn a_store_that_loses_an_opened_overlap_can_log_somebody_honest_out() {
    let forgetful = Scenario { loses_openings: true, losses: true, ..FORGETFUL_RACE };
    caught("a lost opening", &forgetful, &REAL, Law::NobodyHonestIsRefused);
    let forgetful = Scenario { loses_openings: true, ..FORGETFUL_STORE };
    caught("a lost opening, at once", &forgetful, &REAL, Law::NobodyHonestIsRefused);
}
