//! [`Candidate`] is a rule with its settings, as a row of the tables.

use crate::honest::Scenario;
use crate::rule::Rule;

pub struct Candidate {
    pub name: &'static str,
    /// Whether the rule's own code runs, or a document is imitated.
    pub is_driven: bool,
    pub keys: Keys,
    /// Where its own documentation says that no honest session is lost.
    pub promises: &'static [Scenario],
    /// Makes the server of one user. The argument says whether a server renders pages for them.
    pub make: fn(bool) -> Box<dyn Rule>,
}

/// Whether clients send an `Idempotency-Key`, and whether a thief copies it with the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    Absent,
    Sent,
    /// A row of the table of thieves alone: honest users are the same as with `Sent`.
    Copied,
}

impl Candidate {
    pub(super) const fn driven(name: &'static str, make: fn(bool) -> Box<dyn Rule>) -> Self {
        Self {
            name,
            is_driven: true,
            keys: Keys::Absent,
            promises: &[],
            make,
        }
    }

    pub(super) const fn documented(name: &'static str, make: fn(bool) -> Box<dyn Rule>) -> Self {
        Self {
            name,
            is_driven: false,
            keys: Keys::Absent,
            promises: &[],
            make,
        }
    }
}
