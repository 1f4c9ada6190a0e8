//! This crate's rule, with the settings that its documentation has for different clients.

use std::time::Duration;

use tower_bearer::SessionPolicy;

use super::candidate::{Candidate, Keys};
use crate::honest::Scenario;
use crate::rule::Rule;
use crate::rules::tower_bearer::TowerBearer;

pub(super) const OURS: &[Candidate] = &[
    Candidate {
        promises: &[Scenario::Phone, Scenario::Tabs, Scenario::LockedTabs],
        ..Candidate::driven("tower-bearer (default)", |_| ours(30, true))
    },
    Candidate {
        keys: Keys::Sent,
        promises: &[
            Scenario::Phone,
            Scenario::Killed,
            Scenario::Tabs,
            Scenario::LockedTabs,
        ],
        ..Candidate::driven("tower-bearer, clients with a key", |_| ours(30, true))
    },
    Candidate {
        keys: Keys::Copied,
        ..Candidate::driven("tower-bearer, and the thief has the key", |_| {
            ours(30, true)
        })
    },
    Candidate {
        promises: &[
            Scenario::Phone,
            Scenario::Killed,
            Scenario::Tabs,
            Scenario::LockedTabs,
            Scenario::Rendering,
        ],
        ..Candidate::driven("tower-bearer, without receipts", |_| ours(30, false))
    },
    Candidate {
        promises: &[
            Scenario::Phone,
            Scenario::Tabs,
            Scenario::LockedTabs,
            Scenario::Slow,
        ],
        ..Candidate::driven("tower-bearer, overlap 7 min", |_| ours(420, true))
    },
    Candidate::driven("tower-bearer, overlap 0", |_| ours(0, true)),
];

fn ours(overlap: u64, has_receipts: bool) -> Box<dyn Rule> {
    let policy = SessionPolicy::default().with_overlap(Duration::from_secs(overlap));
    Box::new(TowerBearer::new(policy, has_receipts))
}
