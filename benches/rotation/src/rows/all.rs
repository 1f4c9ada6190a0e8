//! All rows of the tables, in their order.

use super::candidate::Candidate;
use super::ours::OURS;
use super::peers::PEERS;
use super::services::SERVICES;

pub fn all() -> impl Iterator<Item = &'static Candidate> {
    OURS.iter().chain(PEERS).chain(SERVICES)
}
